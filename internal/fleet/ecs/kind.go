package ecs

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// The words of the setting capacity.
const (
	onDemand         = "on_demand"
	spot             = "spot"
	spotThenOnDemand = "spot_then_on_demand"
)

// Kind is the driver of AWS ECS Fargate for the list of drivers.
func Kind() fleet.Kind {
	return fleet.Kind{
		Name:    "ecs",
		Summary: "tasks on AWS ECS Fargate, on demand or Spot",
		Settings: []fleet.Setting{
			{Name: "aws_region", Required: true, Example: "eu-west-1", Help: "AWS region that the tasks run in."},
			{Name: "cluster", Required: true, Example: "onrush", Help: "Name or ARN of the ECS cluster."},
			{Name: "subnets", Required: true, Example: "subnet-0a1b2c,subnet-0d4e5f", Help: "Subnets of the tasks, in as many zones as there are, with commas between; at most 16."},
			{Name: "security_groups", Example: "sg-0a1b2c", Help: "Security groups of the tasks, with commas between; at most 5. Empty: the default one of the network."},
			{Name: "public_ip", Default: "yes", Allowed: []string{"yes", "no"}, Help: "Whether tasks get a public address. With no they need a NAT gateway or endpoints to reach the image, the logs, the server and the target."},
			{Name: "capacity", Default: onDemand, Allowed: []string{onDemand, spot, spotThenOnDemand}, Help: "What tasks run on. Spot is cheaper, and AWS may take a task back in the middle of a run."},
			{Name: "architecture", Default: "x86_64", Allowed: []string{"x86_64", "arm64"}, Help: "Processors of the tasks; the image must be built for them."},
			{Name: "execution_role", Example: "arn:aws:iam::123456789012:role/onrush-execution", Help: "Role with which Fargate pulls the image and writes the logs. Empty: only public images, and no logs."},
			{Name: "task_role", Example: "arn:aws:iam::123456789012:role/onrush-task", Help: "Role that scripts inside a task have. Empty: none."},
			{Name: "log_group", Example: "/onrush/tasks", Help: "CloudWatch log group that takes what tasks write. Empty: a task's log cannot be read."},
			{Name: "tags", Example: "team=shop,cost-centre=42", Help: "Tags of the tasks beside the driver's own, as name=value with commas between."},
			{Name: "platform_version", Default: "LATEST", Example: "1.4.0", Help: "Fargate platform version."},
			{Name: "ephemeral_storage", Example: "50", Help: "Disk of each task in GiB, from 21 to 200. Empty: the 20 GiB that every task has."},
			{Name: "role_arn", Example: "arn:aws:iam::123456789012:role/onrush-driver", Help: "Role that the server takes on for its calls, for tasks in another account. Empty: the server's own credentials."},
			{Name: "external_id", Help: "External id that the trust policy of role_arn asks for. Empty: none."},
			{Name: "endpoint", Example: "https://vpce-0a1b2c.ecs.eu-west-1.vpce.amazonaws.com", Help: "Address of the AWS API. Empty: the region's public one."},
		},
		Open: func(place fleet.Place) (fleet.Driver, error) {
			options, err := read(place)
			if err != nil {
				return nil, err
			}
			return New(options)
		},
	}
}

