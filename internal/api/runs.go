package api

import (
	"context"
	"net/http"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/blob"
	"onrush.dev/onrush/internal/load"
)

func (a *api) registerRuns() {
	handle(a, route{
		method: "POST", path: "/runs", id: "start-run", tag: "runs", summary: "Start a run",
		description: "The run keeps its own copy of the scenario, its files and the plan. It is planned before this answers, so what cannot run is refused here.",
		role:        load.Operator, status: http.StatusCreated, maxBody: draftBody,
	}, a.startRun)
	handle(a, route{method: "GET", path: "/runs", id: "list-runs", tag: "runs", summary: "List runs, newest first", role: load.Viewer}, a.listRuns)
	handle(a, route{method: "GET", path: "/runs/{id}", id: "get-run", tag: "runs", summary: "Get a run", role: load.Viewer}, a.getRun)
	handle(a, route{
		method: "DELETE", path: "/runs/{id}", id: "delete-run", tag: "runs", summary: "Remove an ended run with all that was measured",
		role: load.Operator, status: http.StatusNoContent,
	}, a.deleteRun)
	handle(a, route{method: "GET", path: "/runs/{id}/events", id: "list-events", tag: "runs", summary: "List what happened to a run", role: load.Viewer}, a.listEvents)
	handle(a, route{method: "GET", path: "/runs/{id}/tasks", id: "list-tasks", tag: "runs", summary: "List a run's tasks, replaced ones too", role: load.Viewer}, a.listTasks)
}

func (a *api) startRun(ctx context.Context, in *struct{ Body wire.RunStart }) (*body[load.Run], error) {
	s, files, err := a.resolve(ctx, in.Body.Draft)
	if err != nil {
		return nil, err
	}
	plan, err := a.Control.Plan(ctx, s, files)
	if err != nil {
		return nil, err
	}
	secrets, err := secretsOf(s, in.Body.Secrets)
	if err != nil {
		return nil, err
	}
	now := a.Now().UTC()
	by := caller(ctx).User
	run := load.Run{
		ID: load.NewRunID(now), Scenario: s.Name, Note: in.Body.Note, Status: load.Queued, By: by,
		Created: now, Since: now, Spec: load.WithDefaults(s), Files: files, Plan: plan,
	}
	if len(secrets) > 0 {
		if err := a.KeepSecrets(ctx, run.ID, secrets); err != nil {
			return nil, err
		}
	}
	if err := a.Store.CreateRun(ctx, run); err != nil {
		return nil, err
	}
	if _, err := a.Store.AddEvent(ctx, load.Event{Run: run.ID, At: now, Kind: "status", Text: "queued: started by " + by}); err != nil {
		// The run is there and will start: an error now would make its caller start another.
		a.Log.ErrorContext(ctx, "cannot record the start of a run", "run", run.ID, "err", err)
	}
	a.Log.InfoContext(ctx, "run started", "user", by, "run", run.ID, "scenario", run.Scenario)
	a.Control.Wake(run.ID)
	return answer(hideRunSecrets(run)), nil
}

type listRunsIn struct {
	Scenario string   `query:"scenario" doc:"Only runs of this scenario."`
	Status   []string `query:"status,explode" enum:"queued,provisioning,ready,running,cancelling,finishing,ended" doc:"Only runs with one of these statuses."`
	Check    string   `query:"check" doc:"The runs that prove this region, which lists leave out else."`
	Before   string   `query:"before" doc:"Only runs older than this one: the next page."`
	Limit    int      `query:"limit" minimum:"1" maximum:"1000" default:"50"`
}

func (a *api) listRuns(ctx context.Context, in *listRunsIn) (*body[wire.RunList], error) {
	f := load.RunFilter{Scenario: in.Scenario, Check: in.Check, Before: in.Before, Limit: in.Limit}
	for _, s := range in.Status {
		f.Status = append(f.Status, load.Status(s))
	}
	list, err := a.Store.Runs(ctx, f)
	if err != nil {
		return nil, err
	}
	out := wire.RunList{Runs: make([]wire.RunItem, len(list)), More: len(list) == in.Limit}
	for i, r := range list {
		out.Runs[i] = wire.ItemOf(r)
	}
	return answer(out), nil
}

func (a *api) getRun(ctx context.Context, in *IDIn) (*body[load.Run], error) {
	run, err := a.Store.Run(ctx, in.ID)
	return answer(hideRunSecrets(run)), err
}

func (a *api) deleteRun(ctx context.Context, in *IDIn) (*none, error) {
	run, err := a.Store.Run(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if run.Status != load.Ended {
		return nil, load.Errorf(load.Conflict, "run %s is %s: stop it first", run.ID, run.Status)
	}
	if run.Keep {
		return nil, load.Errorf(load.Conflict, "run %s is marked to be kept", run.ID)
	}
	if err := DeleteRun(ctx, a.Blob, a.Store, run.ID); err != nil {
		return nil, err
	}
	a.Log.InfoContext(ctx, "run deleted", "user", caller(ctx).User, "run", run.ID)
	return &none{}, nil
}

// DeleteRun removes an ended run: its files first, so that should the server die
// in between, the run is still there to be deleted again.
func DeleteRun(ctx context.Context, bucket blob.Bucket, store interface {
	DeleteRun(ctx context.Context, id string) error
}, id string,
) error {
	for info, err := range bucket.List(ctx, load.RunKey(id, "")) {
		if err == nil {
			err = bucket.Delete(ctx, info.Key)
		}
		if err != nil {
			return err
		}
	}
	return store.DeleteRun(ctx, id)
}

type listEventsIn struct {
	IDIn
	After int64 `query:"after" minimum:"0" doc:"Only events with a higher seq."`
}

func (a *api) listEvents(ctx context.Context, in *listEventsIn) (*body[wire.EventList], error) {
	if _, err := a.Store.Run(ctx, in.ID); err != nil {
		return nil, err
	}
	list, err := a.Store.Events(ctx, in.ID, in.After)
	return answer(wire.EventList{Events: list}), err
}

func (a *api) listTasks(ctx context.Context, in *IDIn) (*body[wire.TaskList], error) {
	if _, err := a.Store.Run(ctx, in.ID); err != nil {
		return nil, err
	}
	list, err := a.Store.Tasks(ctx, in.ID)
	return answer(wire.TaskList{Tasks: list}), err
}
