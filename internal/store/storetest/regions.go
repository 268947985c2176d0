package storetest

import (
	"testing"

	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/store"
)

func putRegion(t *testing.T, s *store.Store, r load.Region, created, changed bool) {
	t.Helper()
	c, d, err := s.PutRegion(t.Context(), r)
	must(t, err)
	if c != created || d != changed {
		t.Errorf("put of %s: created %t, changed %t, want %t, %t", r.Name, c, d, created, changed)
	}
}

func testRegions(t *testing.T, newDSN func(testing.TB) string) {
	dsn := newDSN(t)
	a, b := open(t, dsn), open(t, dsn)
	us := load.Region{Name: "us", Driver: "local", Settings: map[string]string{"k": "v"}, Limit: 3, CPU: 0.5, Memory: 1 << 30}
	eu := load.Region{Name: "eu", Driver: "local"}
	putRegion(t, a, us, true, true)
	putRegion(t, a, load.Region{Name: "eu", Driver: "docker"}, true, true)
	putRegion(t, a, eu, false, true)
	putRegion(t, b, eu, false, false)
	list, err := b.Regions(t.Context())
	must(t, err)
	same(t, list, []load.Region{eu, us})
	one, err := b.Region(t.Context(), "us")
	must(t, err)
	same(t, one, us)
	must(t, a.DeleteRegion(t.Context(), "us"))
	wantCode(t, a.DeleteRegion(t.Context(), "us"), load.NotFound)
	_, err = b.Region(t.Context(), "us")
	wantCode(t, err, load.NotFound)
}

func testRegionChecks(t *testing.T, newDSN func(testing.TB) string) {
	dsn := newDSN(t)
	a, b := open(t, dsn), open(t, dsn)
	eu := load.Region{Name: "eu", Driver: "local"}
	first := load.RegionCheck{
		ID: "c1", Region: "eu", State: load.CheckRunning, By: "ann", Started: noon(), Updated: noon(), Findings: []load.Finding{},
	}
	never := func(load.RegionCheck) bool { return false }
	always := func(load.RegionCheck) bool { return true }
	_, err := a.StartRegionCheck(t.Context(), first, never)
	wantCode(t, err, load.NotFound) // no such region
	putRegion(t, a, eu, true, true)
	_, err = a.RegionCheck(t.Context(), "eu")
	wantCode(t, err, load.NotFound)
	got, err := a.StartRegionCheck(t.Context(), first, never)
	must(t, err)
	same(t, got, first)

	second := first
	second.ID = "c2"
	got, err = b.StartRegionCheck(t.Context(), second, never)
	wantCode(t, err, load.Conflict)
	same(t, got, first) // the one under way
	first.Findings = append(first.Findings, load.Finding{Check: "image", State: load.FindingFailed, Text: "no image", Remedy: "push it"})
	must(t, a.UpdateRegionCheck(t.Context(), first))
	got, err = b.RegionCheck(t.Context(), "eu")
	must(t, err)
	same(t, got, first)

	_, err = b.StartRegionCheck(t.Context(), second, always) // its server is gone
	must(t, err)
	wantCode(t, a.UpdateRegionCheck(t.Context(), first), load.Conflict)
	second.State = load.CheckFailed
	must(t, b.UpdateRegionCheck(t.Context(), second))
	third := first
	third.ID = "c3"
	_, err = a.StartRegionCheck(t.Context(), third, never) // the second has ended
	must(t, err)
	list, err := a.RegionChecks(t.Context())
	must(t, err)
	same(t, list, []load.RegionCheck{third})

	putRegion(t, a, eu, false, false) // no change takes nothing away
	must(t, a.UpdateRegionCheck(t.Context(), third))
	eu.Limit = 3
	putRegion(t, a, eu, false, true)
	wantCode(t, a.UpdateRegionCheck(t.Context(), third), load.Conflict)
	_, err = a.StartRegionCheck(t.Context(), third, never)
	must(t, err)
	must(t, a.DeleteRegion(t.Context(), "eu"))
	_, err = a.RegionCheck(t.Context(), "eu")
	wantCode(t, err, load.NotFound)
}

// A run that only proves a region stands in no list but that of its region.
func testProofs(t *testing.T, newDSN func(testing.TB) string) {
	s := open(t, newDSN(t))
	createRun(t, s, newRun("plain", noon()))
	proof := newRun("proof", noon())
	proof.Check = &load.RunCheck{Region: "eu", Image: "agent:1"}
	createRun(t, s, proof)
	ids := func(f load.RunFilter) (ids []string) {
		list, err := s.Runs(t.Context(), f)
		must(t, err)
		for _, r := range list {
			ids = append(ids, r.ID)
		}
		return ids
	}
	same(t, ids(load.RunFilter{}), []string{"plain"})
	same(t, ids(load.RunFilter{Check: "eu"}), []string{"proof"})
	same(t, ids(load.RunFilter{Check: "us"}), []string(nil))
	last, err := s.LastRuns(t.Context(), []string{"shop"})
	must(t, err)
	if last["shop"].ID != "plain" {
		t.Errorf("the last run is %q", last["shop"].ID)
	}
	got, err := s.Run(t.Context(), "proof")
	must(t, err)
	same(t, got.Check, proof.Check)
}
