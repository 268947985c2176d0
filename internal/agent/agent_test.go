package agent_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/agent"
	"onrush.dev/onrush/internal/bus"
	"onrush.dev/onrush/internal/bus/embedded"
	"onrush.dev/onrush/internal/load"
)

func TestWholeLife(t *testing.T) {
	t.Parallel()
	r := newRig(t, scripted(5, 2500*time.Millisecond, load.Scripted{}))
	a := r.start(agent.Bounds{})
	r.begin()
	if err := r.end(a); err != nil {
		t.Fatal(err)
	}
	done := r.event(load.EventDone)
	var kinds []string
	for _, e := range r.events {
		kinds = append(kinds, string(e.Kind))
		if e.Task != task || e.At.IsZero() {
			t.Errorf("event %+v names no task or time", e)
		}
	}
	if got := strings.Join(kinds, " "); got != "hello ready started done" {
		t.Errorf("events came as %s", got)
	}
	if hello := r.event(load.EventHello); hello.Detail[load.DetailVersion] != "test" {
		t.Errorf("hello says %v, want the version", hello.Detail)
	}
	if done.Text != "" || done.SkewMS == nil || *done.SkewMS < 0 || done.ClockMS == nil {
		t.Errorf("the last word is %+v, want no text, a skew that is not before the barrier, and a clock", done)
	}
	r.wantWhole(done)
	if done.Sent < 100 {
		t.Errorf("%d samples from 5 users in 2.5 s at 10 ms", done.Sent)
	}
	for i, w := range r.windows {
		last := i == len(r.windows)-1
		if w.Second != i || w.Partial != last {
			t.Errorf("window %d is second %d, partial %v", i, w.Second, w.Partial)
		}
	}
}

func TestEngineFailures(t *testing.T) {
	t.Parallel()
	second := load.Duration(time.Second)
	for name, c := range map[string]struct {
		script  load.Scripted
		want    string
		started bool
	}{
		"refuses to get ready": {load.Scripted{FailStart: true}, "fail_start", false},
		"gives up":             {load.Scripted{ExitAt: second, ExitCode: 7}, "exit code 7", true},
		"hangs":                {load.Scripted{HangAt: second}, "did not end by itself", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			order := scripted(2, 1500*time.Millisecond, c.script)
			order.Drain = load.Duration(100 * time.Millisecond)
			r := newRig(t, order)
			a := r.start(agent.Bounds{Overrun: 200 * time.Millisecond})
			if c.started {
				r.begin()
			}
			err := r.end(a)
			failed := r.event(load.EventFailed)
			if err == nil || !strings.Contains(failed.Text, c.want) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got event %q and error %v, want both to hold %q", failed.Text, err, c.want)
			}
			if c.started != (failed.SkewMS != nil) || c.started != (failed.Sent > 0) {
				t.Errorf("the last word is %+v, want what was measured before", failed)
			}
			r.wantWhole(failed)
		})
	}
}

func TestEndsEarly(t *testing.T) {
	t.Parallel()
	hour := scripted(2, time.Hour, load.Scripted{})
	now := func(at time.Time) load.Duration { return load.Duration(time.Since(at) + 100*time.Millisecond) }
	for name, c := range map[string]struct {
		end  func(r *rig, a *running, begin time.Time)
		want string
	}{
		"drain from outside": {func(_ *rig, a *running, _ time.Time) { close(a.drain) }, "drained"},
		"drain":              {func(r *rig, _ *running, at time.Time) { r.send(change(0, load.ChangeDrain, now(at), 0)) }, "drained"},
		"stop at an instant": {func(r *rig, _ *running, at time.Time) { r.send(change(0, load.ChangeStop, now(at), 0)) }, "stopped"},
		"drain alone": {func(r *rig, _ *running, _ time.Time) {
			r.send(load.Command{Kind: load.CommandDrain, Text: "a task less"})
		}, "drained"},
		"stop now": {func(r *rig, _ *running, _ time.Time) {
			r.send(load.Command{Kind: load.CommandStop, Text: "enough"})
		}, "enough"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, hour)
			a := r.start(agent.Bounds{})
			begin := r.begin()
			r.await("window", func() bool { return len(r.windows) > 0 })
			c.end(r, a, begin)
			if err := r.end(a); err != nil {
				t.Fatal(err)
			}
			done := r.event(load.EventDone)
			if !strings.Contains(done.Text, c.want) {
				t.Errorf("the last word is %q, want it to hold %q", done.Text, c.want)
			}
			r.wantWhole(done)
		})
	}
}

