package ecs

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"onrush.dev/onrush/internal/load"
)

// Check implements fleet.Driver. Without credentials nothing else can be looked
// at; all the rest is looked at, whatever else is found.
func (d *Driver) Check(ctx context.Context) ([]load.Finding, error) {
	who := d.checkCredentials(ctx)
	if who.State == load.FindingFailed {
		return []load.Finding{who}, context.Cause(ctx)
	}
	looks := []func(context.Context) []load.Finding{
		d.checkCluster, d.checkSubnets, d.checkGroups, d.checkRoutes, d.checkRoles, d.checkLogs, d.checkImage, d.checkQuota, d.checkPermission,
	}
	found := make([][]load.Finding, len(looks))
	var all sync.WaitGroup
	for i, look := range looks {
		all.Go(func() { found[i] = look(ctx) })
	}
	all.Wait()
	return append([]load.Finding{who}, slices.Concat(found...)...), context.Cause(ctx)
}

func ok(check, format string, args ...any) load.Finding {
	return load.Finding{Check: check, State: load.FindingOK, Text: fmt.Sprintf(format, args...)}
}

func warn(check, remedy, format string, args ...any) load.Finding {
	return load.Finding{Check: check, State: load.FindingWarning, Text: fmt.Sprintf(format, args...), Remedy: remedy}
}

func failed(check, remedy, format string, args ...any) load.Finding {
	return load.Finding{Check: check, State: load.FindingFailed, Text: fmt.Sprintf(format, args...), Remedy: remedy}
}

// unseen is a thing that could not be looked at: tasks may start all the same.
func (d *Driver) unseen(check, what string, err error) load.Finding {
	why := d.explain(err)
	return warn(check, why.Remedy, "%s cannot be looked at: %s", what, why.Reason)
}

// broken is a thing without which no task starts.
func (d *Driver) broken(check string, err error) load.Finding {
	why := d.explain(err)
	return failed(check, why.Remedy, "%s", why.Reason)
}

func (d *Driver) checkCredentials(ctx context.Context) load.Finding {
	got, err := d.api.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return d.broken("credentials", err)
	}
	return ok("credentials", "calls are made as %s", aws.ToString(got.Arn))
}

func (d *Driver) checkCluster(ctx context.Context) []load.Finding {
	got, err := d.api.ecs.DescribeClusters(ctx, &ecs.DescribeClustersInput{Clusters: []string{d.Cluster}})
	if err != nil {
		return []load.Finding{d.broken("cluster", err)}
	}
	if len(got.Clusters) == 0 {
		return []load.Finding{d.broken("cluster", &types.ClusterNotFoundException{Message: aws.String("no cluster " + d.Cluster)})}
	}
	c := got.Clusters[0]
	if status := aws.ToString(c.Status); status != "ACTIVE" {
		return []load.Finding{failed("cluster", "make the cluster anew, or name another one in the setting cluster", "the cluster %s is %s, not ACTIVE", d.Cluster, status)}
	}
	if d.CapacityKind != onDemand && !slices.Contains(c.CapacityProviders, "FARGATE_SPOT") {
		return []load.Finding{failed("cluster", "add the capacity provider FARGATE_SPOT to the cluster, or set capacity to on_demand", "the cluster %s offers no Fargate Spot", d.Cluster)}
	}
	return []load.Finding{ok("cluster", "the cluster %s is active", d.Cluster)}
}

func (d *Driver) checkSubnets(ctx context.Context) []load.Finding {
	subnets, err := d.subnets(ctx)
	if err != nil {
		return []load.Finding{d.unseenOrBroken("addresses", "the subnets", err)}
	}
	free, zones := 0, map[string]bool{}
	vpcs := map[string]bool{}
	for _, s := range subnets {
		free += s.Free
		zones[s.Zone] = true
		vpcs[s.VPC] = true
	}
	if len(vpcs) > 1 {
		return []load.Finding{failed("addresses", "name subnets of one network", "the subnets belong to %d networks", len(vpcs))}
	}
	if free == 0 {
		return []load.Finding{failed("addresses", "use larger subnets, or name more of them in the setting subnets", "no subnet has a free address; each task takes one")}
	}
	findings := []load.Finding{ok("addresses", "%d free addresses in %d subnets; each task takes one", free, len(subnets))}
	if len(zones) == 1 {
		findings = append(findings, warn("addresses", "name subnets in more zones: when one has no room, another may", "all subnets are in one zone"))
	}
	return findings
}

