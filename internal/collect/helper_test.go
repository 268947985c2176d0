package collect

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"onrush.dev/onrush/internal/hist"
	"onrush.dev/onrush/internal/load"
)

// start is when the tests' runs begin.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// testPlan is a plan of so many tasks in each region; 0 seconds is one without
// an end.
func testPlan(seconds, tasks int, regions ...string) load.Plan {
	plan := load.Plan{Model: load.Closed, Duration: load.Duration(time.Duration(seconds) * time.Second)}
	plan.Profile = load.Profile{Points: []load.Point{{Level: 10}, {At: plan.Duration, Level: 10}}, Endless: seconds == 0}
	for _, name := range regions {
		r := load.PlanRegion{Name: name}
		for i := range tasks {
			r.Tasks = append(r.Tasks, load.PlanTask{Name: fmt.Sprintf("%s-%d", name, i+1), Index: plan.Tasks})
			plan.Tasks++
		}
		plan.Regions = append(plan.Regions, r)
	}
	return plan
}

func newCollector(t testing.TB, plan load.Plan, criteria ...load.Criterion) *Collector {
	t.Helper()
	run := load.Run{ID: "r1", Created: start, Status: load.Running, Spec: load.Scenario{Criteria: criteria}}
	c, err := New(Options{Run: run, Plan: plan, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// entry makes a label's figures from latencies in milliseconds.
func entry(label string, latencies ...float64) load.Entry {
	e := load.Entry{Label: label, Statuses: map[int]int64{}, Latency: hist.New(), FirstByte: hist.New()}
	for _, ms := range latencies {
		e.Requests++
		e.Statuses[200]++
		e.BytesIn += 1000
		e.BytesOut += 100
		e.Latency.Record(int64(ms * 1000))
		e.FirstByte.Record(int64(ms * 500))
	}
	return e
}

// window makes one whole second of a task that has sent nothing before.
func window(task string, second int, entries ...load.Entry) *load.Window {
	w := &load.Window{
		Task: task, Seq: uint64(second + 1), Second: second, Users: 3,
		Until: int64(second+1) * 1e6, Entries: entries,
	}
	for _, e := range entries {
		w.Started += e.Requests
		w.Sent += e.Requests
	}
	return w
}

func send(t testing.TB, c *Collector, windows ...*load.Window) {
	t.Helper()
	for _, w := range windows {
		if err := c.Window(load.AppendWindow(nil, w)); err != nil {
			t.Fatal(err)
		}
	}
}

// running shows every task of the plan as running.
func running(c *Collector) {
	var tasks []load.Task
	for _, r := range c.plan.Regions {
		for _, task := range r.Tasks {
			tasks = append(tasks, load.Task{Name: task.Name, Region: r.Name, Index: task.Index, Status: load.TaskRunning})
		}
	}
	c.Status(load.Running, tasks)
}

func finish(t testing.TB, c *Collector) *Result {
	t.Helper()
	r, err := c.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// random is a stream of numbers that is the same in every run of the tests.
func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }
