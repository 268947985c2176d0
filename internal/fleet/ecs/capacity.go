package ecs

import (
	"context"
	"encoding/xml"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"

	"onrush.dev/onrush/internal/load"
)

// The account's quotas of Fargate, per region, in vCPU.
const (
	onDemandQuota = "L-3032A538"
	spotQuota     = "L-36FBB829"
)

// quotaFor is how long a quota's value is taken as it was: it changes by hand.
const quotaFor = 5 * time.Minute

type quotaCache struct {
	values map[string]float64
	read   map[string]time.Time
}

// Capacity implements fleet.Driver. A quota that cannot be read is left out and
// named in the note: a missing permission to look is no lack of room.
func (d *Driver) Capacity(ctx context.Context) (load.Capacity, error) {
	if err := d.look(ctx, d.age(), 0); err != nil {
		return load.Capacity{}, d.named(d.explain(err), "")
	}
	each, err := fit(d.CPU, d.Memory)
	if err != nil {
		return load.Capacity{}, d.named(d.explain(err), "")
	}
	rows, missed := d.quotaRows(ctx, each)
	c := load.Capacity{InUse: d.inUse(), Quotas: rows}
	free, why := math.MaxInt, ""
	vcpu := 0 // quotas of on-demand and Spot add up where both may be used
	for _, q := range rows {
		if q.Unit == "vCPU" {
			vcpu += q.Tasks
		}
	}
	for _, q := range rows {
		tasks := q.Tasks
		if q.Unit == "vCPU" {
			tasks = vcpu
		}
		if tasks < free {
			free, why = tasks, q.Name
		}
	}
	if free != math.MaxInt {
		c.Limit, c.Note = c.InUse+free, "tightest: "+why
	}
	if d.Limit > 0 && (c.Limit == 0 && free == math.MaxInt || d.Limit <= c.Limit) {
		c.Limit, c.Note = d.Limit, "limit of the region's settings"
	}
	if len(missed) > 0 {
		c.Note = strings.TrimPrefix(c.Note+"; not known: "+strings.Join(missed, "; "), "; ")
	}
	return c, nil
}

func (d *Driver) inUse() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, t := range d.tasks {
		if t.uses() {
			n++
		}
	}
	return n
}

// quotaRows are the quotas that bound the region's tasks, and what of them could
// not be read.
func (d *Driver) quotaRows(ctx context.Context, each size) (rows []load.Quota, missed []string) {
	var all sync.WaitGroup
	codes := map[string][]string{onDemand: {onDemandQuota}, spot: {spotQuota}, spotThenOnDemand: {spotQuota, onDemandQuota}}[d.CapacityKind]
	found := make([]load.Quota, len(codes)+1)
	errs := make([]string, len(codes)+1)
	for i, code := range codes {
		all.Go(func() { found[i], errs[i] = d.vcpuRow(ctx, code, each) })
	}
	all.Go(func() { found[len(codes)], errs[len(codes)] = d.addressRow(ctx) })
	all.Wait()
	for i := range found {
		if errs[i] != "" {
			missed = append(missed, errs[i])
		} else {
			rows = append(rows, found[i])
		}
	}
	return rows, missed
}

func (d *Driver) vcpuRow(ctx context.Context, code string, each size) (load.Quota, string) {
	name, class := "Fargate On-Demand vCPU ("+code+")", "Standard/OnDemand"
	if code == spotQuota {
		name, class = "Fargate Spot vCPU ("+code+")", "Standard/Spot"
	}
	limit, err := d.quota(ctx, code)
	if err != nil {
		return load.Quota{}, name + ": " + d.explain(err).Reason
	}
	// The metric counts all of the account, some minutes late; our own tasks are
	// known at once.
	used := d.ownVCPU(code == spotQuota)
	if metric, err := d.usage(ctx, class); err == nil {
		used = max(used, metric)
	} else {
		d.Log.Debug("cannot read how much of a quota is used", "region", d.Region, "quota", code, "err", d.explain(err))
	}
	return load.Quota{
		Name: name, Limit: limit, InUse: used, Unit: "vCPU",
		Tasks: max(0, int((limit-used)*1024)/each.cpu),
	}, ""
}

