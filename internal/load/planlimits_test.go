package load_test

import (
	"testing"

	"onrush.dev/onrush/internal/load"
)

// A task without users would never use up its part of a limit, and the run
// would never end.
func TestLimitsGoToTasksWithUsers(t *testing.T) {
	t.Parallel()
	plan, err := load.NewPlan(load.PlanInput{
		Scenario: load.Scenario{
			Name: "few", Requests: []load.Request{{URL: "http://127.0.0.1/"}},
			Regions: []load.RegionLoad{{Name: "eu", Tasks: 2}, {Name: "us", Tasks: 3}},
			Load:    load.Load{TotalUsers: 3, Requests: 100, Iterations: 50},
		},
		Regions: map[string]load.Region{"eu": {Name: "eu", Driver: "local"}, "us": {Name: "us", Driver: "local"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	users, requests, iterations := 0, int64(0), int64(0)
	for _, region := range plan.Regions {
		for _, task := range region.Tasks {
			users += task.Users
			requests += task.Requests
			iterations += task.Iterations
			if (task.Users == 0) != (task.Requests == 0) || (task.Users == 0) != (task.Iterations == 0) {
				t.Errorf("task %s has %d users, %d requests, %d iterations", task.Name, task.Users, task.Requests, task.Iterations)
			}
		}
	}
	if users != 3 || requests != 100 || iterations != 50 {
		t.Errorf("the tasks have %d users, %d requests, %d iterations, want 3, 100, 50", users, requests, iterations)
	}
}
