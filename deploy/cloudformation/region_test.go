package cloudformation_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/fleet/all"
	"onrush.dev/onrush/internal/load"
)

// TestRegion makes a region's stack in two AWS regions, changes and deletes it:
// nothing stays.
func TestRegion(t *testing.T) {
	t.Parallel()
	s := open(t)
	role := "arn:aws:iam::111122223333:role/server"
	for _, region := range []string{"eu-west-1", "us-east-1"} {
		before := s.inventory(t, region)
		v := values{"Image": "x/onrush/agent:1", "ServerRole": role, "ExternalId": "word", "Location": "53.3,-6.3", "LogDays": "3"}
		k := s.mustCreate(t, region, "onrush-region", regionFile, v)
		out := k.outputs()
		for name, begins := range map[string]string{
			"Name": region, "Cluster": "onrush-region-Cluster", "Subnets": "subnet-", "SecurityGroup": "sg-", "LogGroup": "onrush-region-Log",
			"ExecutionRole": "arn:aws:iam::" + s.account + ":role/onrush-region-ExecutionRole", "TaskRole": "arn:aws:iam::" + s.account + ":role/onrush-region-TaskRole",
			// The server may take roles of this path alone.
			"DriverRole":   "arn:aws:iam::" + s.account + ":role/onrush/onrush-region-DriverRole",
			"DriverPolicy": "arn:aws:iam::" + s.account + ":policy/onrush-region-DriverPolicy",
		} {
			if !strings.HasPrefix(out[name], begins) {
				t.Errorf("%s: output %s is %q, want %q", region, name, out[name], begins)
			}
		}
		checkAddCommand(t, out, region)
		old := k.resources()
		v["LogDays"], v["TaskCpu"], v["Capacity"] = "30", "2", "spot_then_on_demand"
		k.mustUpdate(v)
		if !maps.Equal(old, k.resources()) {
			t.Errorf("%s: a change of words made resources anew", region)
		}
		if out := k.outputs()["Add"]; !strings.Contains(out, "--cpu 2 ") || !strings.Contains(out, "capacity=spot_then_on_demand") {
			t.Errorf("%s: after the change the command is %q", region, out)
		}
		k.mustDelete()
		if left := s.inventory(t, region); !equal(before, left) {
			t.Errorf("%s: deleting left %v", region, left)
		}
	}
}

func equal(a, b map[string][]string) bool {
	return maps.EqualFunc(a, b, func(x, y []string) bool { return slices.Equal(x, y) })
}

// checkAddCommand holds the settings in the command that registers the region by
// hand to what the driver knows, and to the other outputs.
func checkAddCommand(t *testing.T, out map[string]string, region string) {
	t.Helper()
	words := strings.Fields(out["Add"])
	if len(words) < 5 || strings.Join(words[:4], " ") != "onrush regions add "+region {
		t.Fatalf("the command is %q", out["Add"])
	}
	settings := map[string]string{}
	for i, word := range words {
		if word == "--set" {
			name, value, _ := strings.Cut(words[i+1], "=")
			settings[name] = value
		}
	}
	driver := openDriver(t, load.Region{Name: region, Driver: "ecs", Settings: settings})
	if err := driver.Close(); err != nil {
		t.Error(err)
	}
	for setting, output := range map[string]string{
		"cluster": "Cluster", "subnets": "Subnets", "security_groups": "SecurityGroup", "execution_role": "ExecutionRole",
		"task_role": "TaskRole", "log_group": "LogGroup", "role_arn": "DriverRole",
	} {
		if settings[setting] != out[output] {
			t.Errorf("setting %s is %q, the output %s is %q", setting, settings[setting], output, out[output])
		}
	}
	if settings["aws_region"] != region || settings["external_id"] != "word" || !strings.Contains(out["Add"], "--label location=53.3,-6.3") {
		t.Errorf("the command is %q", out["Add"])
	}
}

// openDriver opens the driver of a region, which judges its settings.
func openDriver(t *testing.T, region load.Region) fleet.Driver {
	t.Helper()
	driver, err := all.Open(fleet.Place{Region: region, Server: "tests"})
	if err != nil {
		t.Fatalf("region %s: %v", region.Name, err)
	}
	return driver
}

