package load

import (
	"fmt"
	"strings"
	"testing"
)

// scriptPlan is a plan of a script with this many users, over tasks in eu and us.
func scriptPlan(t *testing.T, users, eu, us int) *Plan {
	t.Helper()
	in := input(scenario(func(s *Scenario) {
		s.Engine, s.Script, s.Requests, s.Load = EngineK6, "a.js", nil, Load{}
		s.Regions = []RegionLoad{{Name: "eu", Tasks: eu}}
		if us > 0 {
			s.Regions = append(s.Regions, RegionLoad{Name: "us", Tasks: us})
		}
	}))
	in.Script = &ScriptFacts{Users: users, Duration: 60e9}
	return mustPlan(t, in)
}

func names(r PlanRegion) string {
	var out []string
	for _, i := range r.staying() {
		out = append(out, fmt.Sprintf("%s:%d", r.Tasks[i].Name, r.Tasks[i].Users))
	}
	return strings.Join(out, " ")
}

func TestChangeTasks(t *testing.T) {
	t.Parallel()
	p := scriptPlan(t, 25, 2, 1) // 9, 8, 8
	steps := []struct {
		want       map[string]int
		more, less int
		eu, us     string
	}{
		{map[string]int{"eu": 4}, 2, 0, "eu-1:9 eu-2:8 eu-3:9 eu-4:8", "us-1:8"},
		{map[string]int{"eu": 3, "us": 2}, 1, 1, "eu-1:9 eu-2:8 eu-3:9", "us-1:8 us-2:8"},
		{map[string]int{"eu": 1}, 0, 2, "eu-1:9", "us-1:8 us-2:8"},
		{map[string]int{"eu": 2}, 1, 0, "eu-1:9 eu-5:8", "us-1:8 us-2:8"}, // the share of eu-2, which left
		{map[string]int{"us": 0}, 0, 2, "eu-1:9 eu-5:8", ""},
		{map[string]int{"eu": 2}, 0, 0, "eu-1:9 eu-5:8", ""},
	}
	for _, s := range steps {
		if more, less := p.ChangeTasks(s.want, 7e9); more != s.more || less != s.less || names(p.Regions[0]) != s.eu || names(p.Regions[1]) != s.us {
			t.Errorf("to %v: %d come, %d go, eu is %q, us %q; want %+v", s.want, more, less, names(p.Regions[0]), names(p.Regions[1]), s)
		}
	}
	seen := map[int]bool{}
	for _, task := range tasksOf(p) {
		if seen[task.Index] {
			t.Errorf("index %d stands there twice", task.Index)
		}
		seen[task.Index] = true
		if order := p.Order(task); order.Count != 3 || order.Region != strings.Split(task.Name, "-")[0] {
			t.Errorf("the order of %s is one of %d tasks in %s", task.Name, order.Count, order.Region)
		}
	}
}

// TestSpread: what the plan began with, and nothing lost or made up on the way.
func TestSpread(t *testing.T) {
	t.Parallel()
	p := scriptPlan(t, 100, 3, 1)
	for n := 1; n <= 40; n++ {
		s := p.Spread(n)
		if s["eu"]+s["us"] != n || s["eu"] < s["us"] {
			t.Errorf("%d tasks are spread as %v", n, s)
		}
		if n%4 == 0 && (s["eu"] != 3*n/4) {
			t.Errorf("%d tasks are spread as %v, planned were 3 to 1", n, s)
		}
	}
}

func TestTasksForUsers(t *testing.T) {
	t.Parallel()
	p := scriptPlan(t, 20, 2, 0)
	if got, err := p.TasksForUsers(50); err != nil || got["eu"] != 5 {
		t.Errorf("50 users in tasks of 10: %v, %v", got, err)
	}
	for users, want := range map[int]string{45: "40 or 50", 3: "10", 0: "10"} {
		if got, err := p.TasksForUsers(users); ErrorCode(err) != Invalid || Problems(err)[0].Allowed != want || !strings.Contains(err.Error(), want+" can") {
			t.Errorf("%d users in tasks of 10: %v, %v; want %s named", users, got, err, want)
		}
	}
	if _, err := scriptPlan(t, 0, 2, 0).TasksForUsers(10); ErrorCode(err) != Conflict {
		t.Errorf("users of a script that was not read: %v", err)
	}
}

func TestCheckTasks(t *testing.T) {
	t.Parallel()
	p := scriptPlan(t, 20, 2, 1)
	for _, test := range []struct {
		want map[string]int
		text string
	}{
		{map[string]int{"eu": 9}, ""},
		{map[string]int{"eu": 0}, ""},
		{map[string]int{"eu": 0, "us": 0}, "stop the run instead"},
		{map[string]int{"asia": 1}, "it has: eu, us"},
		{map[string]int{"eu": -1}, "found -1"},
		{map[string]int{"eu": MaxTasks}, "at most 10000"},
	} {
		err := p.CheckTasks(test.want)
		if (err == nil) != (test.text == "") || err != nil && !strings.Contains(err.Error(), test.text) {
			t.Errorf("%v: %v, want %q", test.want, err, test.text)
		}
	}
	p.Data = []PlanData{{Name: "users", Sharing: DataUnique}}
	if err := p.CheckTasks(map[string]int{"eu": 3}); err == nil || !strings.Contains(err.Error(), "unique") {
		t.Errorf("a task more of unique data: %v", err)
	}
	p.Engine = EngineHTTP
	if err := p.CheckTasks(map[string]int{"eu": 3}); err == nil || !strings.Contains(err.Error(), "users or rate instead") {
		t.Errorf("tasks of the http engine: %v", err)
	}
}
