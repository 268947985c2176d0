package server_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/control"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/server"
)

// await waits until something is true of a run's tasks.
func awaitTasks(t *testing.T, c *client.Client, run, what string, ok func([]load.Task) bool) {
	t.Helper()
	var tasks []load.Task
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		var err error
		if tasks, err = c.Tasks(t.Context(), run); err != nil {
			t.Fatal(err)
		}
		if ok(tasks) {
			return
		}
	}
	t.Fatalf("never: %s; the tasks are %+v", what, tasks)
}

func withStatus(tasks []load.Task, status load.TaskStatus) int {
	n := 0
	for _, task := range tasks {
		if task.Status == status {
			n++
		}
	}
	return n
}

func changeTasks(t *testing.T, c *client.Client, run string, n int, region string) {
	t.Helper()
	if err := c.ChangeLoad(t.Context(), run, client.Load{Tasks: &n, Region: region}); err != nil {
		t.Fatal(err)
	}
}

// TestLiveTasks adds tasks to a running load and takes some away; a server that
// ends in between changes nothing.
func TestLiveTasks(t *testing.T) {
	t.Parallel()
	config := server.Config{
		DataDir: t.TempDir(), AgentCommand: []string{agent}, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Regions: []load.Region{{Name: "eu", Driver: "local", Limit: 20}, {Name: "us", Driver: "local", RunLimit: 2}},
		Limits:  control.Limits{Provision: 20 * time.Second, Drain: 2 * time.Second, Overrun: 2 * time.Second},
	}
	begin := func() (*server.Server, *client.Client) {
		t.Helper()
		s, err := server.Start(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		return s, client.New(s.URL(), s.Token())
	}
	s, c := begin()
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	run := startRun(t, c, "name: live\n"+twoTasks+"load: {users: 3, duration: 10m}\nscripted: {latency: 20ms}").ID
	waitStatus(t, c, run, load.Running)

	changeTasks(t, c, run, 3, "eu")
	if err := s.Close(context.Background()); err != nil { // whether it has started them or not
		t.Error(err)
	}
	s, c = begin()
	awaitTasks(t, c, run, "4 tasks run", func(tasks []load.Task) bool { return withStatus(tasks, load.TaskRunning) == 4 })
	three := 3
	if err := c.ChangeLoad(t.Context(), run, client.Load{Tasks: &three, Region: "us"}); load.ErrorCode(err) != load.Conflict || !strings.Contains(err.Error(), "run_limit") {
		t.Errorf("3 tasks where 2 are allowed: %v", err)
	}
	changeTasks(t, c, run, 2, "")
	awaitTasks(t, c, run, "2 tasks run, 2 have left", func(tasks []load.Task) bool {
		return withStatus(tasks, load.TaskRunning) == 2 && withStatus(tasks, load.TaskDone) == 2
	})
	changeTasks(t, c, run, 2, "us")
	awaitTasks(t, c, run, "3 tasks run again", func(tasks []load.Task) bool { return withStatus(tasks, load.TaskRunning) == 3 })
	time.Sleep(1500 * time.Millisecond)
	if err := c.StopRun(t.Context(), run, "drain"); err != nil {
		t.Fatal(err)
	}
	report := waitEnd(t, c, run)
	acc := report.Accounting
	if acc.TasksPlanned != 5 || acc.TasksReported != 5 || acc.TasksLost != 0 || acc.SamplesSent != acc.SamplesReceived || acc.SamplesReceived == 0 {
		t.Errorf("accounting %+v, want 5 tasks and every sample", acc)
	}
	for name, want := range map[string]struct{ added, left bool }{
		"eu-1": {false, false}, "us-1": {false, false}, "eu-2": {true, true}, "eu-3": {true, true}, "us-2": {true, false},
	} {
		task := report.Tasks[name].Task
		if task.Added != want.added || (task.Left > 0) != want.left || (task.Joined > 0) != want.added || task.Status != load.TaskDone || report.Tasks[name].Requests == 0 {
			t.Errorf("%s is %+v with %d requests, want added %v, left %v", name, task, report.Tasks[name].Requests, want.added, want.left)
		}
	}
	if texts := eventTexts(report); !strings.Contains(texts, "tasks changed to 3 in eu at second") || !strings.Contains(texts, "tasks changed to 1 in eu, 1 in us") {
		t.Errorf("the events do not tell of the changes:\n%s", texts)
	}
}
