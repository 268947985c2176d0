package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/store"
)

func testRuns(t *testing.T, newDSN func(testing.TB) string) {
	s := open(t, newDSN(t))
	t.Run("RoundTrip", func(t *testing.T) { runRoundTrip(t, s) })
	t.Run("Update", func(t *testing.T) { updateRun(t, s) })
	t.Run("Delete", func(t *testing.T) { deleteRun(t, s) })
	t.Run("List", func(t *testing.T) { listRuns(t, open(t, newDSN(t))) })
}

func fullRun() load.Run {
	started := noon().Add(time.Second)
	r := newRun("full", noon())
	r.Note, r.By, r.Cause, r.Applied, r.Keep = "a note", "ann", []string{"outer", "inner"}, 7, true
	r.Started = &started
	r.Changes = []load.Change{{At: load.Duration(1500 * time.Millisecond), Kind: load.ChangeLevel, Level: 2.5}}
	r.Spec = load.Scenario{Name: "shop", Requests: []load.Request{{URL: "http://127.0.0.1/"}}, Load: load.Load{Users: 3, Duration: load.Duration(time.Minute)}}
	r.Files = map[string]string{"a.csv": "00"}
	r.Plan = &load.Plan{Scenario: "shop", Tasks: 2, Model: load.Closed, Profile: load.Profile{Points: []load.Point{{At: 0, Level: 6}}}}
	return r
}

func runRoundTrip(t *testing.T, s *store.Store) {
	want := createRun(t, s, fullRun())
	got, err := s.Run(t.Context(), want.ID)
	must(t, err)
	same(t, got, want)
	wantCode(t, s.CreateRun(t.Context(), want), load.Conflict)
	_, err = s.Run(t.Context(), "none")
	wantCode(t, err, load.NotFound)

	list, err := s.Runs(t.Context(), load.RunFilter{})
	must(t, err)
	want.Spec, want.Files, want.Plan = load.Scenario{}, nil, nil
	same(t, list, []load.Run{want})
}

func updateRun(t *testing.T, s *store.Store) {
	createRun(t, s, newRun("u", noon()))
	got, err := s.UpdateRun(t.Context(), "u", "", func(r *load.Run) error {
		r.Status, r.Note = load.Running, "changed"
		return nil
	})
	must(t, err)
	read, err := s.Run(t.Context(), "u")
	must(t, err)
	same(t, read, got)
	if read.Status != load.Running || read.Note != "changed" {
		t.Errorf("the change was not kept: %+v", read)
	}
	refusal := errors.New("no")
	_, err = s.UpdateRun(t.Context(), "u", "", func(r *load.Run) error {
		r.Note = "lost"
		return refusal
	})
	if !errors.Is(err, refusal) {
		t.Errorf("got error %v, want the change's own", err)
	}
	if read, _ = s.Run(t.Context(), "u"); read.Note != "changed" {
		t.Errorf("a refused change left %q", read.Note)
	}
	_, err = s.UpdateRun(t.Context(), "u", "", func(r *load.Run) error { r.ID = "v"; return nil })
	if err == nil || !strings.Contains(err.Error(), "ID") {
		t.Errorf("a change of the ID gave %v", err)
	}
	_, err = s.UpdateRun(t.Context(), "none", "", func(*load.Run) error { return nil })
	wantCode(t, err, load.NotFound)
}

