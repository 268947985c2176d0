package api

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/load"
)

// startRun starts a run of shop by the API and returns its ID.
func (b *bench) startRun(t *testing.T) string {
	t.Helper()
	res, text := b.send(t, row{as: "operator", do: "POST /runs", body: source(t, shop)})
	var run load.Run
	if err := json.Unmarshal([]byte(text), &run); err != nil || res.StatusCode != 201 {
		t.Fatalf("POST /runs gave %d %s", res.StatusCode, text)
	}
	return run.ID
}

// move puts a run into a status, as control would.
func (b *bench) move(t *testing.T, id string, to load.Status) {
	t.Helper()
	_, err := b.store.UpdateRun(t.Context(), id, "", func(r *load.Run) error {
		r.Status = to
		if to == load.Running {
			now := b.clock()
			r.Started = &now
		}
		return nil
	})
	must(t, err)
}

func TestStartRun(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.startRun(t)
	run, err := b.store.Run(t.Context(), id)
	must(t, err)
	if run.Status != load.Queued || run.By != "operator" || run.Plan == nil || run.Plan.Tasks != 2 || run.Spec.Name != "shop" {
		t.Errorf("the run is %+v", run)
	}
	if !slices.Contains(b.plans.woken, id) {
		t.Error("control was not woken")
	}
	b.run(t, []row{
		{"first event", "viewer", "GET /runs/" + id + "/events", "", nil, 200, []string{`"seq":1`, "started by operator"}, nil},
		{"save", "operator", "PUT /scenarios/shop", source(t, shop), nil, 201, nil, nil},
		{"of a saved one", "operator", "POST /runs", `{"scenario":"shop","note":"n1"}`, nil, 201, []string{`"status":"queued"`, `"note":"n1"`, `"id":"r`}, nil},
		{"of an unknown one", "operator", "POST /runs", `{"scenario":"none"}`, nil, 404, nil, nil},
		{"that cannot run", "operator", "POST /runs", source(t, shop+"  - name: mars\n"), nil, 422, []string{"mars"}, nil},
		{"list", "viewer", "GET /runs?scenario=shop", "", nil, 200, []string{id, `"note":"n1"`}, []string{`"spec"`, `"plan"`}},
		{"next page", "viewer", "GET /runs?before=" + id, "", nil, 200, []string{`"runs":[]`}, nil},
		{"by status", "viewer", "GET /runs?status=running&status=ended", "", nil, 200, []string{`"runs":[]`}, nil},
		{"by one of two", "viewer", "GET /runs?status=ended&status=queued", "", nil, 200, []string{id}, nil},
		{"by no status", "viewer", "GET /runs?status=over", "", nil, 422, []string{"query.status"}, nil},
		{"the scenario tells of it", "viewer", "GET /scenarios", "", nil, 200, []string{`"last_run":{"id":"r`, `"note":"n1"`}, nil},
		{"get", "viewer", "GET /runs/" + id, "", nil, 200, []string{`"spec":`, `"plan":`, `"url":"http://127.0.0.1:8090/fast"`}, nil},
		{"unknown", "viewer", "GET /runs/none", "", nil, 404, []string{`"code":"not_found"`}, nil},
		{"unknown's events", "viewer", "GET /runs/none/events", "", nil, 404, nil, nil},
		{"unknown's tasks", "viewer", "GET /runs/none/tasks", "", nil, 404, nil, nil},
		{"tasks", "viewer", "GET /runs/" + id + "/tasks", "", nil, 200, []string{`"tasks":[]`}, nil},
	})
}

// TestRunKeepsItsScenario: saving the scenario anew changes no run.
func TestRunKeepsItsScenario(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.run(t, []row{
		{"save", "operator", "PUT /scenarios/shop", source(t, shop), nil, 201, nil, nil},
		{"start", "operator", "POST /runs", `{"scenario":"shop"}`, nil, 201, nil, nil},
		{"change", "operator", "PUT /scenarios/shop", source(t, strings.ReplaceAll(shop, "users: 3", "users: 4")), nil, 200, nil, nil},
	})
	runs, err := b.store.Runs(t.Context(), load.RunFilter{})
	must(t, err)
	b.run(t, []row{{"get", "viewer", "GET /runs/" + runs[0].ID, "", nil, 200, []string{`"users":3`}, []string{`"users":4`}}})
}

