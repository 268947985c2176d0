package storetest

import (
	"sync"
	"testing"
	"time"

	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/store"
)

func testEvents(t *testing.T, newDSN func(testing.TB) string) {
	dsn := newDSN(t)
	a, b := open(t, dsn), open(t, dsn)
	createRun(t, a, newRun("r", noon()))
	createRun(t, a, newRun("other", noon()))
	want, err := a.AddEvent(t.Context(), load.Event{Run: "r", At: noon(), Kind: "task", Task: "eu-1", Text: "up"})
	must(t, err)
	if want.Seq != 1 {
		t.Errorf("the first event has seq %d", want.Seq)
	}
	got, err := b.Events(t.Context(), "r", 0)
	must(t, err)
	same(t, got, []load.Event{want})

	const each = 15
	var wg sync.WaitGroup
	for _, s := range []*store.Store{a, b} {
		wg.Go(func() {
			for range each {
				if _, err := s.AddEvent(t.Context(), load.Event{Run: "r", Text: "x"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	got, err = a.Events(t.Context(), "r", 1)
	must(t, err)
	if len(got) != 2*each {
		t.Fatalf("%d events, want %d", len(got), 2*each)
	}
	for i, e := range got {
		if e.Seq != int64(i+2) || e.At.IsZero() {
			t.Fatalf("event %d has seq %d, at %v", i, e.Seq, e.At)
		}
	}
	torn, err := a.AddEvent(t.Context(), load.Event{Run: "r", Task: "eu-\x00", Text: "signal \xff\x00"})
	must(t, err) // what a task leaves behind need not be text
	if got, err = b.Events(t.Context(), "r", torn.Seq-1); err != nil || len(got) != 1 || got[0].Text != "signal \uFFFD\uFFFD" {
		t.Errorf("a torn text was kept as %+v, %v", got, err)
	}
	if got, err = a.Events(t.Context(), "other", 0); len(got) != 0 || err != nil {
		t.Errorf("another run has %v, %v", got, err)
	}
	_, err = a.AddEvent(t.Context(), load.Event{Run: "none"})
	wantCode(t, err, load.NotFound)
}

func testIntents(t *testing.T, newDSN func(testing.TB) string) {
	s := open(t, newDSN(t))
	createRun(t, s, newRun("r", noon()))
	var want []load.Intent
	for _, in := range []load.Intent{
		{Run: "r", Kind: load.IntentLevel, Level: 12.5, By: "ann", At: noon()},
		{Run: "r", Kind: load.IntentDrain, By: "bob", At: noon().Add(time.Second)},
	} {
		saved, err := s.AddIntent(t.Context(), in)
		must(t, err)
		in.Seq = int64(len(want) + 1)
		same(t, saved, in)
		want = append(want, in)
	}
	for after := range want {
		got, err := s.Intents(t.Context(), "r", int64(after))
		must(t, err)
		same(t, got, want[after:])
	}
	end(t, s, "r")
	_, err := s.AddIntent(t.Context(), load.Intent{Run: "r", Kind: load.IntentStop})
	wantCode(t, err, load.Conflict)
	_, err = s.AddIntent(t.Context(), load.Intent{Run: "none", Kind: load.IntentStop})
	wantCode(t, err, load.NotFound)
}

func testReports(t *testing.T, newDSN func(testing.TB) string) {
	s := open(t, newDSN(t))
	createRun(t, s, newRun("r", noon()))
	_, err := s.Report(t.Context(), "r")
	wantCode(t, err, load.NotFound)
	want := &load.Report{
		Run:    load.RunFacts{ID: "r", Outcome: load.Degraded, Created: noon()},
		Total:  load.Figures{Requests: 1 << 60, LatencyMS: load.Latency{P999: 0.1}, StatusCodes: map[string]int64{"200": 3}},
		Labels: map[string]load.Figures{"GET /ü": {Failures: 1}},
	}
	for _, note := range []string{"first", "second"} {
		want.Notes = []string{note}
		must(t, s.PutReport(t.Context(), "r", want))
		got, err := s.Report(t.Context(), "r")
		must(t, err)
		same(t, got, want)
	}
	wantCode(t, s.PutReport(t.Context(), "none", want), load.NotFound)
}
