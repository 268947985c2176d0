package api

import (
	"context"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/load"
)

// changeTasks adds tasks to a running run or takes some away. For an engine
// without live control, a number of users that is a whole number of tasks is
// one of tasks.
func (a *api) changeTasks(ctx context.Context, run load.Run, ask wire.LoadChange) (*body[load.Intent], error) {
	want, err := wantedTasks(run.Plan, ask)
	if err != nil {
		return nil, err
	}
	if err := run.Plan.CheckTasks(want); err != nil {
		return nil, err
	}
	has := run.Plan.Staying()
	for region, tasks := range want {
		if more := tasks - has[region]; more > 0 {
			if err := a.Control.Room(ctx, region, tasks, more); err != nil {
				return nil, err
			}
		}
	}
	return a.intend(ctx, load.Intent{Run: run.ID, Kind: load.IntentTasks, Tasks: want})
}

// wantedTasks is how many tasks regions shall have.
func wantedTasks(plan *load.Plan, ask wire.LoadChange) (map[string]int, error) {
	if ask.Tasks != nil {
		if ask.Users != nil || ask.TotalUsers != nil || ask.Rate != nil {
			return nil, oneProblem(load.Problem{Path: "tasks", Allowed: "exactly one of users, total_users, rate, tasks", Message: "say one new level"})
		}
		if ask.Region != "" {
			return map[string]int{ask.Region: *ask.Tasks}, nil
		}
		return plan.Spread(*ask.Tasks), nil
	}
	if ask.Rate != nil {
		return nil, oneProblem(load.Problem{Path: "rate", Allowed: "tasks or total_users", Message: plan.Engine + " has no live control, so its load changes with whole tasks, not by a rate"})
	}
	level, err := newLevel(plan, ask)
	if err != nil {
		return nil, err
	}
	return plan.TasksForUsers(int(level))
}
