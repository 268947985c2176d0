package load

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestLateTasksOfScripts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		engine string
		late   LatePolicy
		ok     bool
	}{
		{EngineHTTP, LateJoin, true},
		{EngineScripted, LateJoin, true},
		{EngineK6, LateWithout, true},
		{EngineK6, LateJoin, false},
		{EngineJMeter, LateJoin, false},
		{EngineLocust, LateJoin, false},
		{EngineHTTP, "later", false},
	} {
		s := scenario(func(s *Scenario) {
			s.Engine, s.Start.LateTasks = test.engine, test.late
			if RunsScript(test.engine) {
				s.Script, s.Requests = "script", nil
			}
		})
		found := ""
		for _, p := range Validate(s) {
			if p.Path == "start.late_tasks" {
				found = p.String()
			}
		}
		if (found == "") != test.ok {
			t.Errorf("%s with %s: problem %q, want one: %v", test.engine, test.late, found, !test.ok)
		}
	}
}

func TestRegionStarts(t *testing.T) {
	t.Parallel()
	at := func(s int) time.Time { return time.Unix(int64(1000+s), 0).UTC() }
	skew := func(ms float64) *float64 { return &ms }
	tasks := []Task{
		{Name: "eu-1", Region: "eu", Status: TaskRunning, SkewMS: skew(2), Times: TaskTimes{at(0), at(2), at(3), at(4), at(10)}},
		{Name: "eu-2", Region: "eu", Status: TaskRunning, SkewMS: skew(-1), Times: TaskTimes{at(1), at(3), at(5), at(6), at(10)}},
		{Name: "eu-3", Region: "eu", Status: TaskRunning, SkewMS: skew(900), Joined: 5e9, Times: TaskTimes{at(1), at(9), at(11), at(12), at(15)}},
		{Name: "eu-4", Region: "eu", Status: TaskFailed, Reason: "no room for eu-4 (4 of 5)", Times: TaskTimes{Asked: at(1)}},
		{Name: "eu-5", Region: "eu", Status: TaskFailed, Reason: "no room for eu-5 (5 of 5)", Times: TaskTimes{Asked: at(1)}},
		{Name: "us-1", Region: "us", Status: TaskPlanned},
	}
	got := RegionStarts(tasks, 60e9)
	eu := got["eu"]
	want := RegionStart{
		Tasks: 5, Failed: 2, Asked: at(0), Within: 60e9, SkewMS: 3, Why: []string{"eu-4, eu-5: no room for eu-4 (4 of 5)"},
		Up: Reached{3, at(2), at(9)}, Hello: Reached{3, at(3), at(11)}, Ready: Reached{3, at(4), at(12)}, Load: Reached{3, at(10), at(15)},
	}
	if fmt.Sprint(eu) != fmt.Sprint(want) {
		t.Errorf("eu is\n%+v, want\n%+v", eu, want)
	}
	if us := got["us"]; us.Tasks != 1 || us.Up.Tasks != 0 || !us.Asked.IsZero() || len(got) != 2 {
		t.Errorf("us is %+v of %d regions", us, len(got))
	}
}

func TestGroupReasons(t *testing.T) {
	t.Parallel()
	var tasks []Task
	for i := range 200 {
		tasks = append(tasks, Task{Name: fmt.Sprintf("eu-%d", i+1), Region: "eu", Reason: fmt.Sprintf("no room for eu-%d (%d of 200 asked for)", i+1, i+1)})
	}
	tasks = append(tasks, Task{Name: "us-1", Region: "us", Reason: "killed by signal 9"}, Task{Name: "us-2", Region: "us"})
	groups := GroupReasons(tasks)
	if len(groups) != 2 {
		t.Fatalf("%d groups: %v", len(groups), groups)
	}
	if got := groups[0].String(); got != "200 tasks in eu (eu-1, eu-2, …): no room for eu-1 (1 of 200 asked for)" {
		t.Errorf("the first is %q", got)
	}
	if got := groups[1].String(); !strings.HasPrefix(got, "us-1: killed") {
		t.Errorf("the second is %q", got)
	}
}