var (
	subnetRule = regexp.MustCompile(`^subnet-[0-9a-f]+$`)
	groupRule  = regexp.MustCompile(`^sg-[0-9a-f]+$`)
	roleRule   = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:role/.+$`)
	regionRule = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-\d+$`)
	tagRule    = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,256}$`)
)

// read makes options of a region's settings, and names the first that is wrong.
func read(place fleet.Place) (Options, error) {
	bad := func(name, format string, args ...any) (Options, error) {
		return Options{}, load.Errorf(load.Invalid, "region %s: setting %s: "+format, append([]any{place.Name, name}, args...)...)
	}
	values := map[string]string{}
	kind := Kind()
	var names []string
	for _, setting := range kind.Settings {
		names = append(names, setting.Name)
		value := strings.TrimSpace(place.Settings[setting.Name])
		if value == "" {
			value = setting.Default
		}
		if value == "" && setting.Required {
			return bad(setting.Name, "it is needed, e.g. %s", setting.Example)
		}
		if len(setting.Allowed) > 0 && !slices.Contains(setting.Allowed, value) {
			return bad(setting.Name, "found %q, allowed: %s", value, strings.Join(setting.Allowed, ", "))
		}
		values[setting.Name] = value
	}
	for _, name := range slices.Sorted(maps.Keys(place.Settings)) {
		if !slices.Contains(names, name) {
			return bad(name, "the driver ecs does not know it, allowed: %s", strings.Join(names, ", "))
		}
	}
	o := Options{
		Region: place.Name, Server: place.Server, Limit: place.Limit, Image: place.Image, CPU: place.CPU, Memory: int64(place.Memory),
		Log: place.Log, AWSRegion: values["aws_region"], Cluster: values["cluster"], Subnets: list(values["subnets"]),
		SecurityGroups: list(values["security_groups"]), PublicIP: values["public_ip"] == "yes", CapacityKind: values["capacity"],
		Architecture: values["architecture"], ExecutionRole: values["execution_role"], TaskRole: values["task_role"],
		LogGroup: values["log_group"], PlatformVersion: values["platform_version"], RoleARN: values["role_arn"],
		ExternalID: values["external_id"], Endpoint: values["endpoint"], Tags: map[string]string{},
	}
	err := o.judge(values)
	return o, err
}

// mostTags is what AWS's 50 leave beside the driver's own.
const mostTags = 40

// judge names the first value that is not what AWS takes. It fills in what is
// more than a word.
func (o *Options) judge(values map[string]string) error {
	bad := func(name, format string, args ...any) error {
		return load.Errorf(load.Invalid, "region %s: setting %s: "+format, append([]any{o.Region, name}, args...)...)
	}
	if !regionRule.MatchString(o.AWSRegion) {
		return bad("aws_region", "found %q, an AWS region looks like eu-west-1", o.AWSRegion)
	}
	if len(o.Subnets) > 16 || !all(o.Subnets, subnetRule) {
		return bad("subnets", "found %q, up to 16 subnets are allowed, each like subnet-0a1b2c", values["subnets"])
	}
	if len(o.SecurityGroups) > 5 || !all(o.SecurityGroups, groupRule) {
		return bad("security_groups", "found %q, up to 5 security groups are allowed, each like sg-0a1b2c", values["security_groups"])
	}
	for _, name := range []string{"execution_role", "task_role", "role_arn"} {
		if values[name] != "" && !roleRule.MatchString(values[name]) {
			return bad(name, "found %q, a role's ARN looks like arn:aws:iam::123456789012:role/onrush", values[name])
		}
	}
	if o.LogGroup != "" && o.ExecutionRole == "" {
		return bad("log_group", "it needs execution_role: that is the role with which Fargate writes logs")
	}
	for _, tag := range list(values["tags"]) {
		name, value, ok := strings.Cut(tag, "=")
		if !ok || !tagRule.MatchString(tag) || strings.HasPrefix(name, "aws:") || strings.HasPrefix(name, "onrush.") {
			return bad("tags", "found %q, a tag looks like team=shop and begins neither with aws: nor with onrush.", tag)
		}
		o.Tags[name] = value
	}
	if len(o.Tags) > mostTags {
		return bad("tags", "found %d tags, at most %d are allowed", len(o.Tags), mostTags)
	}
	if text := values["ephemeral_storage"]; text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 21 || n > 200 {
			return bad("ephemeral_storage", "found %q, 21 to 200 (GiB) is allowed", text)
		}
		o.EphemeralStorage = int32(n)
	}
	return nil
}

func list(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' })
}

func all(words []string, rule *regexp.Regexp) bool {
	return !slices.ContainsFunc(words, func(w string) bool { return !rule.MatchString(w) })
}
