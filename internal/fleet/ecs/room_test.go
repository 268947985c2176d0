package ecs

import (
	"errors"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/fleet/ecs/ecstest"
)

// Spot has no room: tasks go on demand, where the settings allow it.
func TestSpotThenOnDemand(t *testing.T) {
	t.Parallel()
	c := ecstest.New(t, "me-central-1", 2, 20)
	o := sleepers(t, c)
	o.CapacityKind = spotThenOnDemand
	d := open(t, o)
	c.Fault(map[string]string{"provider": "FARGATE_SPOT"}, ecstest.Fault{"capacity": true, "skip": 2, "times": -1})
	mustStart(t, d, specs("run", "", 6))
	on := map[string]int{}
	for _, task := range c.Tasks("run") {
		on[task.Provider]++
	}
	if on["FARGATE_SPOT"] != 2 || on[""] != 4 {
		t.Errorf("tasks run on %v, want two on Spot and four on demand", on)
	}
	wantOnce(t, c, "run", 6)
	end(t, c, d, "run")
}

// One zone has no room: the other subnet is tried by itself.
func TestOtherSubnet(t *testing.T) {
	t.Parallel()
	c := ecstest.New(t, "ap-northeast-2", 2, 20)
	d := open(t, sleepers(t, c))
	c.Fault(map[string]string{"subnet": c.Subnets[0]}, ecstest.Fault{"capacity": true, "times": -1})
	mustStart(t, d, specs("run", "", 3))
	await(t, d, "run", in(fleet.Up, 3))
	for _, task := range c.Tasks("run") {
		for _, detail := range task.Attachments[0].Details {
			if detail.Name == "subnetId" && detail.Value != c.Subnets[1] {
				t.Errorf("a task runs in %s, which has no room", detail.Value)
			}
		}
	}
	end(t, c, d, "run")
}

// refusedStart starts a task that cannot start.
func refusedStart(t *testing.T, d *Driver) *fleet.StartError {
	t.Helper()
	answers, err := d.Start(t.Context(), specs("run", "", 1))
	if err == nil {
		err = answers[0].Err
	}
	failure := (*fleet.StartError)(nil)
	if !errors.As(err, &failure) {
		t.Fatalf("got %v, want a refusal", err)
	}
	if failure.Remedy == "" || !strings.HasPrefix(failure.Reason, "region eu: ") {
		t.Errorf("%q lacks the region or a remedy", failure)
	}
	return failure
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	arn := "arn:aws:iam::123456789012:role/x"
	for name, test := range map[string]struct {
		change func(*Options)
		match  map[string]string
		fault  ecstest.Fault
		kind   fleet.StartKind
		words  []string
	}{
		"no room": {
			fault: ecstest.Fault{"capacity": true, "times": -1}, match: map[string]string{"action": "RunTask"},
			kind: fleet.NoRoom, words: []string{"no machine free", "zones"},
		},
		"size above the account's": {
			fault: ecstest.Fault{"capacity": true, "message": "The requested CPU configuration is above your limit", "times": -1}, match: map[string]string{"action": "RunTask"},
			kind: fleet.Quota, words: []string{"this size"},
		},
		"no permission to run": {
			fault: ecstest.Fault{"error": "AccessDeniedException", "message": "User: x is not authorized to perform: ecs:RunTask on resource: task-definition/y because no identity-based policy allows it"},
			match: map[string]string{"action": "RunTask"}, kind: fleet.Denied, words: []string{"ecs:RunTask", "task-definition/y", "allow"},
		},
		"no permission to pass a role": {
			fault: ecstest.Fault{"error": "ClientException", "message": "User: x is not authorized to perform: iam:PassRole on resource: " + arn},
			match: map[string]string{"action": "RegisterTaskDefinition"}, kind: fleet.Denied, words: []string{"iam:PassRole", arn},
		},
		"expired credentials": {
			fault: ecstest.Fault{"error": "ExpiredTokenException", "message": "The security token included in the request is expired"},
			match: map[string]string{"service": "ecs"}, kind: fleet.Denied, words: []string{"expired"},
		},
		"role that Fargate may not take on": {
			fault: ecstest.Fault{"error": "ClientException", "message": "ECS was unable to assume the role '" + arn + "' that was provided for this task."},
			match: map[string]string{"action": "RunTask"}, kind: fleet.Denied, words: []string{"role", "trust"},
		},
		"no cluster":         {change: func(o *Options) { o.Cluster = "none" }, kind: fleet.BadSpec, words: []string{"no such ECS cluster", "cluster"}},
		"no subnet":          {change: func(o *Options) { o.Subnets = []string{"subnet-0"} }, kind: fleet.BadSpec, words: []string{"subnet-0"}},
		"no security group":  {change: func(o *Options) { o.SecurityGroups = []string{"sg-0"} }, kind: fleet.BadSpec, words: []string{"sg-0"}},
		"no image":           {change: func(o *Options) { o.Image = "" }, kind: fleet.BadSpec, words: []string{"image"}},
		"role not assumable": {change: func(o *Options) { o.RoleARN = arn }, fault: ecstest.Fault{"error": "AccessDenied", "message": "User: x is not authorized to perform: sts:AssumeRole on resource: " + arn, "times": -1}, match: map[string]string{"service": "sts"}, kind: fleet.Denied, words: []string{"sts:AssumeRole", arn}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := ecstest.New(t, "ap-southeast-1", 1, 24)
			o := sleepers(t, c)
			if test.change != nil {
				test.change(&o)
			}
			d := open(t, o)
			if test.fault != nil {
				c.Fault(test.match, test.fault)
			}
			failure := refusedStart(t, d)
			if failure.Kind != test.kind {
				t.Errorf("got kind %s, want %s: %v", failure.Kind, test.kind, failure)
			}
			for _, word := range test.words {
				if !strings.Contains(failure.Error(), word) {
					t.Errorf("%q does not name %q", failure, word)
				}
			}
			if tasks := c.Tasks(""); len(tasks) != 0 {
				t.Errorf("there are tasks: %+v", tasks)
			}
		})
	}
}