func TestRunControl(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.startRun(t)
	at := "/runs/" + id
	b.run(t, []row{
		{"pause too early", "operator", "POST " + at + "/pause", "", nil, 409, []string{"queued"}, nil},
		{"load too early", "operator", "POST " + at + "/load", `{"users":1}`, nil, 409, nil, nil},
		{"of an unknown one", "operator", "POST /runs/none/stop", `{}`, nil, 404, nil, nil},
	})
	b.move(t, id, load.Running)
	b.run(t, []row{
		{"users of each task", "operator", "POST " + at + "/load", `{"users":5}`, nil, 202, []string{`"kind":"level"`, `"level":10`, `"by":"operator"`, `"seq":1`}, nil},
		{"users of all", "operator", "POST " + at + "/load", `{"total_users":7}`, nil, 202, []string{`"level":7`}, nil},
		{"none at all", "operator", "POST " + at + "/load", `{"users":0}`, nil, 202, []string{`"kind":"level"`}, nil},
		{"a rate for users", "operator", "POST " + at + "/load", `{"rate":7}`, nil, 422, []string{"users or total_users"}, nil},
		{"two at once", "operator", "POST " + at + "/load", `{"users":1,"total_users":7}`, nil, 422, []string{"exactly one"}, nil},
		{"nothing", "operator", "POST " + at + "/load", `{}`, nil, 422, []string{"exactly one"}, nil},
		{"less than nothing", "operator", "POST " + at + "/load", `{"users":-1}`, nil, 422, []string{`"path":"users"`}, nil},
		{"pause", "operator", "POST " + at + "/pause", "", nil, 202, []string{`"kind":"pause"`}, nil},
		{"resume", "operator", "POST " + at + "/resume", "", nil, 202, []string{`"kind":"resume"`}, nil},
		{"drain is what stop means", "operator", "POST " + at + "/stop", "", nil, 202, []string{`"kind":"drain"`}, nil},
		{"stop now", "operator", "POST " + at + "/stop", `{"mode":"now"}`, nil, 202, []string{`"kind":"stop"`}, nil},
		{"no such mode", "operator", "POST " + at + "/stop", `{"mode":"soon"}`, nil, 422, []string{`"path":"mode"`}, nil},
		{"delete while it runs", "operator", "DELETE " + at, "", nil, 409, []string{"stop it first"}, nil},
	})
	intents, err := b.store.Intents(t.Context(), id, 0)
	must(t, err)
	if len(intents) != 7 {
		t.Errorf("%d intents are stored, want 7", len(intents))
	}
	b.move(t, id, load.Ended)
	b.run(t, []row{{"stop after its end", "operator", "POST " + at + "/stop", "", nil, 409, []string{"ended"}, nil}})
}

func TestResults(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.startRun(t)
	at := "/runs/" + id
	b.run(t, []row{
		{"report before the end", "viewer", "GET " + at + "/report", "", nil, 409, []string{"queued"}, nil},
		{"series before the start", "viewer", "GET " + at + "/series", "", nil, 200, []string{`"points":[]`}, nil},
		{"file before the end", "viewer", "GET " + at + "/series.parquet", "", nil, 409, nil, nil},
		{"log of nobody", "viewer", "GET " + at + "/tasks/local-1/log", "", nil, 404, nil, nil},
	})
	b.move(t, id, load.Running)
	b.run(t, []row{{"series of another server's run", "viewer", "GET " + at + "/series", "", nil, 503, nil, nil}})
	b.logs[id+"/local-1"] = "hello\n"
	b.run(t, []row{{"log of a live task", "viewer", "GET " + at + "/tasks/local-1/log", "", nil, 200, []string{"hello\n"}, nil}})

	delete(b.logs, id+"/local-1")
	const series = "0123456789"
	_, err := b.blob.Put(t.Context(), load.RunKey(id, "series.parquet"), strings.NewReader(series))
	must(t, err)
	_, err = b.blob.Put(t.Context(), load.RunKey(id, "logs/local-1.log"), strings.NewReader("kept log"))
	must(t, err)
	must(t, b.store.PutReport(t.Context(), id, &load.Report{Run: load.RunFacts{ID: id}, Total: load.Figures{Requests: 77}}))
	b.move(t, id, load.Ended)
	b.run(t, []row{
		{"report", "viewer", "GET " + at + "/report", "", nil, 200, []string{`"requests":77`}, nil},
		{"series", "viewer", "GET " + at + "/series?from=3&points=9", "", nil, 200, []string{`"step":9`, `"second":3`, `"requests":10`}, nil},
		{"series of task and label", "viewer", "GET " + at + "/series?task=a&label=b", "", nil, 422, nil, nil},
		{"file", "viewer", "GET " + at + "/series.parquet", "", nil, 200, []string{series}, nil},
		{"part of the file", "viewer", "GET " + at + "/series.parquet", "", map[string]string{"Range": "bytes=2-4"}, 206, []string{"234"}, []string{"5"}},
		{"kept log", "viewer", "GET " + at + "/tasks/local-1/log", "", nil, 200, []string{"kept log"}, nil},
		{"log outside", "viewer", "GET " + at + "/tasks/..%2f..%2fseries.parquet/log", "", nil, 404, nil, nil},
		{"delete", "operator", "DELETE " + at, "", nil, 204, nil, nil},
		{"gone", "viewer", "GET " + at, "", nil, 404, nil, nil},
	})
	for info := range b.blob.List(t.Context(), "runs/") {
		t.Errorf("deleting the run left %s", info.Key)
	}
	kept := b.startRun(t)
	_, err = b.store.UpdateRun(t.Context(), kept, "", func(r *load.Run) error { r.Status, r.Keep = load.Ended, true; return nil })
	must(t, err)
	b.run(t, []row{
		{"delete one to be kept", "operator", "DELETE /runs/" + kept, "", nil, 409, []string{"kept"}, nil},
		{"file of one that measured nothing", "viewer", "GET /runs/" + kept + "/series.parquet", "", nil, 404, nil, nil},
		{"series of it", "viewer", "GET /runs/" + kept + "/series", "", nil, 200, []string{`"points":[]`}, nil},
	})
}