// quota reads the value that holds for the account.
func (d *Driver) quota(ctx context.Context, code string) (float64, error) {
	d.mu.Lock()
	value, ok := d.quotas.values[code]
	fresh := ok && time.Since(d.quotas.read[code]) < quotaFor
	d.mu.Unlock()
	if fresh {
		return value, nil
	}
	got, err := d.api.quotas.GetServiceQuota(ctx, &servicequotas.GetServiceQuotaInput{ServiceCode: aws.String("fargate"), QuotaCode: aws.String(code)})
	if err != nil {
		return 0, err
	}
	value = aws.ToFloat64(got.Quota.Value)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.quotas.values == nil {
		d.quotas = quotaCache{map[string]float64{}, map[string]time.Time{}}
	}
	d.quotas.values[code], d.quotas.read[code] = value, time.Now()
	return value, nil
}

// ownVCPU is what this server's tasks use. What is being stopped counts until it
// has stopped.
func (d *Driver) ownVCPU(onSpot bool) float64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	units := 0
	for _, t := range d.tasks {
		if !t.final && t.spot == onSpot {
			units += t.size.cpu
		}
	}
	return float64(units) / 1024
}

// usage is the metric of what the account uses of a quota.
func (d *Driver) usage(ctx context.Context, class string) (float64, error) {
	now := time.Now().UTC()
	form := url.Values{
		"StartTime": {now.Add(-10 * time.Minute).Format(time.RFC3339)}, "EndTime": {now.Format(time.RFC3339)},
		"MetricDataQueries.member.1.Id":                           {"used"},
		"MetricDataQueries.member.1.MetricStat.Stat":              {"Maximum"},
		"MetricDataQueries.member.1.MetricStat.Period":            {"300"},
		"MetricDataQueries.member.1.MetricStat.Metric.Namespace":  {"AWS/Usage"},
		"MetricDataQueries.member.1.MetricStat.Metric.MetricName": {"ResourceCount"},
	}
	for i, dimension := range [][2]string{{"Service", "Fargate"}, {"Type", "Resource"}, {"Resource", "vCPU"}, {"Class", class}} {
		at := "MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member." + strconv.Itoa(i+1)
		form.Set(at+".Name", dimension[0])
		form.Set(at+".Value", dimension[1])
	}
	var got struct {
		XMLName xml.Name  `xml:"GetMetricDataResponse"`
		Values  []float64 `xml:"GetMetricDataResult>MetricDataResults>member>Values>member"`
	}
	if err := d.ask(ctx, d.api.metrics, "GetMetricData", form, &got); err != nil {
		return 0, err
	}
	if len(got.Values) == 0 {
		return 0, nil
	}
	return got.Values[0], nil // the newest comes first
}

// addressRow is what the subnets have of addresses: each task takes one.
func (d *Driver) addressRow(ctx context.Context) (load.Quota, string) {
	subnets, err := d.subnets(ctx)
	if err != nil {
		return load.Quota{}, "addresses of the subnets: " + d.explain(err).Reason
	}
	q := load.Quota{Name: "addresses of " + strings.Join(d.Subnets, ", "), Unit: "addresses"}
	for _, s := range subnets {
		q.Limit += float64(s.size())
		q.Tasks += s.Free
	}
	q.InUse = max(0, q.Limit-float64(q.Tasks))
	return q, ""
}

// subnet is what EC2 tells of one.
type subnet struct {
	ID     string `xml:"subnetId"`
	VPC    string `xml:"vpcId"`
	Zone   string `xml:"availabilityZone"`
	CIDR   string `xml:"cidrBlock"`
	State  string `xml:"state"`
	Free   int    `xml:"availableIpAddressCount"`
	Public bool   `xml:"mapPublicIpOnLaunch"`
}

// size is how many addresses a subnet has for use: AWS keeps five.
func (s subnet) size() int {
	_, bits, _ := strings.Cut(s.CIDR, "/")
	n, err := strconv.Atoi(bits)
	if err != nil || n < 16 || n > 28 {
		return s.Free
	}
	return 1<<(32-n) - 5
}

func (d *Driver) subnets(ctx context.Context) ([]subnet, error) {
	form := url.Values{}
	for i, id := range d.Subnets {
		form.Set(fmt.Sprintf("SubnetId.%d", i+1), id)
	}
	var got struct {
		XMLName xml.Name `xml:"DescribeSubnetsResponse"`
		Subnets []subnet `xml:"subnetSet>item"`
	}
	err := d.ask(ctx, d.api.ec2, "DescribeSubnets", form, &got)
	return got.Subnets, err
}