func change(number int, kind load.ChangeKind, at load.Duration, level float64) load.Command {
	return load.Command{Kind: load.CommandChange, Number: number, Change: &load.Change{At: at, Kind: kind, Level: level}}
}

func TestEndsBeforeStart(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		bounds agent.Bounds
		end    func(r *rig, a *running)
		kind   load.TaskEventKind
		want   string
	}{
		"drain":         {end: func(_ *rig, a *running) { close(a.drain) }, kind: load.EventDone, want: "before the load"},
		"stop":          {end: func(r *rig, _ *running) { r.send(load.Command{Kind: load.CommandStop, Text: "no more"}) }, kind: load.EventDone, want: "no more"},
		"drain alone":   {end: func(r *rig, _ *running) { r.send(load.Command{Kind: load.CommandDrain, Text: "a task less"}) }, kind: load.EventDone, want: "a task less"},
		"never started": {bounds: agent.Bounds{Start: 100 * time.Millisecond}, end: func(*rig, *running) {}, kind: load.EventFailed, want: "no start command"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, scripted(1, time.Hour, load.Scripted{}))
			a := r.start(c.bounds)
			r.event(load.EventReady)
			c.end(r, a)
			err := r.end(a)
			last := r.event(c.kind)
			if !strings.Contains(last.Text, c.want) || (err != nil) != (c.kind == load.EventFailed) {
				t.Errorf("last word %q, error %v; want %q", last.Text, err, c.want)
			}
			r.wantWhole(last)
		})
	}
}

// A change is taken once, however often it comes, and those in the order count.
func TestChanges(t *testing.T) {
	t.Parallel()
	order := scripted(1, time.Hour, load.Scripted{})
	order.Changes = []load.Change{{At: 0, Kind: load.ChangeLevel, Level: 3}}
	r := newRig(t, order)
	a := r.start(agent.Bounds{})
	begin := r.begin()
	users := func(n int) func() bool {
		return func() bool { return len(r.windows) > 0 && r.windows[len(r.windows)-1].Users == n }
	}
	r.await("window with 3 users", users(3))
	r.send(change(0, load.ChangeLevel, 0, 99)) // number 0 was in the order
	level := change(1, load.ChangeLevel, load.Duration(time.Since(begin)), 7)
	r.send(level)
	r.send(level)
	r.await("window with 7 users", users(7))
	r.send(change(2, load.ChangePause, load.Duration(time.Since(begin)), 0))
	r.await("window without users", users(0))
	r.send(level) // late copy
	r.send(change(3, load.ChangeResume, load.Duration(time.Since(begin)), 0))
	r.await("window with 7 users again", users(7))
	close(a.drain)
	if err := r.end(a); err != nil {
		t.Fatal(err)
	}
	r.wantWhole(r.event(load.EventDone))
}

// A task that was late for the barrier begins where the start command says.
func TestJoinsLate(t *testing.T) {
	t.Parallel()
	order := scripted(2, 12*time.Second, load.Scripted{})
	order.Skip = load.Duration(time.Second)
	r := newRig(t, order)
	a := r.start(agent.Bounds{})
	r.event(load.EventReady)
	r.send(load.Command{Kind: load.CommandStart, Start: time.Now().Add(-10 * time.Second), Skip: load.Duration(10500 * time.Millisecond)})
	if err := r.end(a); err != nil {
		t.Fatal(err)
	}
	r.wantWhole(r.event(load.EventDone))
	if started := r.event(load.EventStarted); time.Duration(started.Skip) != 10500*time.Millisecond || r.windows[0].Second != 10 {
		t.Errorf("it started %s into the run, its first window is second %d; want 10.5s and 10", started.Skip, r.windows[0].Second)
	}
}

