package ecs

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/smithy-go"

	"onrush.dev/onrush/internal/load"
)

func codeOf(err error) string {
	if api := smithy.APIError(nil); errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func messageOf(err error) string {
	if api := smithy.APIError(nil); errors.As(err, &api) {
		return api.ErrorMessage()
	}
	return ""
}

// checkGroups looks whether the security groups let tasks out.
func (d *Driver) checkGroups(ctx context.Context) []load.Finding {
	if len(d.SecurityGroups) == 0 {
		return []load.Finding{ok("network", "tasks have the network's default security group")}
	}
	form := url.Values{}
	for i, id := range d.SecurityGroups {
		form.Set(fmt.Sprintf("GroupId.%d", i+1), id)
	}
	var got struct {
		XMLName xml.Name `xml:"DescribeSecurityGroupsResponse"`
		Groups  []struct {
			ID     string `xml:"groupId"`
			Egress []struct {
				Protocol string `xml:"ipProtocol"`
			} `xml:"ipPermissionsEgress>item"`
		} `xml:"securityGroupInfo>item"`
	}
	if err := d.api.ec2.Call(ctx, "DescribeSecurityGroups", form, &got); err != nil {
		return []load.Finding{d.unseenOrBroken("network", "the security groups", err)}
	}
	for _, g := range got.Groups {
		if len(g.Egress) > 0 {
			return []load.Finding{ok("network", "the security groups let tasks out")}
		}
	}
	return []load.Finding{failed("network", "add an outbound rule to the server and to the targets", "no security group lets tasks out")}
}

// routeTable is what EC2 tells of one.
type routeTable struct {
	Associations []struct {
		Subnet string `xml:"subnetId"`
		Main   bool   `xml:"main"`
	} `xml:"associationSet>item"`
	Routes []struct {
		To      string `xml:"destinationCidrBlock"`
		Gateway string `xml:"gatewayId"`
		NAT     string `xml:"natGatewayId"`
	} `xml:"routeSet>item"`
}

// out is how a route table leads out: igw, nat, other, or not at all.
func (r routeTable) out() string {
	for _, route := range r.Routes {
		switch {
		case route.To != "0.0.0.0/0":
		case strings.HasPrefix(route.Gateway, "igw-"):
			return "igw"
		case route.NAT != "":
			return "nat"
		default:
			return "other"
		}
	}
	return ""
}

// checkRoutes looks whether tasks have a way out of their subnets, and what it
// costs.
func (d *Driver) checkRoutes(ctx context.Context) []load.Finding {
	subnets, err := d.subnets(ctx)
	if err != nil || len(subnets) == 0 {
		return nil // checkSubnets tells
	}
	var got struct {
		XMLName xml.Name     `xml:"DescribeRouteTablesResponse"`
		Tables  []routeTable `xml:"routeTableSet>item"`
	}
	form := url.Values{"Filter.1.Name": {"vpc-id"}, "Filter.1.Value.1": {subnets[0].VPC}}
	if err := d.api.ec2.Call(ctx, "DescribeRouteTables", form, &got); err != nil {
		return []load.Finding{d.unseen("network", "the subnets' routes", err)}
	}
	ways := map[string][]string{}
	for _, s := range subnets {
		way := wayOf(s.ID, got.Tables)
		ways[way] = append(ways[way], s.ID)
	}
	return d.judgeWays(ways)
}

// wayOf is the way out of a subnet: by its own route table, or the network's
// main one.
func wayOf(subnet string, tables []routeTable) string {
	main := ""
	for _, t := range tables {
		for _, a := range t.Associations {
			if a.Subnet == subnet {
				return t.out()
			}
			if a.Main {
				main = t.out()
			}
		}
	}
	return main
}

func (d *Driver) judgeWays(ways map[string][]string) []load.Finding {
	names := func(way string) string { return strings.Join(ways[way], ", ") }
	var findings []load.Finding
	switch {
	case len(ways[""]) > 0:
		findings = append(findings, warn("network", "add a route to an internet gateway, or VPC endpoints for all that tasks need", "the subnets %s have no way out", names("")))
	case d.PublicIP && len(ways["nat"]) > 0:
		findings = append(findings, warn("network", "use subnets with a route to an internet gateway, or set public_ip to no", "the subnets %s lead out by a NAT gateway, so that a public address is of no use, and AWS bills each GB", names("nat")))
	case !d.PublicIP && len(ways["igw"]) > 0:
		findings = append(findings, failed("network", "set public_ip to yes", "the subnets %s lead out by an internet gateway, which needs a public address, and public_ip is no", names("igw")))
	case len(ways["nat"]) > 0:
		findings = append(findings, warn("network", "use subnets with a route to an internet gateway and public_ip yes for heavy downloads", "the subnets %s lead out by a NAT gateway: AWS bills each GB that tasks load", names("nat")))
	default:
		findings = append(findings, ok("network", "the subnets have a way out"))
	}
	return findings
}

// checkRoles looks whether the roles are there and Fargate may take them on.
func (d *Driver) checkRoles(ctx context.Context) []load.Finding {
	roles := slices.Compact(slices.DeleteFunc([]string{d.ExecutionRole, d.TaskRole}, func(r string) bool { return r == "" }))
	var findings []load.Finding
	for _, arn := range roles {
		findings = append(findings, d.checkRole(ctx, arn))
	}
	return findings
}

func (d *Driver) checkRole(ctx context.Context, arn string) load.Finding {
	name := shortID(arn)
	var got struct {
		XMLName xml.Name `xml:"GetRoleResponse"`
		Trust   string   `xml:"GetRoleResult>Role>AssumeRolePolicyDocument"`
	}
	err := d.api.iam.Call(ctx, "GetRole", url.Values{"RoleName": {name}}, &got)
	switch codeOf(err) {
	case "":
		if err != nil {
			return d.unseen("roles", "the role "+arn, err)
		}
	case "NoSuchEntity":
		return failed("roles", "make the role, or name another one in the settings", "there is no role %s", arn)
	default:
		return d.unseen("roles", "the role "+arn, err)
	}
	text, err := url.QueryUnescape(got.Trust)
	if err != nil || !json.Valid([]byte(text)) {
		text = got.Trust
	}
	if !strings.Contains(text, "ecs-tasks.amazonaws.com") {
		return failed("roles", "let ecs-tasks.amazonaws.com assume the role in its trust policy", "Fargate may not take on the role %s", arn)
	}
	return ok("roles", "the role %s is there, and Fargate may take it on", name)
}
