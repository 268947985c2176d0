package server_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/control"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/server"
)

// agent is the agent's program, built once.
var agent string

func TestMain(m *testing.M) {
	if dir := os.Getenv(asServer); dir != "" {
		os.Exit(serveUntilKilled(dir))
	}
	dir, err := os.MkdirTemp("", "onrush-life-")
	if err != nil {
		panic(err)
	}
	agent = filepath.Join(dir, "onrush-agent")
	build := exec.Command("go", "build", "-o", agent, "onrush.dev/onrush/cmd/onrush-agent")
	if out, err := build.CombinedOutput(); err != nil {
		panic(fmt.Sprintf("build agent: %v\n%s", err, out))
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// start brings a server up with short bounds, so that faults show soon.
func start(t *testing.T, dir string) (*server.Server, *client.Client) {
	t.Helper()
	s, err := server.Start(t.Context(), server.Config{
		DataDir: dir, AgentCommand: []string{agent}, Ephemeral: true,
		Log:     slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})),
		Regions: []load.Region{{Name: "eu", Driver: "local", Limit: 20}, {Name: "us", Driver: "local"}},
		Limits: control.Limits{
			Provision: 8 * time.Second, Silence: 4 * time.Second,
			Drain: 2 * time.Second, Overrun: 2 * time.Second, Queue: 3 * time.Second,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s, client.New(s.URL(), s.Token())
}

// TestLife runs scenarios on the scripted engine, in real agent processes, and
// looks at what becomes of them.
func TestLife(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, c := start(t, dir)
	tests := []struct {
		name, scenario string
		outcome        load.Outcome
		verdict        load.Verdict
		cause          string // in the causes
		lost           int
		samples        bool // sent and received must agree
	}{
		{
			name: "completes", outcome: load.Completed, verdict: load.Passed, samples: true,
			scenario: "load: {users: 3, duration: 3s}\ncriteria: [p95 < 1s]",
		},
		{
			name: "fails its criteria", outcome: load.Completed, verdict: load.Failed, samples: true,
			scenario: "load: {users: 2, duration: 2s}\nscripted: {latency: 20ms}\ncriteria: [p50 < 5ms]",
		},
		{
			name: "one task crashes", outcome: load.Degraded, verdict: load.NotJudged, cause: "eu-1: killed by signal", lost: 1,
			scenario: "load: {users: 2, duration: 4s}\nscripted: {tasks: [0], crash_at: 1500ms}",
		},
		{
			name: "a lost task is replaced", outcome: load.Degraded, verdict: load.NotJudged, cause: "lost", lost: 1,
			scenario: "lost_tasks: replace\nload: {users: 2, duration: 12s}\nscripted: {tasks: [1], crash_at: 1500ms}",
		},
		{
			name: "a lost task stops the run", outcome: load.Degraded, verdict: load.NotJudged, cause: "lost", lost: 1,
			scenario: "lost_tasks: stop\nload: {users: 2, duration: 10m}\nscripted: {tasks: [1], crash_at: 1500ms}",
		},
		{
			name: "a task falls silent", outcome: load.Degraded, verdict: load.NotJudged, cause: "no word from it", lost: 1,
			scenario: "load: {users: 2, duration: 3s}\nscripted: {tasks: [0], mute_at: 1s}",
		},
		{
			name: "an engine hangs", outcome: load.Degraded, verdict: load.NotJudged,
			scenario: "load: {users: 2, duration: 2s}\nscripted: {tasks: [0], hang_at: 1s}",
		},
		{
			name: "an engine fails", outcome: load.Degraded, verdict: load.NotJudged, cause: "exit",
			scenario: "load: {users: 2, duration: 3s}\nscripted: {tasks: [0], exit_at: 1s, exit_code: 7}",
		},
		{
			name: "an engine cannot start", outcome: load.CouldNotRun, verdict: load.NotJudged, cause: "did not get ready",
			scenario: "load: {users: 2, duration: 3s}\nscripted: {tasks: [0], fail_start: true}",
		},
		{
			name: "a task never comes", outcome: load.CouldNotRun, verdict: load.NotJudged, cause: "ready after 8s",
			scenario: "load: {users: 2, duration: 3s}\nscripted: {tasks: [0], never_ready: true}",
		},
		{
			name: "a criterion stops the run", outcome: load.Completed, verdict: load.Failed, samples: true,
			scenario: "load: {users: 4, duration: 10m}\nscripted: {latency: 30ms}\ncriteria: ['p95 < 10ms, stop']",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			source := "name: " + strings.ReplaceAll(test.name, " ", "-") + "\nengine: scripted\nregions: [{name: eu, tasks: 1}, {name: us, tasks: 1}]\n" + test.scenario
			report := runToEnd(t, c, source)
			if report.Run.Outcome != test.outcome || report.Run.Verdict != test.verdict {
				t.Errorf("outcome %s, verdict %s, want %s, %s; cause %q", report.Run.Outcome, report.Run.Verdict, test.outcome, test.verdict, report.Run.Cause)
			}
			if !strings.Contains(strings.Join(report.Run.Cause, "\n"), test.cause) {
				t.Errorf("cause %q, want one with %q", report.Run.Cause, test.cause)
			}
			acc := report.Accounting
			if acc.TasksPlanned != 2 || acc.TasksLost != test.lost {
				t.Errorf("planned %d, lost %d tasks, want 2, %d", acc.TasksPlanned, acc.TasksLost, test.lost)
			}
			if test.samples && (acc.SamplesSent == 0 || acc.SamplesSent != acc.SamplesReceived || acc.SamplesSent != report.Total.Requests) {
				t.Errorf("sent %d, received %d samples, reported %d requests", acc.SamplesSent, acc.SamplesReceived, report.Total.Requests)
			}
			for name, task := range report.Tasks {
				if log, err := c.TaskLog(t.Context(), report.Run.ID, name); err != nil && task.Task.Instance != "" {
					t.Errorf("log of task %s: %v", name, err)
				} else if task.Task.Status == load.TaskLost && len(log) == 0 {
					t.Errorf("the log of lost task %s is empty", name)
				}
			}
			left, err := filepath.Glob(filepath.Join(dir, "tasks", "*", report.Run.ID, "*"))
			if err != nil || len(left) > 0 {
				t.Errorf("the fleet left %q, %v", left, err)
			}
		})
	}
}

// runToEnd starts a run and waits for its report.
func runToEnd(t *testing.T, c *client.Client, source string) *load.Report {
	t.Helper()
	run, err := c.StartRun(t.Context(), client.StartRun{Source: source})
	if err != nil {
		t.Fatal(err)
	}
	return waitEnd(t, c, run.ID)
}

func waitEnd(t *testing.T, c *client.Client, id string) *load.Report {
	t.Helper()
	for deadline := time.Now().Add(90 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		run, err := c.Run(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if run.Status == load.Ended {
			report, err := c.Report(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			return report
		}
	}
	t.Fatalf("run %s has not ended", id)
	return nil
}
