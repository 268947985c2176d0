package server_test

import (
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/load"
)

const twoTasks = "engine: scripted\nregions: [{name: eu, tasks: 1}, {name: us, tasks: 1}]\n"

// waitStatus waits until a run has the status, and returns it.
func waitStatus(t *testing.T, c *client.Client, id string, want load.Status) load.Run {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		run, err := c.Run(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if run.Status == want {
			return run
		}
		if run.Status == load.Ended {
			t.Fatalf("run ended before it was %s: %s, %q", want, run.Outcome, run.Cause)
		}
	}
	t.Fatalf("run %s never was %s", id, want)
	return load.Run{}
}

func startRun(t *testing.T, c *client.Client, source string) load.Run {
	t.Helper()
	run, err := c.StartRun(t.Context(), client.StartRun{Source: source})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func eventTexts(report *load.Report) string {
	var texts []string
	for _, e := range report.Events {
		texts = append(texts, e.Text)
	}
	return strings.Join(texts, "\n")
}

// TestStop stops runs in every way, at every time.
func TestStop(t *testing.T) {
	t.Parallel()
	_, c := start(t, t.TempDir())
	tests := []struct {
		name, mode, scenario string
		when                 load.Status
		measured             bool
	}{
		{"drain", "drain", "load: {users: 2, duration: 10m}\nscripted: {latency: 20ms}", load.Running, true},
		{"now", "now", "load: {users: 2, duration: 10m}\nscripted: {latency: 20ms}", load.Running, true},
		{"endless", "drain", "load: {rate: 50, requests: 100000000}\nscripted: {latency: 5ms}", load.Running, true},
		{"not yet ready", "now", "load: {users: 2, duration: 10m}\nscripted: {never_ready: true}", load.Provisioning, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			run := startRun(t, c, "name: stop-"+strings.ReplaceAll(test.name, " ", "-")+"\n"+twoTasks+test.scenario)
			waitStatus(t, c, run.ID, test.when)
			if test.measured {
				time.Sleep(1500 * time.Millisecond)
			}
			if err := c.StopRun(t.Context(), run.ID, test.mode); err != nil {
				t.Fatal(err)
			}
			report := waitEnd(t, c, run.ID)
			if report.Run.Outcome != load.Cancelled || !strings.Contains(strings.Join(report.Run.Cause, " "), "stopped by admin") {
				t.Errorf("outcome %s, cause %q, want cancelled, stopped by admin", report.Run.Outcome, report.Run.Cause)
			}
			acc := report.Accounting
			if acc.SamplesSent != acc.SamplesReceived || (acc.SamplesReceived > 0) != test.measured {
				t.Errorf("sent %d, received %d samples, measured should be %v", acc.SamplesSent, acc.SamplesReceived, test.measured)
			}
		})
	}
}

// TestLiveControl changes, pauses and resumes a running load.
func TestLiveControl(t *testing.T) {
	t.Parallel()
	_, c := start(t, t.TempDir())
	run := startRun(t, c, "name: live\n"+twoTasks+"load: {rate: 100, duration: 9s}\nscripted: {latency: 1ms}")
	waitStatus(t, c, run.ID, load.Running)
	time.Sleep(1500 * time.Millisecond)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(c.ChangeLoad(t.Context(), run.ID, client.Load{Rate: 400}))
	time.Sleep(2500 * time.Millisecond)
	must(c.PauseRun(t.Context(), run.ID))
	time.Sleep(3 * time.Second)
	must(c.ResumeRun(t.Context(), run.ID))
	report := waitEnd(t, c, run.ID)
	if report.Run.Outcome != load.Completed {
		t.Errorf("outcome %s, cause %q, want completed: live changes are no fault", report.Run.Outcome, report.Run.Cause)
	}
	for _, want := range []string{"load changed to 400 requests/s", "pause at second", "resume at second"} {
		if !strings.Contains(eventTexts(report), want) {
			t.Errorf("no event says %q:\n%s", want, eventTexts(report))
		}
	}
	// What was due is known exactly: the same timeline that agents follow.
	ended, err := c.Run(t.Context(), run.ID)
	must(err)
	timeline := load.NewTimeline(ended.Plan.Profile, ended.Changes)
	end, ok := timeline.End()
	if !ok {
		t.Fatal("the timeline has no end")
	}
	due := int64(timeline.Arrivals(end) + 0.999999)
	if got := report.Total.Requests; got < due-1 || got > due+1 {
		t.Errorf("%d requests, %d were due", got, due)
	}
	series, err := c.Series(t.Context(), run.ID, load.SeriesQuery{})
	must(err)
	idle := 0
	for _, p := range series.Points {
		if p.Requests == 0 {
			idle++
		}
	}
	if idle < 1 {
		t.Errorf("no idle second in the series, the pause lasted about 3 s:\n%s", eventTexts(report))
	}
}

// TestQueue lets two runs ask for more than a region holds.
func TestQueue(t *testing.T) {
	t.Parallel()
	_, c := start(t, t.TempDir())
	big := "\nengine: scripted\nregions: [{name: eu, tasks: 12}]\nload: {users: 1, duration: 2s}"
	first := startRun(t, c, "name: first"+big)
	second := startRun(t, c, "name: second"+big)
	reports := []*load.Report{waitEnd(t, c, first.ID), waitEnd(t, c, second.ID)}
	waited := 0
	for _, report := range reports {
		if report.Run.Outcome != load.Completed && !strings.Contains(strings.Join(report.Run.Cause, " "), "no room within") {
			t.Errorf("outcome %s, cause %q", report.Run.Outcome, report.Run.Cause)
		}
		if strings.Contains(eventTexts(report), "waiting: region eu has room for") {
			waited++
		}
	}
	if waited != 1 {
		t.Errorf("%d runs waited for room, want 1", waited)
	}
	_, err := c.StartRun(t.Context(), client.StartRun{Source: "name: third\nengine: scripted\nregions: [{name: eu, tasks: 21}]\nload: {users: 1, duration: 2s}"})
	if err == nil || !strings.Contains(err.Error(), "at most 20") {
		t.Errorf("21 tasks in a region for 20: %v", err)
	}
}
