// Package storetest is the suite that a store must pass on every dialect. It
// is for tests only, and works on real databases. Read Run first; then one file
// per subject.
package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/store"
)

// Run proves the store on databases that newDSN makes: each call names a new,
// empty one.
func Run(t *testing.T, newDSN func(testing.TB) string) {
	groups := map[string]func(*testing.T, func(testing.TB) string){
		"Scenarios": testScenarios,
		"Runs":      testRuns,
		"Leases":    testLeases,
		"Tasks":     testTasks,
		"Events":    testEvents,
		"Intents":   testIntents,
		"Reports":   testReports,
		"Regions":   testRegions,
		"Checks":    testRegionChecks,
		"Proofs":    testProofs,
		"Secrets":   testSecrets,
		"Users":     testUsers,
		"Opening":   testOpening,
	}
	for name, test := range groups {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newDSN)
		})
	}
}

// open opens a store that is closed with the test.
func open(t testing.TB, dsn string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// noon is a fixed time that both databases keep exactly.
func noon() time.Time { return time.Date(2030, 6, 1, 12, 0, 0, 123_456_000, time.UTC) }

func newRun(id string, at time.Time) load.Run {
	return load.Run{ID: id, Scenario: "shop", Status: load.Queued, Created: at, Since: at}
}

func createRun(t testing.TB, s *store.Store, r load.Run) load.Run {
	t.Helper()
	must(t, s.CreateRun(t.Context(), r))
	return r
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same(t testing.TB, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(load.Plan{})); diff != "" {
		t.Fatalf("not what was stored (-want +got):\n%s", diff)
	}
}

func wantCode(t testing.TB, err error, code load.Code) {
	t.Helper()
	if err == nil || load.ErrorCode(err) != code {
		t.Fatalf("error is %v (%s), want code %s", err, load.ErrorCode(err), code)
	}
}