// A replacement begins in the middle of the run, in the run's own seconds.
func TestReplacement(t *testing.T) {
	t.Parallel()
	order := scripted(2, 12*time.Second, load.Scripted{})
	order.Index = 1
	order.Skip = load.Duration(10500 * time.Millisecond)
	r := newRig(t, order)
	a := r.start(agent.Bounds{})
	r.event(load.EventReady)
	r.send(load.Command{Kind: load.CommandStart, Start: time.Now().Add(-10 * time.Second)})
	if err := r.end(a); err != nil {
		t.Fatal(err)
	}
	done := r.event(load.EventDone)
	r.wantWhole(done)
	if first := r.windows[0].Second; first != 10 || done.Sent == 0 {
		t.Errorf("the first window is second %d with %d samples in all, want second 10", first, done.Sent)
	}
	if *done.SkewMS < 0 || *done.SkewMS > 10_000 {
		t.Errorf("skew is %v ms, want it counted from where the replacement begins", *done.SkewMS)
	}
}

// The server is away from the middle of the load until after its end: the load
// goes on, and nothing is lost.
func TestServerAway(t *testing.T) {
	t.Parallel()
	r := newRig(t, scripted(3, 2500*time.Millisecond, load.Scripted{}))
	a := r.start(agent.Bounds{})
	begin := r.begin()
	r.await("window", func() bool { return len(r.windows) > 0 })
	r.down()
	time.Sleep(time.Until(begin.Add(3 * time.Second))) // the load is over
	select {
	case err := <-a.ended:
		t.Fatalf("the agent ended without its server: %v", err)
	default:
	}
	r.serve()
	if err := r.end(a); err != nil {
		t.Fatal(err)
	}
	done := r.event(load.EventDone)
	r.wantWhole(done)
	if len(r.windows) != 3 {
		t.Errorf("%d windows of 2.5 s", len(r.windows))
	}
}

// Agents of a server that lives only as long as its run end with it.
func TestEphemeral(t *testing.T) {
	t.Parallel()
	for name, started := range map[string]bool{"waiting": false, "loading": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRigWith(t, scripted(1, time.Hour, load.Scripted{}), embedded.Options{Dir: t.TempDir(), Ephemeral: true})
			a := r.start(agent.Bounds{Lonely: 300 * time.Millisecond})
			if started {
				r.begin()
				r.event(load.EventStarted)
			} else {
				r.event(load.EventReady)
			}
			r.down()
			if err := r.end(a); err == nil || !strings.Contains(err.Error(), "gone") {
				t.Errorf("got %v, want an error that says that the server is gone", err)
			}
		})
	}
}

func TestRunClosed(t *testing.T) {
	t.Parallel()
	r := newRig(t, scripted(1, time.Hour, load.Scripted{}))
	a := r.start(agent.Bounds{})
	r.begin()
	r.event(load.EventStarted)
	r.must(r.server.Hub().CloseRun(t.Context(), run))
	if err := r.end(a); !errors.Is(err, bus.ErrRefused) {
		t.Errorf("got %v, want the ticket refused", err)
	}
}

func TestUnknownEngine(t *testing.T) {
	t.Parallel()
	order := scripted(1, time.Hour, load.Scripted{})
	order.Scenario.Engine = "abacus"
	r := newRig(t, order)
	a := r.start(agent.Bounds{})
	if err := r.end(a); err == nil {
		t.Error("no error")
	}
	if text := r.event(load.EventFailed).Text; !strings.Contains(text, "abacus") {
		t.Errorf("the last word %q does not name the engine", text)
	}
}

// Nothing of a task stays on the disk.
func TestLeavesNoFiles(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	r := newRig(t, scripted(1, 200*time.Millisecond, load.Scripted{}))
	a := r.start(agent.Bounds{})
	r.begin()
	r.must(r.end(a))
	left, err := filepath.Glob(filepath.Join(tmp, "onrush-*"))
	r.must(err)
	if len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	if _, err := os.Stat(tmp); err != nil {
		t.Fatal(err)
	}
}
