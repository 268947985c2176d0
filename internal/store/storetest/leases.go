package storetest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/store"
)

const long = time.Hour

func testLeases(t *testing.T, newDSN func(testing.TB) string) {
	t.Run("TwoServersRace", func(t *testing.T) { t.Parallel(); twoServersRace(t, newDSN(t)) })
	t.Run("StaleOwnerIsRefused", func(t *testing.T) { t.Parallel(); staleOwner(t, newDSN(t)) })
	t.Run("FencingUnderRace", func(t *testing.T) { t.Parallel(); fencing(t, newDSN(t)) })
	t.Run("Lifetime", func(t *testing.T) { t.Parallel(); lifetime(t, open(t, newDSN(t))) })
}

func claim(t testing.TB, s *store.Store, owner string, ttl time.Duration) []string {
	t.Helper()
	runs, err := s.Claim(t.Context(), owner, ttl)
	must(t, err)
	var ids []string
	for _, r := range runs {
		ids = append(ids, r.ID)
	}
	slices.Sort(ids)
	return ids
}

// twoServersRace lets two servers with connections of their own claim while
// runs are being made: every run must have exactly one owner.
func twoServersRace(t *testing.T, dsn string) {
	a, b := open(t, dsn), open(t, dsn)
	const runs = 40
	got := map[string]map[string]bool{"a": {}, "b": {}}
	var mu sync.Mutex
	var wg, making sync.WaitGroup
	made := make(chan struct{})
	making.Go(func() {
		for i := range runs {
			createRun(t, a, newRun(fmt.Sprintf("r%02d", i), noon()))
		}
	})
	go func() { making.Wait(); close(made) }()
	for owner, s := range map[string]*store.Store{"a": a, "b": b} {
		wg.Go(func() {
			for last := false; ; {
				ids := claim(t, s, owner, long)
				mu.Lock()
				for _, id := range ids {
					got[owner][id] = true
				}
				mu.Unlock()
				if last {
					return
				}
				select {
				case <-made:
					last = true // once more, then all are claimed
				default:
				}
			}
		})
	}
	wg.Wait()
	for id := range got["a"] {
		if got["b"][id] {
			t.Errorf("run %s was claimed by both", id)
		}
	}
	if n := len(got["a"]) + len(got["b"]); n != runs {
		t.Errorf("%d claims of %d runs", n, runs)
	}
}

func staleOwner(t *testing.T, dsn string) {
	a, b := open(t, dsn), open(t, dsn)
	createRun(t, a, newRun("r", noon()))
	note := func(s *store.Store, owner, text string) error {
		_, err := s.UpdateRun(t.Context(), "r", owner, func(r *load.Run) error { r.Note = text; return nil })
		return err
	}
	wantCode(t, note(a, "a", "before any claim"), load.Conflict)
	claim(t, a, "a", -time.Second) // a's lease is over as soon as it is made, but nobody else has it
	must(t, note(a, "a", "by a"))
	if ids := claim(t, b, "b", long); len(ids) != 1 {
		t.Fatalf("b claimed %v of an expired lease", ids)
	}
	wantCode(t, note(a, "a", "by a, late"), load.Conflict)
	must(t, note(a, "", "by a user"))
	must(t, note(b, "b", "by b"))
	if ids := claim(t, a, "a", long); len(ids) != 0 {
		t.Errorf("a claimed %v from under b", ids)
	}
	r, err := a.Run(t.Context(), "r")
	must(t, err)
	if r.Note != "by b" {
		t.Errorf("the run has the note %q", r.Note)
	}
}

// fencing counts in a run from two servers while its lease changes hands: an
// update by one that lost the lease must never get through, and none that was
// confirmed may be lost.
func fencing(t *testing.T, dsn string) {
	a, b := open(t, dsn), open(t, dsn)
	createRun(t, a, newRun("r", noon()))
	var wg sync.WaitGroup
	var mu sync.Mutex
	var confirmed int64
	for owner, s := range map[string]*store.Store{"a": a, "b": b} {
		wg.Go(func() {
			for range 25 {
				claim(t, s, owner, -time.Second) // free for the other at once
				_, err := s.UpdateRun(t.Context(), "r", owner, func(r *load.Run) error { r.Applied++; return nil })
				switch {
				case err == nil:
					mu.Lock()
					confirmed++
					mu.Unlock()
				case load.ErrorCode(err) != load.Conflict:
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	r, err := a.Run(t.Context(), "r")
	must(t, err)
	if r.Applied != confirmed || confirmed == 0 {
		t.Errorf("the run counted %d, confirmed were %d", r.Applied, confirmed)
	}
}

func lifetime(t *testing.T, s *store.Store) {
	createRun(t, s, fullRun())
	runs, err := s.Claim(t.Context(), "a", long)
	must(t, err)
	same(t, runs, []load.Run{fullRun()}) // whole, with plan
	if ids := claim(t, s, "a", long); len(ids) != 1 {
		t.Errorf("renewal gave %v", ids)
	}
	must(t, s.Release(t.Context(), "b"))
	if ids := claim(t, s, "b", long); len(ids) != 0 {
		t.Errorf("b got %v that a holds", ids)
	}
	must(t, s.Release(t.Context(), "a"))
	if ids := claim(t, s, "b", 50*time.Millisecond); len(ids) != 1 {
		t.Errorf("b got %v of what a released", ids)
	}
	for deadline := time.Now().Add(30 * time.Second); len(claim(t, s, "c", long)) == 0; {
		if time.Now().After(deadline) {
			t.Fatal("a lease of 50 ms never ended")
		}
		time.Sleep(5 * time.Millisecond)
	}
	end(t, s, "full")
	if ids := claim(t, s, "c", long); len(ids) != 0 {
		t.Errorf("claimed %v that have ended", ids)
	}
	if _, err := s.Claim(t.Context(), "", long); err == nil {
		t.Error("a claim without an owner was let through")
	}
}
