package ecs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/fleet/ecs/ecstest"
)

// sleeper is an image whose tasks take no processor time.
const sleeper = "registry.test/sleeper:1"

func sleepers(t *testing.T, c *ecstest.Cloud) Options {
	t.Helper()
	c.Image(sleeper, "sleep", "600")
	o := options(t, c)
	o.Image = sleeper
	return o
}

// mustStart starts tasks and wants all of them started.
func mustStart(t *testing.T, d *Driver, list []fleet.TaskSpec) []fleet.Started {
	t.Helper()
	answers, err := d.Start(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range answers {
		if a.Err != nil || a.Instance == "" {
			t.Fatalf("task %s: instance %q, %v", list[i].Task, a.Instance, a.Err)
		}
	}
	return answers
}

// wantOnce wants exactly one task of AWS for each of n tasks.
func wantOnce(t *testing.T, c *ecstest.Cloud, run string, n int) {
	t.Helper()
	seen := map[string]int{}
	for _, task := range c.Tasks(run) {
		seen[task.Tag(tagTask)+"/"+task.Tag(tagAttempt)]++
	}
	for name, times := range seen {
		if times != 1 {
			t.Errorf("task %s was started %d times", name, times)
		}
	}
	if len(seen) != n {
		t.Errorf("AWS has %d tasks of the run, want %d", len(seen), n)
	}
}

func TestFiveHundredTasks(t *testing.T) {
	t.Parallel()
	c := ecstest.New(t, "us-east-2", 2, 20)
	o := sleepers(t, c)
	o.timing.refresh = time.Hour
	d := open(t, o)
	const n = 500
	begin := time.Now()
	mustStart(t, d, specs("big", "", n))
	t.Logf("%d tasks asked for in %s", n, time.Since(begin))
	wantOnce(t, c, "big", n)
	if calls := c.Calls(0); count(calls, "RunTask") != n || count(calls, "RegisterTaskDefinition") != 1 {
		t.Errorf("%d calls of RunTask and %d of RegisterTaskDefinition for %d tasks", count(calls, "RunTask"), count(calls, "RegisterTaskDefinition"), n)
	}
	// 500 tasks and a list a second, by ten runs, are one look at most: five pages
	// of lists, five descriptions.
	before := count(c.Calls(0))
	if err := d.look(t.Context(), 0, 0); err != nil {
		t.Fatal(err)
	}
	for range 600 {
		if list, err := d.List(t.Context(), "big"); err != nil || len(list) != n {
			t.Fatalf("the list has %d, %v", len(list), err)
		}
	}
	if calls := count(c.Calls(0)) - before; calls > 10 {
		t.Errorf("a look at %d tasks and 600 lists took %d calls, want 10 at most", n, calls)
	}
	if every := d.age(); every < 2*time.Second {
		t.Errorf("the next look comes after %s: more than four calls a second", every)
	}
	d.mu.Lock()
	d.timing.refresh, d.every = 200*time.Millisecond, 0
	d.mu.Unlock()
	await(t, d, "big", in(fleet.Up, n))
	before = count(c.Calls(0), "StopTask")
	end(t, c, d, "big")
	if calls := count(c.Calls(0), "StopTask") - before; calls != n {
		t.Errorf("%d calls of StopTask for %d tasks", calls, n)
	}
}

// The account's quota is used up in the middle: the rest fails at once, with what
// to do about it.
func TestQuotaInTheMiddle(t *testing.T) {
	t.Parallel()
	c := ecstest.New(t, "sa-east-1", 2, 20)
	c.Quota(onDemandQuota, 5)
	d := open(t, sleepers(t, c))
	list := specs("run", "", 100)
	answers, err := d.Start(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	started := 0
	for i, a := range answers {
		if a.Err == nil {
			started++
			continue
		}
		failure := (*fleet.StartError)(nil)
		if !errors.As(a.Err, &failure) || failure.Kind != fleet.Quota {
			t.Fatalf("task %s: %v, want a quota error", list[i].Task, a.Err)
		}
		for _, want := range []string{"region eu", list[i].Task, "vCPU", "L-3032A538", "sa-east-1"} {
			if !strings.Contains(failure.Error(), want) {
				t.Fatalf("%q does not name %q", failure, want)
			}
		}
	}
	if started != 20 {
		t.Errorf("%d tasks of 0.25 vCPU started on 5 vCPU, want 20", started)
	}
	if calls := count(c.Calls(0), "RunTask"); calls > 20+workers {
		t.Errorf("%d calls of RunTask: the driver went on after the quota was used up", calls)
	}
	if capacity, err := d.Capacity(t.Context()); err != nil || capacity.Limit != 20 || !strings.Contains(capacity.Note, onDemandQuota) {
		t.Errorf("capacity %+v, %v, want a limit of 20 by the quota", capacity, err)
	}
	end(t, c, d, "run")
}

// AWS throttles every second call of everything: all start, none twice, all stop.
func TestThrottling(t *testing.T) {
	t.Parallel()
	c := ecstest.New(t, "eu-west-2", 2, 20)
	d := open(t, sleepers(t, c))
	for _, action := range []string{"RunTask", "StopTask", "DescribeTasks", "ListTasks"} {
		c.Fault(map[string]string{"action": action}, ecstest.Fault{"error": "ThrottlingException", "message": "Rate exceeded", "every": 2, "times": 15})
	}
	mustStart(t, d, specs("run", "", 30))
	wantOnce(t, c, "run", 30)
	await(t, d, "run", in(fleet.Up, 30))
	end(t, c, d, "run")
	// What AWS goes on throttling is told from a quota.
	c.Fault(map[string]string{"action": "RunTask"}, ecstest.Fault{"error": "ThrottlingException", "message": "Rate exceeded", "times": -1})
	d.timing.down = 100 * time.Millisecond
	answers, err := d.Start(t.Context(), specs("next", "", 1))
	failure := (*fleet.StartError)(nil)
	if err != nil || !errors.As(answers[0].Err, &failure) || failure.Kind != fleet.Down || !strings.Contains(failure.Reason, "throttles") {
		t.Errorf("got %v, %v, want an error that names throttling", answers, err)
	}
}

// Half of the tasks never get up: they are pending, and a stop ends them too.
func TestHalfNeverStart(t *testing.T) {
	t.Parallel()
	c := ecstest.New(t, "eu-west-3", 2, 20)
	d := open(t, sleepers(t, c))
	c.Fault(nil, ecstest.Fault{"never": true, "every": 2, "times": -1})
	mustStart(t, d, specs("run", "", 20))
	list := await(t, d, "run", in(fleet.Up, 10))
	if !in(fleet.Pending, 10)(list) {
		t.Errorf("the list has %+v, want ten pending", list)
	}
	end(t, c, d, "run")
}

func TestSpotInterruption(t *testing.T) {
	t.Parallel()
	c := ecstest.New(t, "eu-north-1", 2, 20)
	o := sleepers(t, c)
	o.CapacityKind = spot
	d := open(t, o)
	answers := mustStart(t, d, specs("run", "", 4))
	await(t, d, "run", in(fleet.Up, 4))
	c.Interrupt(answers[1].Instance)
	for _, i := range await(t, d, "run", in(fleet.Gone, 1)) {
		if lost := i.ID == answers[1].Instance; lost != (i.State == fleet.Gone) || lost != strings.Contains(i.Reason, "Spot") {
			t.Errorf("got %+v, want only the interrupted task gone, with the reason", i)
		}
	}
	for _, task := range c.Tasks("run") {
		if task.Provider != "FARGATE_SPOT" {
			t.Errorf("a task runs on %q", task.Provider)
		}
	}
	end(t, c, d, "run")
}

// The API is down in the middle of a start, of a run, and of a stop.
func TestAPIDown(t *testing.T) {
	t.Parallel()
	c := ecstest.New(t, "ca-central-1", 2, 20)
	o := sleepers(t, c)
	o.timing.rate = 50
	d := open(t, o)
	mustStart(t, d, specs("warm", "", 1))
	var all sync.WaitGroup
	all.Go(func() {
		time.Sleep(200 * time.Millisecond) // some are started, some not
		c.Fault(nil, ecstest.Fault{"down": 2})
	})
	list := specs("run", "", 60)
	mustStart(t, d, list)
	all.Wait()
	wantOnce(t, c, "run", 60)
	await(t, d, "run", in(fleet.Up, 60))

	down := c.Fault(nil, ecstest.Fault{"down": 600})
	for begin := time.Now(); ; time.Sleep(time.Millisecond) {
		_, err := d.List(t.Context(), "run")
		if err != nil && strings.Contains(err.Error(), "does not answer") {
			break
		}
		if err != nil || time.Since(begin) > time.Minute {
			t.Fatalf("list while the API is down: %v", err)
		}
	}
	c.Clear(down)
	await(t, d, "run", in(fleet.Up, 60)) // nobody is taken for lost
	c.Fault(nil, ecstest.Fault{"down": 1})
	end(t, c, d, "run")
	end(t, c, d, "warm")

	d.timing.down = 50 * time.Millisecond
	c.Fault(nil, ecstest.Fault{"down": 600})
	answers, err := d.Start(t.Context(), specs("later", "", 2))
	failure := (*fleet.StartError)(nil)
	if err == nil {
		err = answers[0].Err
	}
	if !errors.As(err, &failure) || failure.Kind != fleet.Down || !strings.Contains(failure.Reason, "ca-central-1") {
		t.Errorf("got %v, want an error that says that AWS does not answer", err)
	}
}

// Answers of RunTask are lost: the task is there, and is not started again.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	c := ecstest.New(t, "us-west-1", 2, 20)
	d := open(t, sleepers(t, c))
	c.Fault(map[string]string{"action": "RunTask"}, ecstest.Fault{"lose": true, "every": 3, "times": 10})
	mustStart(t, d, specs("run", "", 20))
	wantOnce(t, c, "run", 20)
	end(t, c, d, "run")
}

// The server is killed while it starts tasks, and AWS does not list the newest of
// them yet. A new value starts what is missing, and nothing twice.
func TestServerKilledWhileStarting(t *testing.T) {
	t.Parallel()
	c := ecstest.New(t, "us-west-2", 2, 20)
	o := sleepers(t, c)
	o.timing.rate = 8
	old := open(t, o)
	list := specs("run", "", 30)
	c.Fault(nil, ecstest.Fault{"lag": 3, "times": -1})
	ctx, kill := context.WithCancel(t.Context())
	defer kill()
	var first sync.WaitGroup
	first.Go(func() {
		if _, err := old.Start(ctx, list); err != nil {
			t.Error(err)
		}
	})
	for begin := time.Now(); len(c.Tasks("run")) < 5; time.Sleep(10 * time.Millisecond) {
		if time.Since(begin) > time.Minute {
			t.Fatal("the first server starts nothing")
		}
	}
	kill()
	first.Wait()
	if n := len(c.Tasks("run")); n == len(list) {
		t.Errorf("the first server started all of %d before it was killed", n)
	}
	for i := range list {
		list[i].Ticket = fmt.Sprintf("of the second server, %d", i) // so that the requests differ
	}
	o.timing.rate = 1000
	d := open(t, o)
	mustStart(t, d, list)
	wantOnce(t, c, "run", 30)
	await(t, d, "run", in(fleet.Up, 30))
	end(t, c, d, "run")
}

// AWS does not know a task yet that it has just made.
func TestEventualConsistency(t *testing.T) {
	t.Parallel()
	c := ecstest.New(t, "ap-south-1", 2, 20)
	o := sleepers(t, c)
	d := open(t, o)
	c.Fault(nil, ecstest.Fault{"lag": 0.5, "times": -1})
	mustStart(t, d, specs("run", "", 3))
	for range 10 {
		if list, err := d.List(t.Context(), "run"); err != nil || !in(fleet.Gone, 0)(list) || len(list) != 3 {
			t.Fatalf("the list has %+v, %v, want three that are not gone", list, err)
		}
	}
	await(t, d, "run", in(fleet.Up, 3))
	end(t, c, d, "run")
}

// A run is stopped while its tasks are being started: the rest is not started, and
// what was asked for is stopped.
func TestStopWhileStarting(t *testing.T) {
	t.Parallel()
	c := ecstest.New(t, "mx-central-1", 2, 20)
	o := sleepers(t, c)
	o.timing.rate = 8
	d := open(t, o)
	list := specs("run", "", 60)
	var answers []fleet.Started
	var first sync.WaitGroup
	first.Go(func() {
		var err error
		if answers, err = d.Start(t.Context(), list); err != nil {
			t.Error(err)
		}
	})
	for begin := time.Now(); len(c.Tasks("run")) < 5; time.Sleep(10 * time.Millisecond) {
		if time.Since(begin) > time.Minute {
			t.Fatal("nothing is started")
		}
	}
	end(t, c, d, "run")
	first.Wait()
	refused := 0
	for _, a := range answers {
		if a.Err != nil {
			refused++
		}
	}
	if started := len(c.Tasks("run")); refused == 0 || started+refused != len(list) {
		t.Errorf("%d of %d tasks were started and %d not, want the rest not to be started", started, len(list), refused)
	}
	if left := c.Left("run"); len(left) > 0 {
		t.Errorf("there is still %v", left)
	}
}
