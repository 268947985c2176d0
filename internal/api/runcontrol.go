package api

import (
	"context"
	"net/http"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/load"
)

func (a *api) registerRunControl() {
	const accepted = http.StatusAccepted
	handle(a, route{
		method: "POST", path: "/runs/{id}/stop", id: "stop-run", tag: "control", summary: "Stop a run; what was measured is kept",
		role: load.Operator, status: accepted,
	}, a.stopRun)
	handle(a, route{
		method: "POST", path: "/runs/{id}/load", id: "change-load", tag: "control", summary: "Change a running load to a new level until its end, or its number of tasks",
		role: load.Operator, status: accepted,
	}, a.changeLoad)
	handle(a, route{
		method: "POST", path: "/runs/{id}/pause", id: "pause-run", tag: "control", summary: "Pause a running load; its clock stops too",
		role: load.Operator, status: accepted,
	}, a.pauseRun)
	handle(a, route{
		method: "POST", path: "/runs/{id}/resume", id: "resume-run", tag: "control", summary: "Resume a paused load",
		role: load.Operator, status: accepted,
	}, a.resumeRun)
}

type stopIn struct {
	IDIn
	Body *wire.Stop
}

func (a *api) stopRun(ctx context.Context, in *stopIn) (*body[load.Intent], error) {
	kind := load.IntentDrain
	if in.Body != nil && in.Body.Mode == "now" {
		kind = load.IntentStop
	}
	return a.intend(ctx, load.Intent{Run: in.ID, Kind: kind})
}

type changeLoadIn struct {
	IDIn
	Body wire.LoadChange
}

func (a *api) changeLoad(ctx context.Context, in *changeLoadIn) (*body[load.Intent], error) {
	run, err := a.runningAny(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if in.Body.Tasks != nil || !load.ChangesLive(run.Plan.Engine) {
		return a.changeTasks(ctx, run, in.Body)
	}
	level, err := newLevel(run.Plan, in.Body)
	if err != nil {
		return nil, err
	}
	return a.intend(ctx, load.Intent{Run: in.ID, Kind: load.IntentLevel, Level: level})
}

// newLevel turns what was asked into the level of the whole run.
func newLevel(plan *load.Plan, ask wire.LoadChange) (float64, error) {
	given := 0
	for _, is := range []bool{ask.Users != nil, ask.TotalUsers != nil, ask.Rate != nil, ask.Tasks != nil} {
		if is {
			given++
		}
	}
	switch {
	case given != 1:
		return 0, oneProblem(load.Problem{Path: "users", Allowed: "exactly one of users, total_users, rate, tasks", Message: "say one new level"})
	case ask.Region != "":
		return 0, oneProblem(load.Problem{Path: "region", Found: ask.Region, Allowed: "region with tasks", Message: "users and rates are those of the whole run: leave region out, or change tasks"})
	case plan.Model == load.Open && ask.Rate == nil:
		return 0, oneProblem(load.Problem{Path: "rate", Allowed: "rate", Message: "this run's load is a rate, not a number of users"})
	case plan.Model == load.Closed && ask.Rate != nil:
		return 0, oneProblem(load.Problem{Path: "rate", Allowed: "users or total_users", Message: "this run's load is a number of users, not a rate"})
	case ask.Rate != nil:
		return *ask.Rate, nil
	case ask.TotalUsers != nil:
		return float64(*ask.TotalUsers), nil
	}
	return float64(*ask.Users * plan.Tasks), nil
}

func (a *api) pauseRun(ctx context.Context, in *IDIn) (*body[load.Intent], error) {
	if _, err := a.running(ctx, in.ID); err != nil {
		return nil, err
	}
	return a.intend(ctx, load.Intent{Run: in.ID, Kind: load.IntentPause})
}

func (a *api) resumeRun(ctx context.Context, in *IDIn) (*body[load.Intent], error) {
	if _, err := a.running(ctx, in.ID); err != nil {
		return nil, err
	}
	return a.intend(ctx, load.Intent{Run: in.ID, Kind: load.IntentResume})
}

// running returns a run whose load can be changed live.
func (a *api) running(ctx context.Context, id string) (load.Run, error) {
	run, err := a.runningAny(ctx, id)
	if err == nil && !load.ChangesLive(run.Plan.Engine) {
		err = load.Errorf(load.Conflict, "%s cannot pause its load while it runs: take tasks away, or stop the run", run.Plan.Engine)
	}
	return run, err
}

// runningAny returns a run that runs.
func (a *api) runningAny(ctx context.Context, id string) (load.Run, error) {
	run, err := a.Store.Run(ctx, id)
	if err != nil {
		return run, err
	}
	if run.Status != load.Running || run.Plan == nil {
		return run, load.Errorf(load.Conflict, "run %s is %s: only a running one can be changed", id, run.Status)
	}
	return run, nil
}

// intend writes down what the caller asks of a run; its owner does it.
func (a *api) intend(ctx context.Context, in load.Intent) (*body[load.Intent], error) {
	in.By, in.At = caller(ctx).User, a.Now().UTC()
	in, err := a.Store.AddIntent(ctx, in)
	if err != nil {
		return nil, err
	}
	a.Log.InfoContext(ctx, "run changed", "user", in.By, "run", in.Run, "intent", in.Kind, "level", in.Level, "tasks", in.Tasks)
	a.Control.Wake(in.Run)
	return answer(in), nil
}