func TestTicketTooLong(t *testing.T) {
	t.Parallel()
	c := ecstest.New(t, "ap-southeast-2", 1, 24)
	d := open(t, sleepers(t, c))
	list := specs("run", strings.Repeat("x", mostOverrides-overridesLength("")), 2)
	list[1].Ticket += "x"
	answers, err := d.Start(t.Context(), list)
	if err != nil || answers[0].Err != nil {
		t.Fatalf("a ticket that just fits: %v, %v", err, answers)
	}
	if err := answers[1].Err; err == nil || !strings.Contains(err.Error(), "8193") {
		t.Errorf("a ticket that is one too long: %v", err)
	}
	end(t, c, d, "run")
}

// Tasks that AWS takes and then cannot start say why.
func TestTasksThatDoNotGetUp(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault  ecstest.Fault
		change func(*Options)
		words  []string
	}{
		"image":     {change: func(o *Options) { o.Image = "registry.test/none:1" }, words: []string{"image does not exist", "registry.test/none:1"}},
		"registry":  {fault: ecstest.Fault{"pull_fail": "CannotPullContainerError: pull image manifest has been retried 5 time(s): dial tcp 10.0.0.1:443: i/o timeout"}, words: []string{"cannot reach the registry", "public_ip"}},
		"secrets":   {fault: ecstest.Fault{"init_fail": "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed"}, words: []string{"cannot reach", "NAT"}},
		"processor": {fault: ecstest.Fault{"pull_fail": "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/arm64'"}, words: []string{"architecture"}},
		"log group": {change: func(o *Options) { o.LogGroup = "/none" }, words: []string{"log_group"}},
		"role":      {change: func(o *Options) { o.ExecutionRole += "-none" }, words: []string{"role", "assume"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := ecstest.New(t, "ap-southeast-2", 1, 24)
			o := sleepers(t, c)
			if test.change != nil {
				test.change(&o)
			}
			d := open(t, o)
			if test.fault != nil {
				c.Fault(nil, test.fault)
			}
			mustStart(t, d, specs("run", "", 1))
			i := await(t, d, "run", in(fleet.Gone, 1))[0]
			for _, word := range append(test.words, "did not start") {
				if !strings.Contains(i.Reason, word) {
					t.Errorf("reason %q does not name %q", i.Reason, word)
				}
			}
			end(t, c, d, "run")
		})
	}
}

// A subnet runs out of addresses: the tasks that found one run.
func TestAddressesRunOut(t *testing.T) {
	t.Parallel()
	c := ecstest.New(t, "ap-southeast-3", 1, 28)
	d := open(t, sleepers(t, c))
	capacity, err := d.Capacity(t.Context())
	if err != nil || capacity.Limit != 11 || !strings.Contains(capacity.Note, "addresses") {
		t.Errorf("capacity %+v, %v, want the 11 addresses of a /28", capacity, err)
	}
	mustStart(t, d, specs("run", "", 13))
	list := await(t, d, "run", func(l []fleet.Instance) bool { return in(fleet.Up, 11)(l) && in(fleet.Gone, 2)(l) })
	for _, i := range list {
		if i.State == fleet.Gone && !strings.Contains(i.Reason, "no free address") {
			t.Errorf("reason %q does not say that addresses ran out", i.Reason)
		}
	}
	end(t, c, d, "run")
	if capacity, err := d.Capacity(t.Context()); err != nil || capacity.Limit != 11 || capacity.InUse != 0 {
		t.Errorf("capacity %+v, %v after the stop", capacity, err)
	}
}
