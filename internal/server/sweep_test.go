package server_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/fleet/fleettest"
	"onrush.dev/onrush/internal/fleet/local"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/server"
)

// TestSweep leaves tasks behind, of a run that ended and of one that nobody
// knows, beside those of a run that lives.
func TestSweep(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := server.Start(t.Context(), server.Config{
		DataDir: dir, AgentCommand: []string{agent}, Ephemeral: true, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Regions: []load.Region{{Name: "eu", Driver: "local"}, {Name: "us", Driver: "local"}},
		Sweep:   server.Sweep{First: time.Hour, Grace: time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	c := client.New(s.URL(), s.Token())
	const short = "engine: scripted\nregions: [{name: eu, tasks: 2}]\nload: {users: 1, duration: "
	ended := runToEnd(t, c, "name: short\n"+short+"1s}").Run.ID
	living := startRun(t, c, "name: long\n"+short+"10m}").ID
	waitStatus(t, c, living, load.Running)

	// Another hand starts what nobody waits for, in the region's own folder.
	stray, err := local.New(local.Options{Region: "eu", Dir: filepath.Join(dir, "tasks", "eu"), Command: []string{"sh", "-c", fleettest.Program}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stray.Close() })
	for _, run := range []string{ended, "r-of-nobody"} {
		if _, err := stray.Start(t.Context(), []fleet.TaskSpec{{Run: run, Task: "eu-7", Region: "eu", Ticket: "wait"}}); err != nil {
			t.Fatal(err)
		}
	}
	sweep := func() load.Sweep {
		t.Helper()
		list, err := c.Sweep(t.Context(), "eu")
		if err != nil || len(list) != 1 || len(list[0].Errors) > 0 {
			t.Fatalf("sweep: %+v, %v", list, err)
		}
		return list[0]
	}
	found := map[string]string{}
	for deadline := time.Now().Add(20 * time.Second); len(found) < 2 && time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		for _, o := range sweep().Orphans {
			found[o.Run] = o.Task + ": " + o.Why
		}
	}
	if !strings.HasPrefix(found[ended], "eu-7: its run ended at") || found["r-of-nobody"] != "eu-7: its run is not known to this server" || len(found) != 2 {
		t.Errorf("the sweep found %v", found)
	}
	left, err := stray.List(t.Context(), "")
	if err != nil || len(left) != 2 || left[0].Run != living || left[1].Run != living {
		t.Errorf("after the sweep there are %v, %v; want the two of the run that lives", left, err)
	}
	events, err := c.Events(t.Context(), ended, 0)
	if err != nil || !strings.Contains(events[len(events)-1].Text, "the sweep of region eu stopped 1 task that still ran") {
		t.Errorf("the ended run does not tell of it: %+v, %v", events, err)
	}
	if _, err := c.Sweep(t.Context(), "asia"); load.ErrorCode(err) != load.NotFound {
		t.Errorf("a sweep of a region that there is not: %v", err)
	}
	if all, err := c.Sweep(t.Context(), ""); err != nil || len(all) != 2 || all[1].Region != "us" {
		t.Errorf("sweep of all regions: %+v, %v", all, err)
	}
	if latest, err := c.Sweeps(t.Context()); err != nil || len(latest) != 2 {
		t.Errorf("latest sweeps: %+v, %v", latest, err)
	}
	if err := c.StopRun(t.Context(), living, "now"); err != nil {
		t.Fatal(err)
	}
	waitEnd(t, c, living)
}
