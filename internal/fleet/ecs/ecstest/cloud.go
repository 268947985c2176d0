// Package ecstest gives tests an AWS: a corner of the stand-in in test/aws that
// is theirs alone, by an access key and a cluster of its own, with what a region
// of the ECS driver needs in it. It may not know the driver. Read Cloud first.
package ecstest

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"onrush.dev/onrush/internal/fleet/ecs/query"
)

// Cloud is a test's corner of AWS.
type Cloud struct {
	URL, Region, Key  string
	Cluster, LogGroup string
	Subnets, Groups   []string
	Execution, Role   string // ARNs of roles
	Config            aws.Config
	tb                testing.TB
	begin             int // number of the first call that is of this test
}

// Fault is one that the stand-in's README lists.
type Fault map[string]any

// Task is one as the stand-in sees it.
type Task struct {
	ARN        string `json:"taskArn"`
	Status     string `json:"lastStatus"`
	StopCode   string `json:"stopCode"`
	Reason     string `json:"stoppedReason"`
	StartedBy  string `json:"startedBy"`
	Provider   string `json:"capacityProviderName"`
	Definition string `json:"taskDefinitionArn"`
	PIDs       []int  `json:"pids"`
	Tags       []struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	} `json:"tags"`
	Attachments []struct {
		Details []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"details"`
	} `json:"attachments"`
}

// Tag is a tag's value.
func (t Task) Tag(name string) string {
	for _, tag := range t.Tags {
		if tag.Key == name {
			return tag.Value
		}
	}
	return ""
}

// Call is one entry of the record of calls.
type Call struct {
	Service, Action, Region, Key, Principal, Cluster, Error string
	Resources                                               []string
	Implied                                                 bool
	Number                                                  int
}

var last atomic.Int64

// New makes a corner in an AWS region: a network with so many subnets of so many
// bits, a cluster, a log group and roles. Short tests, which have no stand-in,
// are skipped.
func New(tb testing.TB, region string, subnets, bits int) *Cloud {
	tb.Helper()
	if testing.Short() {
		tb.Skip("needs the AWS stand-in, which short tests do without")
	}
	address := os.Getenv("ONRUSH_TEST_AWS")
	if address == "" {
		tb.Fatal("ONRUSH_TEST_AWS is not set: run scripts/components/aws up, and set what it prints")
	}
	number := time.Now().UnixNano()%1e9*1000 + last.Add(1)%1000
	c := &Cloud{URL: address, Region: region, Key: fmt.Sprintf("AKIATEST%012d", number), tb: tb}
	name := fmt.Sprintf("test-%d", number)
	c.Config = aws.Config{
		Region: region, BaseEndpoint: &c.URL, HTTPClient: &http.Client{Timeout: time.Minute},
		Credentials: credentials.NewStaticCredentialsProvider(c.Key, "secret", ""),
	}
	c.network(name, subnets, bits)
	c.Execution, c.Role = c.MakeRole(name+"-execution", "ecs-tasks.amazonaws.com"), c.MakeRole(name+"-task", "ecs-tasks.amazonaws.com")
	c.Cluster, c.LogGroup = name, "/"+name
	ctx := context.Background()
	_, err := ecs.NewFromConfig(c.Config).CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: &name, CapacityProviders: []string{"FARGATE", "FARGATE_SPOT"}})
	c.must(err)
	_, err = cloudwatchlogs.NewFromConfig(c.Config).CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &c.LogGroup})
	c.must(err)
	calls := c.Calls(0)
	c.begin = calls[len(calls)-1].Number
	tb.Cleanup(func() {
		c.live(http.MethodDelete, "faults?key="+c.Key, nil, nil)
		c.live(http.MethodDelete, "faults?cluster="+c.Cluster, nil, nil)
		c.live(http.MethodPost, "end", map[string]string{"cluster": c.Cluster}, nil) // what a failed test left
	})
	return c
}

func (c *Cloud) must(err error) {
	c.tb.Helper()
	if err != nil {
		c.tb.Fatal(err)
	}
}

func (c *Cloud) network(name string, subnets, bits int) {
	ec2 := &query.Client{Config: c.Config, Service: "ec2", Version: "2016-11-15"}
	ctx := context.Background()
	var vpc struct {
		XMLName xml.Name
		ID      string `xml:"vpc>vpcId"`
	}
	c.must(ec2.Call(ctx, "CreateVpc", url.Values{"CidrBlock": {"10.20.0.0/16"}}, &vpc))
	zones := []string{"a", "b"}
	for i := range subnets {
		var subnet struct {
			XMLName xml.Name
			ID      string `xml:"subnet>subnetId"`
		}
		c.must(ec2.Call(ctx, "CreateSubnet", url.Values{
			"VpcId": {vpc.ID}, "CidrBlock": {fmt.Sprintf("10.20.%d.0/%d", i*16, bits)}, "AvailabilityZone": {c.Region + zones[i%2]},
		}, &subnet))
		c.Subnets = append(c.Subnets, subnet.ID)
	}
	var group struct {
		XMLName xml.Name
		ID      string `xml:"groupId"`
	}
	c.must(ec2.Call(ctx, "CreateSecurityGroup", url.Values{"VpcId": {vpc.ID}, "GroupName": {name}, "GroupDescription": {name}}, &group))
	c.Groups = []string{group.ID}
	var gateway struct {
		XMLName xml.Name
		ID      string `xml:"internetGateway>internetGatewayId"`
	}
	var tables struct {
		XMLName xml.Name
		IDs     []string `xml:"routeTableSet>item>routeTableId"`
	}
	var done struct{ XMLName xml.Name }
	c.must(ec2.Call(ctx, "CreateInternetGateway", nil, &gateway))
	c.must(ec2.Call(ctx, "AttachInternetGateway", url.Values{"VpcId": {vpc.ID}, "InternetGatewayId": {gateway.ID}}, &done))
	c.must(ec2.Call(ctx, "DescribeRouteTables", url.Values{"Filter.1.Name": {"vpc-id"}, "Filter.1.Value.1": {vpc.ID}}, &tables))
	c.must(ec2.Call(ctx, "CreateRoute", url.Values{"RouteTableId": {tables.IDs[0]}, "DestinationCidrBlock": {"0.0.0.0/0"}, "GatewayId": {gateway.ID}}, &done))
}

// MakeRole makes a role that a service may take on, and returns its ARN.
func (c *Cloud) MakeRole(name, service string) string {
	c.tb.Helper()
	iam := &query.Client{Config: c.Config, Service: "iam", Version: "2010-05-08"}
	var role struct {
		XMLName xml.Name
		ARN     string `xml:"CreateRoleResult>Role>Arn"`
	}
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sts:AssumeRole"}]}`
	c.must(iam.Call(context.Background(), "CreateRole", url.Values{"RoleName": {name}, "AssumeRolePolicyDocument": {trust}}, &role))
	return role.ARN
}

