// Package fleettest proves a fleet driver against the contract of package
// fleet: call Run from the driver's own tests. It needs real instances, of a
// program that does what its ticket says (see Program). It may not know how the
// driver works. Read Run first.
package fleettest

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"onrush.dev/onrush/internal/fleet"
)

// Harness is how a driver is proved.
type Harness struct {
	// New makes a driver value of a region that runs Program. Values made in one
	// test share the platform's state, as after a crash of the server. Limit is
	// the most tasks at once; 0: no limit.
	New func(t *testing.T, limit int) fleet.Driver
	// Patience bounds how long an instance may take to come up or to end.
	Patience time.Duration
	// Left returns what the platform still has of a run: processes, containers,
	// job objects, files. Nothing may be left after Stop.
	Left func(t *testing.T, run string) []string
	// Kill ends an instance by force, behind the driver's back.
	Kill func(t *testing.T, i fleet.Instance)
	// Foreign makes a driver value of another server, for the same platform and
	// a region of the same name. Nil: servers cannot share the platform.
	Foreign func(t *testing.T) fleet.Driver
	// Image is the name of an image that nobody has. Empty: tasks have no image.
	Image string
	// EndsAtDeadline says that the platform itself ends a task at its deadline.
	EndsAtDeadline bool
}

// Program is the program that instances run: a script for sh that plays what
// the ticket says. A harness runs it as: sh -c Program. Its two outputs are a moment
// apart: platforms read them side by side, so which of two lines came last is
// theirs to say.
const Program = `
case "$ONRUSH_TICKET" in
wait)   echo "up and waiting"; trap 'echo "told to end"; exit 0' TERM; while :; do sleep 0.05; done ;;
deaf)   echo "up and deaf"; trap '' TERM; while :; do sleep 0.05; done ;;
family) sh -c 'trap "" TERM; while :; do sleep 0.05; done' & echo "up with a child"; trap 'exit 0' TERM; while :; do sleep 0.05; done ;;
quit)   echo "first line"; sleep 0.3; echo "cannot read the plan" >&2; exit 3 ;;
count)  for i in 1 2 3 4 5 6 7 8; do echo "line $i"; sleep 0.1; done; echo "the last" >&2; exit 0 ;;
done)   echo "all well"; exit 0 ;;
*)      echo "unknown ticket"; exit 99 ;;
esac
`

// Run proves a driver.
func Run(t *testing.T, h Harness) {
	if h.Patience == 0 {
		h.Patience = 20 * time.Second
	}
	for name, test := range map[string]func(*suite){
		"start, list and stop":                    testLife,
		"start is idempotent":                     testIdempotent,
		"start answers for each task":             testPartial,
		"capacity":                                testCapacity,
		"runs do not touch each other":            testRunsApart,
		"stop of some tasks":                      testStopSome,
		"stop ends the deaf and their children":   testStopHard,
		"stop with a context that ends":           testStopImpatient,
		"an end is seen with its reason":          testReasons,
		"a kill is seen":                          testKilled,
		"a second attempt":                        testAttempts,
		"logs":                                    testLogs,
		"logs are followed":                       testFollow,
		"a new driver value sees old instances":   testFreshValue,
		"close leaves instances alone":            testClose,
		"calls at the same time":                  testConcurrent,
		"names that could lead astray":            testNames,
		"a context that has ended starts nothing": testStartCancelled,
		"a check of a region that is in order":    testCheck,
		"another server's tasks":                  testForeign,
		"a deadline":                              testDeadline,
		"an image that is not there":              testImage,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(&suite{T: t, Harness: h})
		})
	}
}

type suite struct {
	*testing.T
	Harness
}

var lastRun atomic.Int64

// run returns a run of its own for a test; what is left of it is stopped.
func (s *suite) run(d fleet.Driver) string {
	return s.runOf(d, fmt.Sprintf("run-%d-%d", time.Now().UnixNano()%1e9, lastRun.Add(1)))
}

