package api

import (
	"context"
	"errors"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/scenfile"
)

func (a *api) registerScenarios() {
	handle(a, route{method: "GET", path: "/scenarios", id: "list-scenarios", tag: "scenarios", summary: "List scenarios by name", role: load.Viewer}, a.listScenarios)
	handle(a, route{method: "GET", path: "/scenarios/{name}", id: "get-scenario", tag: "scenarios", summary: "Get a scenario", role: load.Viewer}, a.getScenario)
	handle(a, route{
		method: "PUT", path: "/scenarios/{name}", id: "put-scenario", tag: "scenarios", summary: "Save a scenario under its name",
		description: "Saving what is there already changes nothing. 201 tells that the name is new. " +
			"Secrets of auth are kept and shown as ***; a source that says *** keeps what was saved.",
		role: load.Operator, maxBody: draftBody, describe: a.describePut,
	}, a.putScenario)
	handle(a, route{
		method: "DELETE", path: "/scenarios/{name}", id: "delete-scenario", tag: "scenarios", summary: "Remove a scenario; its runs stay",
		role: load.Operator, status: http.StatusNoContent,
	}, a.deleteScenario)
	handle(a, route{
		method: "POST", path: "/scenarios/check", id: "check-scenario", tag: "scenarios", summary: "Find all faults of a scenario without saving it",
		role: load.Viewer, maxBody: draftBody,
	}, a.checkScenario)
}

type listScenariosIn struct {
	Tag    string `query:"tag" doc:"Only with this tag."`
	Search string `query:"search" doc:"Only those whose name holds this text."`
	After  string `query:"after" doc:"Only names after this one: the next page."`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

func (a *api) listScenarios(ctx context.Context, in *listScenariosIn) (*body[wire.ScenarioList], error) {
	f := load.ScenarioFilter{Tag: in.Tag, Search: in.Search, After: in.After, Limit: in.Limit}
	recs, err := a.Store.Scenarios(ctx, f)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(recs))
	for i, r := range recs {
		names[i] = r.Name
	}
	last, err := a.Store.LastRuns(ctx, names)
	if err != nil {
		return nil, err
	}
	out := wire.ScenarioList{Scenarios: make([]wire.ScenarioItem, len(recs)), More: len(recs) == in.Limit}
	for i, r := range recs {
		out.Scenarios[i].ScenarioRecord = hideSecrets(r)
		if run, ok := last[r.Name]; ok {
			item := wire.ItemOf(run)
			out.Scenarios[i].LastRun = &item
		}
	}
	return answer(out), nil
}

func (a *api) getScenario(ctx context.Context, in *NameIn) (*body[load.ScenarioRecord], error) {
	rec, err := a.Store.Scenario(ctx, in.Name)
	return answer(hideSecrets(rec)), err
}

type putScenarioIn struct {
	NameIn
	Body wire.ScenarioBody
}

type putScenarioOut struct {
	Status int
	Body   wire.SavedScenario
}

// describePut documents the second status of success.
func (a *api) describePut(op *huma.Operation) {
	saved := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[wire.SavedScenario](), true, "")
	op.Responses = map[string]*huma.Response{"201": {
		Description: "Created", Content: map[string]*huma.MediaType{"application/json": {Schema: saved}},
	}}
}

func (a *api) putScenario(ctx context.Context, in *putScenarioIn) (*putScenarioOut, error) {
	s, files, err := a.read(ctx, in.Body.Source, in.Body.Files)
	if err != nil {
		return nil, err
	}
	if s.Name != in.Name {
		return nil, oneProblem(load.Problem{
			Path: "name", Found: s.Name, Allowed: in.Name,
			Message: "the scenario's name is not the one that it is to be saved under",
		})
	}
	source, err := scenfile.Hide(in.Body.Source, s)
	if err != nil {
		return nil, err
	}
	rec, created, changed, err := a.Store.PutScenario(ctx, load.ScenarioRecord{
		Name: s.Name, Source: source, Files: files, Scenario: s,
		By: caller(ctx).User, Updated: a.Now().UTC(),
	})
	if err != nil {
		return nil, err
	}
	out := &putScenarioOut{http.StatusOK, wire.SavedScenario{ScenarioRecord: hideSecrets(rec), Changed: changed}}
	if created {
		out.Status = http.StatusCreated
	}
	if changed {
		a.Log.InfoContext(ctx, "scenario saved", "user", rec.By, "scenario", rec.Name, "version", rec.Version)
	}
	return out, nil
}

func (a *api) deleteScenario(ctx context.Context, in *NameIn) (*none, error) {
	if err := a.Store.DeleteScenario(ctx, in.Name); err != nil {
		return nil, err
	}
	a.Log.InfoContext(ctx, "scenario deleted", "user", caller(ctx).User, "scenario", in.Name)
	return &none{}, nil
}

// checkScenario answers with the faults instead of failing with them.
func (a *api) checkScenario(ctx context.Context, in *struct{ Body wire.ScenarioBody }) (*body[wire.Checked], error) {
	s, _, err := a.read(ctx, in.Body.Source, in.Body.Files)
	if err == nil {
		s = load.Masked(s)
		return answer(wire.Checked{Problems: []load.Problem{}, Scenario: &s}), nil
	}
	var known *load.Error
	if !errors.As(err, &known) || known.Code != load.Invalid {
		return nil, err
	}
	if len(known.Problems) == 0 { // a text that is no YAML at all
		known.Problems = []load.Problem{{Message: known.Message}}
	}
	return answer(wire.Checked{Problems: known.Problems}), nil
}