// TestRegionInAGivenNetwork: private subnets behind a NAT gateway, a name of one's
// own, and no role.
func TestRegionInAGivenNetwork(t *testing.T) {
	t.Parallel()
	s := open(t)
	const region = "ap-southeast-2"
	network := s.mustCreate(t, region, "network", regionFile, values{"Image": "x"}).resources()
	v := values{"Image": "x", "RegionName": "Sydney_2", "VpcId": network["Vpc"], "SubnetIds": network["SubnetA"], "PublicIp": "no"}
	k := s.mustCreate(t, region, "region", regionFile, v)
	made := k.resources()
	for _, not := range []string{"Vpc", "SubnetA", "Gateway", "DriverRole", "Registrar", "Registration"} {
		if made[not] != "" {
			t.Errorf("the stack made a %s", not)
		}
	}
	out := k.outputs()
	if out["Name"] != "Sydney_2" || out["Subnets"] != network["SubnetA"] || !strings.Contains(out["Add"], "add Sydney_2 ") || !strings.Contains(out["Add"], "public_ip=no") {
		t.Errorf("outputs are %v", out)
	}
	k.mustDelete()
	for name, tt := range map[string]struct {
		values values
		want   string
	}{
		"no subnets":       {values{"VpcId": network["Vpc"]}, "VpcId needs SubnetIds"},
		"token, no server": {values{"ServerToken": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:token"}, "ServerToken needs Server"},
		"server's path":    {values{"Server": "https://load.example.com/"}, "Server"},
		"quotes in image":  {values{"Image": `x"`}, "Image"},
		"no place":         {values{"Location": "Dublin"}, "Location"},
		"bad memory":       {values{"TaskMemory": "2048"}, "TaskMemory"},
	} {
		v := values{"Image": "x"}
		maps.Copy(v, tt.values)
		if _, reason := s.create(t, region, "bad", regionFile, v); !strings.Contains(reason, tt.want) {
			t.Errorf("%s: %q, want %q in it", name, reason, tt.want)
		}
	}
}

// TestDeletingARegionEndsItsTasks: a stack can be deleted while tasks run, when
// no server is left to stop them, and the definitions made for them go as well.
func TestDeletingARegionEndsItsTasks(t *testing.T) {
	t.Parallel()
	s := open(t)
	const region = "eu-west-1"
	image := "tests/" + s.account
	s.steer(t, "POST", "images", map[string]any{"image": image, "command": []string{"sleep", "600"}}, nil)
	k := s.mustCreate(t, region, "region", regionFile, values{"Image": image})
	other := s.mustCreate(t, region, "other", regionFile, values{"Image": image})
	for _, one := range []*stack{k, other} {
		s.startTasks(t, one, image)
	}
	k.mustDelete()
	if reason := other.wait("CREATE_COMPLETE"); reason != "" {
		t.Fatal(reason)
	}
	left := s.inventory(t, region)
	if len(left["task"]) != 3 || len(left["task definition"]) != 1 || len(left["cluster"]) != 1 {
		t.Errorf("of the other region are left tasks %q, definitions %q, clusters %q", left["task"], left["task definition"], left["cluster"])
	}
	other.mustDelete()
	if left := s.inventory(t, region); len(left) > 0 {
		t.Errorf("deleting left %v", left)
	}
}

// startTasks starts three tasks as a server would.
func (s *stand) startTasks(t *testing.T, k *stack, image string) {
	t.Helper()
	out := k.outputs()
	family := "onrush-1234-" + out["Cluster"]
	s.call(t, k.region, "ecs", "AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition", map[string]any{
		"family": family, "executionRoleArn": out["ExecutionRole"], "networkMode": "awsvpc", "cpu": "256", "memory": "512",
		"requiresCompatibilities": []string{"FARGATE"},
		"containerDefinitions":    []any{map[string]any{"name": "agent", "image": image, "memoryReservation": 512}},
	}, nil)
	var started struct{ Tasks, Failures []json.RawMessage }
	s.call(t, k.region, "ecs", "AmazonEC2ContainerServiceV20141113.RunTask", map[string]any{
		"cluster": out["Cluster"], "taskDefinition": family, "count": 3, "launchType": "FARGATE",
		"networkConfiguration": map[string]any{"awsvpcConfiguration": map[string]any{"subnets": strings.Split(out["Subnets"], ",")}},
	}, &started)
	if len(started.Tasks) != 3 {
		t.Fatalf("started %d tasks: %s", len(started.Tasks), started.Failures)
	}
}