func deleteRun(t *testing.T, s *store.Store) {
	r := createRun(t, s, newRun("d", noon()))
	must(t, s.PutTasks(t.Context(), []load.Task{{Run: "d", Name: "eu-1"}}))
	must(t, s.PutReport(t.Context(), "d", &load.Report{}))
	if _, err := s.AddEvent(t.Context(), load.Event{Run: "d", Text: "x"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.AddIntent(t.Context(), load.Intent{Run: "d", Kind: load.IntentStop}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, s.DeleteRun(t.Context(), r.ID), load.Conflict)
	end(t, s, "d")
	must(t, s.DeleteRun(t.Context(), "d"))
	wantCode(t, s.DeleteRun(t.Context(), "d"), load.NotFound)

	createRun(t, s, r) // one of the same name must find nothing of the old one
	tasks, err1 := s.Tasks(t.Context(), "d")
	events, err2 := s.Events(t.Context(), "d", 0)
	intents, err3 := s.Intents(t.Context(), "d", 0)
	if len(tasks)+len(events)+len(intents) > 0 || errors.Join(err1, err2, err3) != nil {
		t.Errorf("left over: %v %v %v %v", tasks, events, intents, errors.Join(err1, err2, err3))
	}
	_, err := s.Report(t.Context(), "d")
	wantCode(t, err, load.NotFound)
}

func end(t *testing.T, s *store.Store, id string) {
	t.Helper()
	_, err := s.UpdateRun(t.Context(), id, "", func(r *load.Run) error { r.Status = load.Ended; return nil })
	must(t, err)
}

func listRuns(t *testing.T, s *store.Store) {
	for i := range 6 {
		r := newRun(fmt.Sprintf("r%d", i), noon().Add(time.Duration(i/2)*time.Second)) // pairs of one instant
		if i%2 == 1 {
			r.Scenario = "api"
		}
		if i >= 4 {
			r.Status = load.Ended
		}
		createRun(t, s, r)
	}
	for _, tt := range []struct {
		name   string
		filter load.RunFilter
		want   string
	}{
		{"newest first", load.RunFilter{}, "r5 r4 r3 r2 r1 r0"},
		{"scenario", load.RunFilter{Scenario: "api"}, "r5 r3 r1"},
		{"one status", load.RunFilter{Status: []load.Status{load.Ended}}, "r5 r4"},
		{"two statuses", load.RunFilter{Status: []load.Status{load.Ended, load.Queued}, Scenario: "shop"}, "r4 r2 r0"},
		{"first page", load.RunFilter{Limit: 3}, "r5 r4 r3"},
		{"next page, within an instant", load.RunFilter{Limit: 2, Before: "r3"}, "r2 r1"},
		{"last page", load.RunFilter{Before: "r0"}, ""},
		{"after a run that is gone", load.RunFilter{Before: "none"}, ""},
	} {
		list, err := s.Runs(t.Context(), tt.filter)
		must(t, err)
		var ids []string
		for _, r := range list {
			ids = append(ids, r.ID)
		}
		if got := strings.Join(ids, " "); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	last, err := s.LastRuns(t.Context(), []string{"shop", "api", "none"})
	must(t, err)
	if len(last) != 2 || last["shop"].ID != "r4" || last["api"].ID != "r5" {
		t.Errorf("last runs are %v", last)
	}
}

func testTasks(t *testing.T, newDSN func(testing.TB) string) {
	s := open(t, newDSN(t))
	createRun(t, s, newRun("t", noon()))
	var want []load.Task
	for i := range 450 { // more than fit in one statement
		want = append(want, load.Task{Run: "t", Name: fmt.Sprintf("eu-%d", i+1), Region: "eu", Index: i, Status: load.TaskPlanned})
	}
	shuffled := slices.Clone(want)
	slices.Reverse(shuffled)
	must(t, s.PutTasks(t.Context(), shuffled))
	same(t, tasks(t, s), want)

	skew := 1.5
	want[3].Status, want[3].Reason, want[3].SkewMS, want[3].Sent = load.TaskLost, "gone", &skew, 42
	replacement := want[3]
	replacement.Attempt, replacement.Status = 1, load.TaskStarting
	stale := want[3]
	stale.Status = load.TaskRunning
	must(t, s.PutTasks(t.Context(), []load.Task{replacement, stale, want[3]})) // the last word on a task counts
	want = slices.Insert(want, 4, replacement)
	same(t, tasks(t, s), want)

	must(t, s.PutTasks(t.Context(), nil))
	wantCode(t, s.PutTasks(t.Context(), []load.Task{{Run: "none", Name: "x"}}), load.NotFound)
}

func tasks(t *testing.T, s *store.Store) []load.Task {
	t.Helper()
	list, err := s.Tasks(t.Context(), "t")
	must(t, err)
	return list
}
