package storetest

import (
	"sync"
	"testing"

	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/store"
)

func record(name, source string, tags ...string) load.ScenarioRecord {
	return load.ScenarioRecord{
		Name: name, Source: source, By: "ann", Updated: noon(),
		Files:    map[string]string{"users.csv": "aa"},
		Scenario: load.Scenario{Name: name, Tags: tags, Requests: []load.Request{{URL: "http://127.0.0.1/'\"\x00ü"}}},
	}
}

func testScenarios(t *testing.T, newDSN func(testing.TB) string) {
	s := open(t, newDSN(t))
	t.Run("PutIsIdempotent", func(t *testing.T) { putIsIdempotent(t, s) })
	t.Run("List", func(t *testing.T) { listScenarios(t, s) })
	t.Run("Delete", func(t *testing.T) {
		put(t, s, record("gone", "x", "tag"))
		must(t, s.DeleteScenario(t.Context(), "gone"))
		wantCode(t, s.DeleteScenario(t.Context(), "gone"), load.NotFound)
		_, err := s.Scenario(t.Context(), "gone")
		wantCode(t, err, load.NotFound)
		saved, created, _, err := s.PutScenario(t.Context(), record("gone", "y"))
		must(t, err)
		if !created || saved.Version != 1 {
			t.Errorf("a deleted scenario left something: created %v, version %d", created, saved.Version)
		}
	})
	t.Run("RacingWriters", func(t *testing.T) { racingWriters(t, s) })
}

func put(t *testing.T, s *store.Store, rec load.ScenarioRecord) load.ScenarioRecord {
	t.Helper()
	saved, _, _, err := s.PutScenario(t.Context(), rec)
	must(t, err)
	return saved
}

func putIsIdempotent(t *testing.T, s *store.Store) {
	step := func(rec load.ScenarioRecord, created, changed bool, version int) load.ScenarioRecord {
		t.Helper()
		saved, c, ch, err := s.PutScenario(t.Context(), rec)
		must(t, err)
		if c != created || ch != changed || saved.Version != version {
			t.Fatalf("created %v changed %v version %d, want %v %v %d", c, ch, saved.Version, created, changed, version)
		}
		read, err := s.Scenario(t.Context(), rec.Name)
		must(t, err)
		same(t, read, saved)
		return saved
	}
	first := step(record("shop", "name: shop", "a", "a", "b"), true, true, 1)
	later := record("shop", "name: shop", "a", "a", "b")
	later.By, later.Updated = "bob", noon().Add(1)
	same(t, step(later, false, false, 1), first)

	later.Source = "name: shop # comment"
	saved := step(later, false, true, 2)
	if !saved.Created.Equal(first.Created) || saved.By != "bob" {
		t.Errorf("changed scenario was created %v by %q", saved.Created, saved.By)
	}
	later.Files = map[string]string{"users.csv": "bb"}
	step(later, false, true, 3)
	later.Files = nil
	step(later, false, true, 4)
	later.Scenario.Description = "not in the source" // as a secret, which is masked there
	step(later, false, true, 5)
	step(later, false, false, 5)
}

func listScenarios(t *testing.T, s *store.Store) {
	for _, name := range []string{"l-a", "l-b", "L-C", "l_d"} {
		tags := []string{"both"}
		if name == "l-b" {
			tags = append(tags, "one")
		}
		put(t, s, record(name, "x", tags...))
	}
	for _, tt := range []struct {
		name   string
		filter load.ScenarioFilter
		want   []string
	}{
		{"tag", load.ScenarioFilter{Tag: "one"}, []string{"l-b"}},
		{"part of a tag is none", load.ScenarioFilter{Tag: "on"}, nil},
		{"search ignores case", load.ScenarioFilter{Search: "l-C"}, []string{"L-C"}},
		{"search takes wildcards literally", load.ScenarioFilter{Search: "l_", Tag: "both"}, []string{"l_d"}},
		{"percent too", load.ScenarioFilter{Search: "%"}, nil},
		{"after", load.ScenarioFilter{Tag: "both", After: "l-a"}, []string{"l-b", "l_d"}},
		{"limit", load.ScenarioFilter{Tag: "both", After: "l-a", Limit: 1}, []string{"l-b"}},
	} {
		list, err := s.Scenarios(t.Context(), tt.filter)
		must(t, err)
		var names []string
		for _, r := range list {
			names = append(names, r.Name)
		}
		if len(names) != len(tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, names, tt.want)
			continue
		}
		for i := range names {
			if names[i] != tt.want[i] {
				t.Errorf("%s: got %v, want %v", tt.name, names, tt.want)
			}
		}
	}
}

// racingWriters saves one name from many sides at once: every change counts.
func racingWriters(t *testing.T, s *store.Store) {
	const writers = 8
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			_, _, changed, err := s.PutScenario(t.Context(), record("race", string(rune('a'+i))))
			if err != nil || !changed {
				t.Errorf("writer %d: changed %v, %v", i, changed, err)
			}
		})
	}
	wg.Wait()
	rec, err := s.Scenario(t.Context(), "race")
	must(t, err)
	if rec.Version != writers {
		t.Errorf("version %d after %d changes", rec.Version, writers)
	}
}
