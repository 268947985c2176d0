package server_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/regions"
	"onrush.dev/onrush/internal/server"
)

// checked starts a check and returns it when it has ended.
func checked(t *testing.T, c *client.Client, region string) load.RegionCheck {
	t.Helper()
	check, err := c.StartRegionCheck(t.Context(), region)
	for end := time.Now().Add(time.Minute); err == nil && check.State == load.CheckRunning && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		check, err = c.RegionCheck(t.Context(), region)
	}
	if err != nil || check.Ended == nil || check.Step != "" {
		t.Fatalf("the check of %s is %+v, %v", region, check, err)
	}
	for _, f := range check.Findings {
		t.Logf("%s %s: %s (%s)", f.State, f.Check, f.Text, f.Remedy)
	}
	return check
}

// finding returns what a check found of one thing.
func finding(t *testing.T, check load.RegionCheck, what string) load.Finding {
	t.Helper()
	for _, f := range check.Findings {
		if f.Check == what {
			return f
		}
	}
	t.Fatalf("the check found nothing of %s: %+v", what, check.Findings)
	return load.Finding{}
}

// TestRegionCheck proves a region of this machine with a real run.
func TestRegionCheck(t *testing.T) {
	t.Parallel()
	_, c := start(t, t.TempDir())
	check := checked(t, c, "eu")
	if check.State != load.CheckOK || len(check.Runs) != 1 {
		t.Fatalf("the check ended %s with runs %q", check.State, check.Runs)
	}
	for what, want := range map[string]string{
		"agent": "is there", "quota": "room for 20 tasks now", "start": "task started in",
		"reach": "clock differs by", "run": "made 200 requests", "left": "left nothing behind",
	} {
		if f := finding(t, check, what); !strings.Contains(f.Text, want) {
			t.Errorf("of %s it found %q, want %q in it", what, f.Text, want)
		}
	}
	first := check.Runs[0]
	run, err := c.Run(t.Context(), first)
	if err != nil || run.Outcome != load.Completed || run.Check == nil || run.Check.Region != "eu" {
		t.Errorf("its run is %+v, %v", run, err)
	}
	if list, err := c.Runs(t.Context(), load.RunFilter{}); err != nil || len(list) != 0 {
		t.Errorf("the list of runs has %+v, %v", list, err)
	}

	// The next check takes the place of this one, with its run.
	if second := checked(t, c, "eu"); second.ID == check.ID || second.State != load.CheckOK {
		t.Errorf("the second check is %+v", second)
	}
	if _, err := c.Run(t.Context(), first); load.ErrorCode(err) != load.NotFound {
		t.Errorf("the first check's run is still there: %v", err)
	}
	if err := c.DeleteRegion(t.Context(), "eu", false); err != nil {
		t.Fatal(err)
	}
	if _, err := c.RegionCheck(t.Context(), "eu"); load.ErrorCode(err) != load.NotFound {
		t.Errorf("the check of a removed region gave %v", err)
	}
}

// TestRegionCheckFinds: what a region lacks is told with its remedy.
func TestRegionCheckFinds(t *testing.T) {
	t.Parallel()
	t.Run("no agent", func(t *testing.T) {
		t.Parallel()
		c := startWith(t, filepath.Join(t.TempDir(), "no-agent"))
		check := checked(t, c, "local")
		f := finding(t, check, "agent")
		if check.State != load.CheckFailed || f.State != load.FindingFailed || !strings.Contains(f.Text, "no-agent") || f.Remedy == "" {
			t.Errorf("the check ended %s and found %+v", check.State, f)
		}
		if len(check.Runs) != 0 {
			t.Errorf("it made a run nevertheless: %q", check.Runs)
		}
	})
	t.Run("an agent that is none", func(t *testing.T) {
		t.Parallel()
		check := checked(t, startWith(t, "sh", "-c", "echo this is no agent; exit 7"), "local")
		f := finding(t, check, "run")
		if check.State != load.CheckFailed || !strings.Contains(f.Text, "7") || !strings.Contains(f.Text, "this is no agent") {
			t.Errorf("the check ended %s and found %+v", check.State, f)
		}
		if left := finding(t, check, "left"); left.State != load.FindingOK {
			t.Errorf("it left %+v", left)
		}
	})
	t.Run("no way to the server", func(t *testing.T) {
		t.Parallel()
		c := startWith(t, agent)
		if _, _, err := c.PutRegion(t.Context(), load.Region{Name: "far", Server: "http://127.0.0.1:1"}); err != nil {
			t.Fatal(err)
		}
		check := checked(t, c, "far")
		f := finding(t, check, "reach")
		for _, want := range []string{"the task runs but does not reach the server at http://127.0.0.1:1 within 4s"} {
			if !strings.Contains(f.Text, want) {
				t.Errorf("it found %q, want %q in it", f.Text, want)
			}
		}
		if check.State != load.CheckFailed || f.Remedy == "" || finding(t, check, "left").State != load.FindingOK {
			t.Errorf("the check is %+v", check)
		}
	})
	t.Run("no room", func(t *testing.T) {
		t.Parallel()
		_, c := start(t, t.TempDir())
		if _, _, err := c.PutRegion(t.Context(), load.Region{Name: "eu", Limit: 1}); err != nil {
			t.Fatal(err)
		}
		run, err := c.StartRun(t.Context(), client.StartRun{Source: "name: full\nengine: scripted\nload: {users: 1, duration: 1m}\nregions: [{name: eu}]\n"})
		if err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(20 * time.Second); run.Status != load.Running && err == nil && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			run, err = c.Run(t.Context(), run.ID)
		}
		if err := c.DeleteRegion(t.Context(), "eu", false); load.ErrorCode(err) != load.Conflict || !strings.Contains(err.Error(), run.ID) {
			t.Errorf("removing a region in use gave %v", err)
		}
		check := checked(t, c, "eu")
		if f := finding(t, check, "quota"); check.State != load.CheckFailed || f.State != load.FindingWarning {
			t.Errorf("the check ended %s and found %+v", check.State, f)
		}
		if err := c.StopRun(t.Context(), run.ID, "now"); err != nil {
			t.Error(err)
		}
	})
}

// startWith brings a server up whose local tasks are another program.
func startWith(t *testing.T, command ...string) *client.Client {
	t.Helper()
	s, err := server.Start(t.Context(), server.Config{
		DataDir: t.TempDir(), AgentCommand: command, Ephemeral: true,
		CheckBounds: regions.Bounds{Hello: 4 * time.Second},
		Log:         slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo})),
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