// runOf sees to it that what a driver has of a run is stopped after the test.
func (s *suite) runOf(d fleet.Driver, run string) string {
	s.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // no grace
		if err := d.Stop(ctx, run); err != nil {
			s.Errorf("stop at the end of the test: %v", err)
		}
	})
	return run
}

func (s *suite) driver() fleet.Driver { return s.limited(0) }

func (s *suite) limited(limit int) fleet.Driver {
	s.Helper()
	d := s.New(s.T, limit)
	s.Cleanup(func() { s.must(d.Close()) })
	return d
}

func (s *suite) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// specs makes a spec per task that plays the given part.
func specs(run, part string, tasks ...string) []fleet.TaskSpec {
	var list []fleet.TaskSpec
	for _, task := range tasks {
		list = append(list, fleet.TaskSpec{Run: run, Task: task, Region: "eu", Ticket: part})
	}
	return list
}

// start starts tasks and wants all of them started.
func (s *suite) start(d fleet.Driver, list []fleet.TaskSpec) []fleet.Started {
	s.Helper()
	started, err := d.Start(s.Context(), list)
	s.must(err)
	if len(started) != len(list) {
		s.Fatalf("%d answers for %d tasks", len(started), len(list))
	}
	for i, a := range started {
		if a.Err != nil || a.Instance == "" {
			s.Fatalf("task %s: instance %q, error %v", list[i].Task, a.Instance, a.Err)
		}
	}
	return started
}

// instances lists a run by task and attempt ("eu-1/0"), each of them once.
func (s *suite) instances(d fleet.Driver, run string) map[string]fleet.Instance {
	s.Helper()
	list, err := d.List(s.Context(), run)
	s.must(err)
	found := map[string]fleet.Instance{}
	for _, i := range list {
		if run != "" && i.Run != run {
			s.Errorf("the list of run %s has an instance of run %s", run, i.Run)
		}
		key := fmt.Sprintf("%s/%d", i.Task, i.Attempt)
		if run == "" {
			key = i.Run + "/" + key
		}
		if _, twice := found[key]; twice {
			s.Errorf("the list of run %q has %s twice", run, key)
		}
		found[key] = i
	}
	return found
}

// await waits until an instance is in a state.
func (s *suite) await(d fleet.Driver, run, key string, state fleet.State) fleet.Instance {
	s.Helper()
	for end := time.Now().Add(s.Patience); ; time.Sleep(10 * time.Millisecond) {
		i := s.instances(d, run)[key]
		if i.State == state {
			return i
		}
		if time.Now().After(end) {
			s.Fatalf("%s is %q after %s, want %q", key, i.State, s.Patience, state)
		}
	}
}

// awaitLog waits until a task has written something.
func (s *suite) awaitLog(d fleet.Driver, run, task, want string) string {
	s.Helper()
	for end := time.Now().Add(s.Patience); ; time.Sleep(10 * time.Millisecond) {
		text := ""
		if r, err := d.Logs(s.Context(), run, task, false); err == nil {
			data, err := io.ReadAll(r)
			s.must(err)
			s.must(r.Close())
			text = string(data)
		}
		if strings.Contains(text, want) {
			return text
		}
		if time.Now().After(end) {
			s.Fatalf("the log of %s is %q after %s, want it to hold %q", task, text, s.Patience, want)
		}
	}
}

// wantNothingLeft checks a stopped run.
func (s *suite) wantNothingLeft(d fleet.Driver, run string) {
	s.Helper()
	if got := s.instances(d, run); len(got) != 0 {
		s.Errorf("after stop the list has %v", got)
	}
	for end := time.Now().Add(s.Patience); ; time.Sleep(10 * time.Millisecond) {
		left := s.Left(s.T, run)
		if len(left) == 0 {
			return
		}
		if time.Now().After(end) {
			s.Fatalf("after stop there is still: %s", strings.Join(left, ", "))
		}
	}
}
