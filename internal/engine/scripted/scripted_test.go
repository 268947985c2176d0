package scripted_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/engine/enginetest"
	"onrush.dev/onrush/internal/engine/scripted"
	"onrush.dev/onrush/internal/load"
)

func newEngine() engine.Engine { return scripted.New() }

func script(s load.Scripted) load.Scenario {
	return load.Scenario{Name: "script", Engine: scripted.Name, Scripted: &s}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	enginetest.Run(t, enginetest.Subject{
		New: newEngine,
		Quick: func(*testing.T) load.Scenario {
			return script(load.Scripted{Latency: ms(10), Jitter: ms(5)})
		},
		Stuck: func(*testing.T) load.Scenario {
			return script(load.Scripted{Latency: load.Duration(time.Minute)})
		},
		Refused: map[string]load.Scenario{
			"FailStart":       script(load.Scripted{FailStart: true}),
			"NegativeLatency": script(load.Scripted{Latency: -1}),
		},
	})
}

func ms(n int) load.Duration { return load.Duration(n) * load.Duration(time.Millisecond) }

func start(t *testing.T, order load.Order) *enginetest.Task {
	t.Helper()
	k := enginetest.NewTask(t, newEngine(), order)
	k.Start(time.Now())
	return k
}

func TestSamplesFollowTheScript(t *testing.T) {
	t.Parallel()
	got := start(t, load.Order{
		Scenario: script(load.Scripted{Latency: ms(20), Jitter: ms(20), ErrorEach: 10}),
		Model:    load.Closed, Profile: enginetest.Endless(5), Requests: 200,
	}).Wait()
	if got.Requests != 200 || got.Failures != 20 || got.Statuses[500] != 20 || got.Causes[load.CauseStatus] != 20 {
		t.Errorf("%d requests, %d failures %v, statuses %v; want 200 with 20 of status 500", got.Requests, got.Failures, got.Causes, got.Statuses)
	}
	if low, high := got.Latency.Min(), got.Latency.Max(); low < 19_900 || high > 40_100 {
		t.Errorf("latencies from %d to %d µs, want 20 to 40 ms", low, high)
	}
	if mean := got.Latency.Mean(); mean < 29_000 || mean > 31_000 {
		t.Errorf("mean latency %v µs, want 30 ms", mean)
	}
}

func TestUsersKeepTheirPace(t *testing.T) {
	t.Parallel()
	got := start(t, load.Order{
		Scenario: script(load.Scripted{Latency: ms(10)}),
		Model:    load.Closed, Profile: enginetest.Hold(4, time.Second),
	}).Wait()
	// 4 users with a request every 10 ms for a second, wherever the ticks fall.
	if got.Requests < 380 || got.Requests > 404 {
		t.Errorf("got %d requests, want about 400", got.Requests)
	}
}

func TestExit(t *testing.T) {
	t.Parallel()
	k := start(t, load.Order{
		Scenario: script(load.Scripted{ExitAt: ms(300), ExitCode: 7}),
		Model:    load.Closed, Profile: enginetest.Hold(2, time.Hour),
	})
	got, err := k.Ended()
	if err == nil || !strings.Contains(err.Error(), "exit code 7") {
		t.Errorf("Run: got %v, want an error that names exit code 7", err)
	}
	if got.Requests == 0 {
		t.Error("nothing was recorded before the exit")
	}
}

func TestHangIgnoresDrainAndNotStop(t *testing.T) {
	t.Parallel()
	k := start(t, load.Order{
		Scenario: script(load.Scripted{HangAt: ms(200)}),
		Model:    load.Closed, Profile: enginetest.Hold(2, 400*time.Millisecond), Drain: ms(10),
	})
	k.Change(300*time.Millisecond, load.ChangeDrain, 0)
	time.Sleep(1200 * time.Millisecond)
	k.Stop()
	got := k.Wait()
	if took := time.Since(k.Job.Start); took < 1200*time.Millisecond {
		t.Errorf("the engine ended %s after the start, before it was stopped", took)
	}
	if got.Causes[load.CauseStopped] != 2 {
		t.Errorf("causes %v, want 2 stopped", got.Causes)
	}
}

func TestOthersAndReplacementsAreSpared(t *testing.T) {
	t.Parallel()
	bad := load.Scripted{Tasks: []int{1}, ExitAt: ms(100), FailStart: true}
	got := start(t, load.Order{Scenario: script(bad), Index: 2, Model: load.Closed, Profile: enginetest.Hold(1, 300*time.Millisecond)}).Wait()
	if got.Requests == 0 || got.Failures != 0 {
		t.Errorf("a task that the script spares: %d requests, %d failures", got.Requests, got.Failures)
	}
	bad.FailStart = false
	k := enginetest.NewTask(t, newEngine(), load.Order{
		Scenario: script(bad), Index: 1, Model: load.Closed, Profile: enginetest.Hold(1, 500*time.Millisecond), Skip: ms(200),
	})
	k.Start(time.Now().Add(-200 * time.Millisecond))
	if got = k.Wait(); got.Requests == 0 {
		t.Error("a replacement that starts after the mishap did nothing")
	}
}

// TestMishapsOfTheProcess runs this test program again as the task.
func TestMishapsOfTheProcess(t *testing.T) {
	t.Parallel()
	if what := os.Getenv("SCRIPTED_MISHAP"); what != "" {
		s := load.Scripted{CrashAt: ms(100)}
		if what == "mute" {
			s = load.Scripted{MuteAt: ms(100)}
		}
		start(t, load.Order{Scenario: script(s), Model: load.Closed, Profile: enginetest.Hold(1, 500*time.Millisecond)}).Wait()
		return
	}
	run := func(what string) *exec.Cmd {
		c := exec.Command(os.Args[0], "-test.run=^TestMishapsOfTheProcess$")
		c.Env = append(os.Environ(), "SCRIPTED_MISHAP="+what)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		return c
	}
	crashed := run("crash")
	var exit *exec.ExitError
	if err := crashed.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Errorf("crash: got %v, want a process ended by SIGKILL", err)
	}
	muted := run("mute")
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(muted.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Errorf("mute: got status %v, %v, want a stopped process", status, err)
	}
	_ = muted.Process.Signal(syscall.SIGCONT)
	if err := muted.Wait(); err != nil {
		t.Errorf("mute: after it was continued: %v", err)
	}
}