func (d *Driver) checkLogs(ctx context.Context) []load.Finding {
	if d.LogGroup == "" {
		return []load.Finding{warn("logs", "set log_group, and execution_role with it", "what tasks write is not kept, so a task that breaks cannot say why")}
	}
	got, err := d.api.logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String(d.LogGroup)})
	if err != nil {
		return []load.Finding{d.unseen("logs", "the log group "+d.LogGroup, err)}
	}
	for _, g := range got.LogGroups {
		if aws.ToString(g.LogGroupName) == d.LogGroup {
			return []load.Finding{ok("logs", "the log group %s is there", d.LogGroup)}
		}
	}
	return []load.Finding{failed("logs", "make the log group, or empty the setting log_group", "there is no log group %s in %s", d.LogGroup, d.AWSRegion)}
}

// checkImage says what can be said without a start: whether the image can be
// pulled is seen when Fargate pulls it.
func (d *Driver) checkImage(context.Context) []load.Finding {
	if d.Image == "" {
		return []load.Finding{warn("image", "set the region's image, unless it has one for every engine", "the region has no image")}
	}
	host, _, hasPath := strings.Cut(d.Image, "/")
	switch {
	case strings.Contains(host, ".dkr.ecr."):
		if d.ExecutionRole == "" {
			return []load.Finding{failed("image", "set execution_role to a role that may pull from the registry", "the image %s is in ECR, and there is no role to pull it with", d.Image)}
		}
		if !strings.Contains(host, "."+d.AWSRegion+".") {
			return []load.Finding{warn("image", "let ECR replicate the image to "+d.AWSRegion, "the image %s is pulled from another region: slower, and AWS bills the transfer", d.Image)}
		}
	case !hasPath || !strings.ContainsAny(host, ".:"):
		return []load.Finding{warn("image", "keep the image in a registry of your own, e.g. ECR", "the image %s is pulled from Docker Hub, which limits pulls", d.Image)}
	}
	return []load.Finding{ok("image", "the image is %s; whether it can be pulled is seen at a start", d.Image)}
}

func (d *Driver) checkQuota(ctx context.Context) []load.Finding {
	each, err := fit(d.CPU, d.Memory)
	if err != nil {
		return []load.Finding{d.broken("quota", err)}
	}
	var findings []load.Finding
	rows, missed := d.quotaRows(ctx, each)
	for _, q := range rows {
		if q.Unit != "vCPU" {
			continue
		}
		text := fmt.Sprintf("%s: %g of %g vCPU used, room for %d more tasks", q.Name, q.InUse, q.Limit, q.Tasks)
		if q.Tasks == 0 {
			findings = append(findings, warn("quota", "raise the quota in Service Quotas of "+d.AWSRegion, "%s", text))
		} else {
			findings = append(findings, ok("quota", "%s", text))
		}
	}
	for _, m := range missed {
		if strings.Contains(m, "vCPU") {
			findings = append(findings, warn("quota", "allow servicequotas:GetServiceQuota", "not known: %s", m))
		}
	}
	return findings
}

// checkPermission makes the task definition that a start would: AWS asks then
// whether the server may pass the roles on. Definitions cost nothing, and a start
// finds this one again.
func (d *Driver) checkPermission(ctx context.Context) []load.Finding {
	size, err := fit(d.CPU, d.Memory)
	if err != nil || d.Image == "" {
		return nil
	}
	if err := d.look(ctx, 0, 0); err != nil {
		return []load.Finding{d.broken("permission", err)}
	}
	if _, err := d.definition(ctx, d.Image, size); err != nil {
		return []load.Finding{d.broken("permission", err)}
	}
	return []load.Finding{ok("permission", "tasks can be listed, and the task definition %s can be made, with %g vCPU and %s", d.family, float64(size.cpu)/1024, gibText(size.memory))}
}

// unseenOrBroken tells a thing that is wrong from one that may not be looked at.
func (d *Driver) unseenOrBroken(check, what string, err error) load.Finding {
	if code := codeOf(err); strings.HasPrefix(code, "Invalid") {
		return failed(check, "name "+what+" of "+d.AWSRegion+" in the settings", "AWS does not know %s: %s", what, cmp.Or(messageOf(err), code))
	}
	return d.unseen(check, what, err)
}