// Image says which program the tasks of an image run.
func (c *Cloud) Image(image string, command ...string) {
	c.tb.Helper()
	c.live(http.MethodPost, "images", map[string]any{"image": image, "command": command}, nil)
}

// Fault sets one for the calls that are made with this test's key; it returns its
// number.
func (c *Cloud) Fault(match map[string]string, fault Fault) int {
	c.tb.Helper()
	all := map[string]string{"key": c.Key}
	maps.Copy(all, match)
	return c.FaultAt(all, fault)
}

// FaultAt sets one for whatever matches.
func (c *Cloud) FaultAt(match map[string]string, fault Fault) int {
	c.tb.Helper()
	fault["match"] = match
	var got struct{ ID int }
	c.live(http.MethodPost, "faults", fault, &got)
	return got.ID
}

// Clear takes a fault away.
func (c *Cloud) Clear(fault int) {
	c.tb.Helper()
	c.live(http.MethodDelete, fmt.Sprintf("faults?id=%d", fault), nil, nil)
}

// Quota sets a quota of the AWS region: for all tests that use it.
func (c *Cloud) Quota(code string, vcpu float64) {
	c.tb.Helper()
	c.live(http.MethodPost, "quota", map[string]any{"region": c.Region, "code": code, "value": vcpu}, nil)
}

// Tasks lists all tasks of the cluster, also those that have stopped; of one run
// when it is named.
func (c *Cloud) Tasks(run string) []Task {
	c.tb.Helper()
	filter := "tasks?cluster=" + c.Cluster
	if run != "" {
		filter += "&run=" + url.QueryEscape(run)
	}
	var got struct{ Tasks []Task }
	c.live(http.MethodGet, filter, nil, &got)
	return got.Tasks
}

// Left is what has not stopped of a run.
func (c *Cloud) Left(run string) []string {
	c.tb.Helper()
	var left []string
	for _, t := range c.Tasks(run) {
		if t.Status != "STOPPED" || len(t.PIDs) > 0 {
			left = append(left, fmt.Sprintf("%s %s %v", t.ARN, t.Status, t.PIDs))
		}
	}
	return left
}

// Kill ends a task's processes by force.
func (c *Cloud) Kill(task string) {
	c.tb.Helper()
	c.live(http.MethodPost, "kill", map[string]string{"task": task}, nil)
}

// Interrupt takes a task's Spot machine back.
func (c *Cloud) Interrupt(task string) {
	c.tb.Helper()
	c.live(http.MethodPost, "interrupt", map[string]string{"task": task}, nil)
}

// Calls are the calls of this test's key since a number; its set-up is left out
// once it is done.
func (c *Cloud) Calls(since int) []Call {
	c.tb.Helper()
	var got struct{ Calls []Call }
	c.live(http.MethodGet, fmt.Sprintf("calls?since=%d&key=%s", max(since, c.begin), c.Key), nil, &got)
	return got.Calls
}

// CallsOf are the calls that were made with a role.
func (c *Cloud) CallsOf(role string) []Call {
	c.tb.Helper()
	var got struct{ Calls []Call }
	c.live(http.MethodGet, "calls?principal="+url.QueryEscape(role), nil, &got)
	return got.Calls
}

// live speaks to the stand-in itself.
func (c *Cloud) live(method, path string, body, into any) {
	c.tb.Helper()
	data, err := json.Marshal(body)
	c.must(err)
	req, err := http.NewRequest(method, strings.TrimSuffix(c.URL, "/")+"/moto-live/"+path, bytes.NewReader(data))
	c.must(err)
	response, err := http.DefaultClient.Do(req)
	c.must(err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	c.must(err)
	if response.StatusCode != http.StatusOK {
		c.tb.Fatalf("%s %s: %s: %s", method, path, response.Status, answer)
	}
	if into != nil {
		c.must(json.Unmarshal(answer, into))
	}
}
