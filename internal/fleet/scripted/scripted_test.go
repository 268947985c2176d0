package scripted_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/fleet/fleettest"
	"onrush.dev/onrush/internal/fleet/scripted"
	"onrush.dev/onrush/internal/load"
)

func open(t *testing.T, dir string, limit int, settings map[string]string) fleet.Driver {
	t.Helper()
	d, err := scripted.Kind().Open(fleet.Place{
		Region: load.Region{Name: "eu", Driver: "scripted", Limit: limit, Settings: settings},
		Dir:    dir, AgentCommand: []string{"sh", "-c", fleettest.Program},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// TestConformance: without faults it is a driver as all others are.
func TestConformance(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	dirOf := func(t *testing.T) string { return filepath.Join(root, strings.ReplaceAll(t.Name(), "/", "_")) }
	fleettest.Run(t, fleettest.Harness{
		New: func(t *testing.T, limit int) fleet.Driver { return open(t, dirOf(t), limit, nil) },
		Left: func(t *testing.T, run string) []string {
			left, err := os.ReadDir(filepath.Join(dirOf(t), "eu", run))
			if err != nil {
				return nil // gone as a whole
			}
			var names []string
			for _, entry := range left {
				names = append(names, entry.Name())
			}
			return names
		},
		Kill: func(t *testing.T, i fleet.Instance) {
			pid, err := strconv.Atoi(i.ID)
			if err == nil {
				err = syscall.Kill(pid, syscall.SIGKILL)
			}
			if err != nil {
				t.Fatal(err)
			}
		},
	})
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	for _, settings := range []map[string]string{{"quota": "many"}, {"never": "-1"}, {"throttle": "slow"}} {
		if _, err := scripted.Kind().Open(fleet.Place{Region: load.Region{Name: "eu", Settings: settings}, Dir: t.TempDir()}); load.ErrorCode(err) != load.Invalid {
			t.Errorf("%v: %v", settings, err)
		}
	}
}
