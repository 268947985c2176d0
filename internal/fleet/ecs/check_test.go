package ecs

import (
	"io"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/fleet/ecs/ecstest"
	"onrush.dev/onrush/internal/load"
)

// find returns the findings of a check that are not well.
func findings(t *testing.T, o Options) (bad []load.Finding, all map[string]bool) {
	t.Helper()
	list, err := open(t, o).Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all = map[string]bool{}
	for _, f := range list {
		all[f.Check] = true
		if f.State != load.FindingOK {
			bad = append(bad, f)
			if f.Remedy == "" {
				t.Errorf("finding without a remedy: %+v", f)
			}
		}
	}
	return bad, all
}

func TestCheckOfASoundRegion(t *testing.T) {
	t.Parallel()
	c := ecstest.New(t, "eu-south-1", 2, 24)
	o := options(t, c)
	o.CapacityKind = spotThenOnDemand
	bad, all := findings(t, o)
	if len(bad) > 0 {
		t.Errorf("found %+v", bad)
	}
	for _, name := range []string{"credentials", "cluster", "addresses", "network", "roles", "logs", "image", "quota", "permission"} {
		if !all[name] {
			t.Errorf("nothing was found of %s", name)
		}
	}
	if tasks := c.Tasks(""); len(tasks) > 0 {
		t.Errorf("the check started %+v", tasks)
	}
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*Options)
		match  map[string]string
		fault  ecstest.Fault
		check  string
		state  load.FindingState
		words  []string
	}{
		"credentials":    {match: map[string]string{"service": "sts"}, fault: ecstest.Fault{"error": "InvalidClientTokenId", "message": "The security token included in the request is invalid", "status": 403, "times": -1}, check: "credentials", state: load.FindingFailed, words: []string{"credentials"}},
		"cluster":        {change: func(o *Options) { o.Cluster = "none" }, check: "cluster", state: load.FindingFailed, words: []string{"none"}},
		"subnet":         {change: func(o *Options) { o.Subnets = []string{"subnet-0"} }, check: "addresses", state: load.FindingFailed, words: []string{"subnet-0"}},
		"security group": {change: func(o *Options) { o.SecurityGroups = []string{"sg-0"} }, check: "network", state: load.FindingFailed, words: []string{"sg-0"}},
		"role":           {change: func(o *Options) { o.TaskRole += "-none" }, check: "roles", state: load.FindingFailed, words: []string{"no role"}},
		"log group":      {change: func(o *Options) { o.LogGroup = "/none" }, check: "logs", state: load.FindingFailed, words: []string{"/none"}},
		"no logs":        {change: func(o *Options) { o.LogGroup = "" }, check: "logs", state: load.FindingWarning, words: []string{"log_group"}},
		"private":        {change: func(o *Options) { o.PublicIP = false }, check: "network", state: load.FindingFailed, words: []string{"public_ip", "internet gateway"}},
		"one zone":       {change: func(o *Options) { o.Subnets = o.Subnets[:1] }, check: "addresses", state: load.FindingWarning, words: []string{"zone"}},
		"no quota seen": {
			match: map[string]string{"service": "servicequotas"}, fault: ecstest.Fault{"error": "AccessDeniedException", "message": "User: x is not authorized to perform: servicequotas:GetServiceQuota", "times": -1},
			check: "quota", state: load.FindingWarning, words: []string{"servicequotas:GetServiceQuota"},
		},
		"no routes seen": {
			match: map[string]string{"action": "DescribeRouteTables"}, fault: ecstest.Fault{"error": "UnauthorizedOperation", "message": "You are not authorized to perform this operation.", "status": 403, "times": -1},
			check: "network", state: load.FindingWarning, words: []string{"routes"},
		},
		"throttled": {
			match: map[string]string{"action": "DescribeSecurityGroups"}, fault: ecstest.Fault{"error": "RequestLimitExceeded", "message": "Request limit exceeded.", "status": 503, "times": -1},
			check: "network", state: load.FindingWarning, words: []string{"throttles"},
		},
		"pass role": {
			match: map[string]string{"action": "RegisterTaskDefinition"}, fault: ecstest.Fault{"error": "AccessDeniedException", "message": "User: x is not authorized to perform: iam:PassRole on resource: arn:aws:iam::1:role/y", "times": -1},
			check: "permission", state: load.FindingFailed, words: []string{"iam:PassRole", "arn:aws:iam::1:role/y"},
		},
		"image in ECR without a role": {change: func(o *Options) { o.Image, o.ExecutionRole = "1.dkr.ecr.eu-south-2.amazonaws.com/onrush-agent:1", "" }, check: "image", state: load.FindingFailed, words: []string{"execution_role"}},
		"image of Docker Hub":         {change: func(o *Options) { o.Image = "onrush/agent:1" }, check: "image", state: load.FindingWarning, words: []string{"Docker Hub"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := ecstest.New(t, "eu-south-2", 2, 24)
			o := options(t, c)
			if test.change != nil {
				test.change(&o)
			}
			if test.fault != nil {
				c.Fault(test.match, test.fault)
			}
			bad, _ := findings(t, o)
			for _, f := range bad {
				text := f.Text + f.Remedy
				hit := f.Check == test.check && f.State == test.state
				for _, word := range test.words {
					hit = hit && strings.Contains(text, word)
				}
				if hit {
					return
				}
			}
			t.Errorf("found %+v, want %s %s with %q", bad, test.check, test.state, test.words)
		})
	}
}

// A log is followed while its task writes, and ends with it.
func TestLogIsFollowed(t *testing.T) {
	t.Parallel()
	c := ecstest.New(t, "il-central-1", 1, 24)
	o := options(t, c)
	o.Image = "registry.test/counter:1"
	c.Image(o.Image, "sh", "-c", "for i in 1 2 3 4 5 6 7 8; do echo line $i; sleep 0.1; done; exit 4")
	d := open(t, o)
	mustStart(t, d, specs("run", "", 1))
	r, err := d.Logs(t.Context(), "run", "eu-aa", true)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil || !strings.HasPrefix(string(text), "line 1\n") || !strings.HasSuffix(string(text), "line 8\n") || strings.Count(string(text), "\n") != 8 {
		t.Errorf("the log is %q, %v", text, err)
	}
	i := await(t, d, "run", in(fleet.Gone, 1))[0]
	if i.Reason != "ended with exit code 4: line 8" {
		t.Errorf("reason %q", i.Reason)
	}
	end(t, c, d, "run")
}

// A reader that goes away ends the following, and one whose context ends gets an end.
func TestLogReaderGoesAway(t *testing.T) {
	t.Parallel()
	c := ecstest.New(t, "il-central-1", 1, 24)
	d := open(t, options(t, c))
	mustStart(t, d, specs("run", "wait", 1))
	await(t, d, "run", in(fleet.Up, 1))
	r, err := d.Logs(t.Context(), "run", "eu-aa", true)
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	if n, err := r.Read(buf); err != nil || string(buf[:n]) != "up and waiting\n" {
		t.Errorf("read %q, %v", buf[:n], err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	before := time.Now()
	if _, err := r.Read(buf); err == nil {
		t.Errorf("a closed reader gave more after %s", time.Since(before))
	}
	end(t, c, d, "run")
}
