package server_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/control"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/server"
)

// fleetServer has a region eu whose driver does wrong what settings say, and us
// beside it that is well. Agents run in this process.
func fleetServer(t *testing.T, limits control.Limits, settings ...string) *client.Client {
	t.Helper()
	faulty := map[string]string{"agents": "inside"}
	for i := 0; i < len(settings); i += 2 {
		faulty[settings[i]] = settings[i+1]
	}
	s, err := server.Start(t.Context(), server.Config{
		DataDir: t.TempDir(), AgentCommand: []string{agent}, Ephemeral: true, Scripted: true, Limits: limits,
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Regions: []load.Region{
			{Name: "eu", Driver: "scripted", Settings: faulty},
			{Name: "us", Driver: "scripted", Settings: map[string]string{"agents": "inside"}},
		},
		Sweep: server.Sweep{First: time.Hour, Grace: time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return client.New(s.URL(), s.Token())
}

// TestMoreThanARegionHolds asks for more tasks than there can be, and may do
// without some.
func TestMoreThanARegionHolds(t *testing.T) {
	t.Parallel()
	_, c := start(t, t.TempDir())
	source := "name: more\nengine: scripted\nregions: [{name: eu, tasks: 22}]\nload: {users: 1, duration: 2s}\n"
	if _, err := c.StartRun(t.Context(), client.StartRun{Source: source}); err == nil || !strings.Contains(err.Error(), "at most 20") {
		t.Errorf("22 tasks where 20 can be: %v", err)
	}
	run := startRun(t, c, source+"start: {late_tasks: without}\n")
	if warnings := strings.Join(run.Plan.Warnings, "\n"); !strings.Contains(warnings, "at most 20 of its 22 tasks") {
		t.Errorf("the plan warns: %q", warnings)
	}
	report := waitEnd(t, c, run.ID)
	causes := strings.Join(report.Run.Cause, "\n")
	if report.Run.Outcome != load.Degraded || report.Accounting.TasksStarted != 20 || !strings.Contains(causes, "2 of 22 tasks did not start\neu-21, eu-22: did not start: region eu:") {
		t.Errorf("outcome %s with %d tasks, causes:\n%s", report.Run.Outcome, report.Accounting.TasksStarted, causes)
	}
}

// nothingLeft looks by way of a sweep, which lists all that there is.
func nothingLeft(t *testing.T, c *client.Client) {
	t.Helper()
	sweeps, err := c.Sweep(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sweeps {
		if s.Seen > 0 || len(s.Errors) > 0 {
			t.Errorf("region %s has %d tasks left: %+v", s.Region, s.Seen, s)
		}
	}
}

// TestFleetFaults lets each thing go wrong that a platform can do wrong.
func TestFleetFaults(t *testing.T) {
	t.Parallel()
	bounds := control.Limits{Provision: 6 * time.Second, Silence: 6 * time.Second, Drain: 2 * time.Second, Overrun: 2 * time.Second, Sweep: 20 * time.Second}
	const noQuota = "4 tasks in eu (eu-7, eu-8, …): did not start: region eu: no room for task eu-7 (7 of 10): vCPU quota reached (raise the quota, or lower tasks)"
	tests := []struct {
		name     string
		settings []string
		late     load.LatePolicy
		outcome  load.Outcome
		causes   []string
		started  int
		joined   int
	}{
		{"quota", []string{"quota", "6"}, load.LateFail, load.CouldNotRun, []string{"4 of 12 tasks did not get ready", noQuota}, 0, 0},
		{"quota, without", []string{"quota", "6"}, load.LateWithout, load.Degraded, []string{"4 of 12 tasks did not start", noQuota}, 8, 0},
		{"half never come", []string{"never", "2"}, load.LateFail, load.CouldNotRun, []string{"7 of 12 tasks were ready after 6s", "5 tasks in eu (eu-2, eu-4, …): not ready: no machine has room for it"}, 0, 0},
		{"half never come, without", []string{"never", "2"}, load.LateWithout, load.Degraded, []string{"5 of 12 tasks did not start", "5 tasks in eu (eu-2, eu-4, …): not ready within 6s: no machine has room for it"}, 7, 0},
		{"half never come, join", []string{"never", "2"}, load.LateJoin, load.Degraded, []string{"5 of 12 tasks did not start", "5 tasks in eu (eu-2, eu-4, …): not ready before the end of the load: no machine has room for it"}, 7, 0},
		{"one image is bad", []string{"broken", "10"}, load.LateFail, load.CouldNotRun, []string{"task eu-10 did not get ready", "eu-10: ended before it was ready: its image onrush-agent:none cannot be pulled: not found"}, 0, 0},
		{"no task starts at all", []string{"broken", "1"}, load.LateWithout, load.Degraded, []string{"10 of 12 tasks did not start", "10 tasks in eu (eu-1, eu-2, …): ended before it was ready: its image"}, 2, 0},
		{"slow", []string{"throttle", "100ms"}, load.LateFail, load.Completed, nil, 12, 0},
		{"too slow", []string{"throttle", "1500ms"}, load.LateFail, load.CouldNotRun, []string{"tasks were ready after 6s"}, 0, 0},
		{"away for a while at first", []string{"down_from", "0s", "down_to", "3s"}, load.LateFail, load.Completed, nil, 12, 0},
		{"away for long", []string{"down_from", "0s", "down_to", "12s"}, load.LateFail, load.CouldNotRun, []string{"2 of 12 tasks were ready after 6s", "10 tasks in eu (eu-1, eu-2, …): not ready: did not start yet: region eu: the platform's API does not answer"}, 0, 0},
		{"away when it is to stop", []string{"down_from", "1s", "down_to", "9s"}, load.LateFail, load.Completed, nil, 12, 0},
		{"late, and joins", []string{"down_from", "0s", "down_to", "5s"}, load.LateJoin, load.Degraded, []string{"10 of 12 tasks were late for the start and joined the running load"}, 12, 10},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			bounds := bounds
			within := ""
			if test.joined > 0 {
				within = "within: 2s, "
			}
			c := fleetServer(t, bounds, test.settings...)
			report := runToEnd(t, c, fmt.Sprintf("name: faulty\nengine: scripted\nregions: [{name: eu, tasks: 10}, {name: us, tasks: 2}]\n"+
				"start: {%slate_tasks: %s}\nload: {users: 1, duration: 6s}\n", within, test.late))
			if report.Run.Outcome != test.outcome {
				t.Errorf("outcome %s, want %s", report.Run.Outcome, test.outcome)
			}
			causes := strings.Join(report.Run.Cause, "\n")
			for _, want := range test.causes {
				if !strings.Contains(causes, want) {
					t.Errorf("no cause says %q:\n%s", want, causes)
				}
			}
			if n := len(test.causes); n > 0 && n != len(report.Run.Cause) && test.name != "too slow" {
				t.Errorf("want %d causes, the same ones told once:\n%s", n, causes)
			}
			acc := report.Accounting
			if acc.TasksStarted != test.started || acc.SamplesSent != acc.SamplesReceived {
				t.Errorf("%d tasks started, want %d; %d samples sent, %d received", acc.TasksStarted, test.started, acc.SamplesSent, acc.SamplesReceived)
			}
			joined := 0
			for _, task := range report.Tasks {
				if task.Task.Joined > 0 {
					joined++
				}
			}
			if joined != test.joined {
				t.Errorf("%d tasks joined, want %d", joined, test.joined)
			}
			if eu := report.Provisioning["eu"]; eu.Tasks != 10 || eu.Asked.IsZero() || eu.Ready.Tasks > 0 && eu.Ready.Last.Before(eu.Asked) {
				t.Errorf("provisioning of eu is %+v", eu)
			}
			nothingLeft(t, c)
		})
	}
}
