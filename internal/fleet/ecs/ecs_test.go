package ecs

import (
	"slices"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/fleet/ecs/ecstest"
	"onrush.dev/onrush/internal/fleet/fleettest"
)

// image runs the program of the conformance suite.
const image = "registry.test/program:1"

// options are those of a driver in a test's corner of AWS, with short times.
func options(t *testing.T, c *ecstest.Cloud) Options {
	t.Helper()
	c.Image(image, "sh", "-c", fleettest.Program)
	return Options{
		Region: "eu", Server: t.Name(), Image: image, CPU: 0.25, PublicIP: true,
		AWSRegion: c.Region, Cluster: c.Cluster, Subnets: c.Subnets, SecurityGroups: c.Groups,
		ExecutionRole: c.Execution, TaskRole: c.Role, LogGroup: c.LogGroup, Endpoint: c.URL,
		credentials: c.Config.Credentials,
		timing: timing{
			call: 20 * time.Second, refresh: 30 * time.Millisecond, backoff: 20 * time.Millisecond, poll: 50 * time.Millisecond,
			capacity: time.Second, down: 20 * time.Second, grace: 2 * time.Second, rate: 1000,
		},
	}
}

func open(t *testing.T, o Options) *Driver {
	t.Helper()
	d, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func TestConformance(t *testing.T) {
	t.Parallel()
	c := ecstest.New(t, "eu-west-1", 2, 20)
	fleettest.Run(t, fleettest.Harness{
		New: func(t *testing.T, limit int) fleet.Driver {
			o := options(t, c)
			o.Limit = limit
			return open(t, o)
		},
		Patience: time.Minute,
		Left:     func(t *testing.T, run string) []string { return c.Left(run) },
		Kill:     func(t *testing.T, i fleet.Instance) { c.Kill(i.ID) },
	})
}

// specs are tasks that play a part of the suite's program.
func specs(run, part string, n int) []fleet.TaskSpec {
	var list []fleet.TaskSpec
	for i := range n {
		list = append(list, fleet.TaskSpec{Run: run, Task: "eu-" + string(rune('a'+i/26)) + string(rune('a'+i%26)), Region: "eu", Ticket: part})
	}
	return list
}

// end stops a run and wants nothing of it left.
func end(t *testing.T, c *ecstest.Cloud, d *Driver, run string) {
	t.Helper()
	if err := d.Stop(t.Context(), run); err != nil {
		t.Errorf("stop: %v", err)
	}
	if list, err := d.List(t.Context(), run); err != nil || len(list) != 0 {
		t.Errorf("after stop the list has %v, %v", list, err)
	}
	for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		left := c.Left(run)
		if len(left) == 0 {
			return
		}
		if time.Since(begin) > time.Minute {
			t.Fatalf("after stop there is still: %s", strings.Join(left, ", "))
		}
	}
}

// count is how often calls of an action were made.
func count(calls []ecstest.Call, actions ...string) int {
	n := 0
	for _, c := range calls {
		if !c.Implied && (len(actions) == 0 || slices.Contains(actions, c.Action)) {
			n++
		}
	}
	return n
}

// await waits until the instances of a run are as wanted.
func await(t *testing.T, d fleet.Driver, run string, want func([]fleet.Instance) bool) []fleet.Instance {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		list, err := d.List(t.Context(), run)
		if err == nil && want(list) {
			return list
		}
		if time.Since(begin) > time.Minute {
			t.Fatalf("after a minute the list has %+v, %v", list, err)
		}
	}
}

func in(state fleet.State, n int) func([]fleet.Instance) bool {
	return func(list []fleet.Instance) bool {
		found := 0
		for _, i := range list {
			if i.State == state {
				found++
			}
		}
		return found == n
	}
}