// TestTasksOfARun changes the tasks of a run whose engine has no live control,
// and asks in vain where it has.
func TestTasksOfARun(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.startRun(t)
	b.move(t, id, load.Running)
	at := "/runs/" + id
	b.run(t, []row{
		{"of the http engine", "operator", "POST " + at + "/load", `{"tasks":3}`, nil, 409, []string{"users or rate instead"}, nil},
		{"region of users", "operator", "POST " + at + "/load", `{"users":3,"region":"eu"}`, nil, 422, []string{`"path":"region"`}, nil},
	})
	var region string
	_, err := b.store.UpdateRun(t.Context(), id, "", func(r *load.Run) error {
		r.Plan.Engine = load.EngineK6
		region = r.Plan.Regions[0].Name
		return nil
	})
	must(t, err)
	each := func() int { // users of a planned task
		run, err := b.store.Run(t.Context(), id)
		must(t, err)
		return run.Plan.Regions[0].Tasks[0].Users
	}()
	b.run(t, []row{
		{"tasks", "operator", "POST " + at + "/load", `{"tasks":3}`, nil, 202, []string{`"kind":"tasks"`, `:3}`}, nil},
		{"of a region", "operator", "POST " + at + "/load", `{"tasks":1,"region":"` + region + `"}`, nil, 202, []string{`"tasks":{"` + region + `":1}`}, nil},
		{"of no region", "operator", "POST " + at + "/load", `{"tasks":1,"region":"mars"}`, nil, 422, []string{"it has:"}, nil},
		{"more than there is room for", "operator", "POST " + at + "/load", `{"tasks":6}`, nil, 409, []string{"at most 5 tasks"}, nil},
		{"none", "operator", "POST " + at + "/load", `{"tasks":0}`, nil, 422, []string{"stop the run"}, nil},
		{"whole tasks by users", "operator", "POST " + at + "/load", fmt.Sprintf(`{"total_users":%d}`, 3*each), nil, 202, []string{`:3}`}, nil},
		{
			"half a task by users", "operator", "POST " + at + "/load", fmt.Sprintf(`{"total_users":%d}`, 2*each+1), nil, 422,
			[]string{"no live control", fmt.Sprintf("%d or %d", 2*each, 3*each)},
			nil,
		},
		{"a rate", "operator", "POST " + at + "/load", `{"rate":7}`, nil, 422, []string{"tasks or total_users"}, nil},
		{"two at once", "operator", "POST " + at + "/load", `{"rate":7,"tasks":1}`, nil, 422, []string{"exactly one"}, nil},
		{"pause", "operator", "POST " + at + "/pause", "", nil, 409, []string{"cannot pause"}, nil},
		{"as a viewer", "viewer", "POST " + at + "/load", `{"tasks":3}`, nil, 403, nil, nil},
	})
}
