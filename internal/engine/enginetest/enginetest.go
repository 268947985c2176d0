// Package enginetest proves that an engine keeps the contract of
// engine.Engine: the load it makes, when it begins and ends, what it records.
// It may not know how any engine works inside. An engine's own test calls Run
// with a Subject; read Run first, then task.go.
package enginetest

import (
	"testing"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/load"
)

// Subject is the engine under test and what it is to do.
type Subject struct {
	New func() engine.Engine
	// Quick is a scenario whose requests succeed within some milliseconds. Its
	// load is ignored. It is called once for each test.
	Quick func(t *testing.T) load.Scenario
	// Stuck is a scenario whose requests do not end by themselves within 20 s.
	Stuck func(t *testing.T) load.Scenario
	// Refused are scenarios that Prepare must refuse, by name.
	Refused map[string]load.Scenario
}

// Run checks the whole contract. Every check is a subtest that runs in parallel
// with the others.
func Run(t *testing.T, s Subject) {
	t.Helper()
	checks := []struct {
		name  string
		check func(*testing.T, Subject)
	}{
		{"ClosedModelKeepsUsersBusy", closedModel},
		{"OpenModelSendsWhatIsDue", openModel},
		{"TasksShareArrivals", sharedArrivals},
		{"RequestLimitIsExact", requestLimit},
		{"IterationLimitIsExact", iterationLimit},
		{"ArrivalLimitIsExact", arrivalLimit},
		{"NoPartOfALimitIsNothing", nothing},
		{"ReplacementSkipsWhatIsPast", skippedArrivals},
		{"NothingBeforeTheBarrier", barrier},
		{"StopBeforeTheBarrier", stopEarly},
		{"StopNow", stopNow},
		{"DrainWaitsForThoseInFlight", drain},
		{"DrainIsBounded", drainBound},
		{"PauseAndResume", pause},
		{"LevelChange", levelChange},
		{"OpenLevelChange", rateChange},
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.check(t, s)
		})
	}
	for name, scenario := range s.Refused {
		t.Run("Refuses"+name, func(t *testing.T) {
			t.Parallel()
			refused(t, s, scenario)
		})
	}
}

// refused checks that a task which cannot run says so before the start, in words
// for people.
func refused(t *testing.T, s Subject, scenario load.Scenario) {
	k := NewTask(t, s.New(), load.Order{Scenario: scenario, Model: load.Closed})
	err := k.Engine.Prepare(t.Context(), k.Job)
	if err == nil {
		t.Fatal("Prepare: got no error")
	}
	if load.ErrorCode(err) != load.Invalid {
		t.Errorf("Prepare: got code %s, want %s (%v)", load.ErrorCode(err), load.Invalid, err)
	}
}
