package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"onrush.dev/onrush/internal/load"
)

// stopEvery is how often Stop looks whether tasks have ended.
const stopEvery = 20 * time.Millisecond

// Stop implements fleet.Driver. When ctx ends during the grace period, tasks
// are ended by force at once.
func (d *Driver) Stop(ctx context.Context, run string, tasks ...string) error {
	if run == "" {
		return load.Errorf(load.Invalid, "stop: no run named")
	}
	found, err := d.chosen(run, tasks)
	if err != nil || len(found) == 0 {
		return err
	}
	for _, t := range found {
		if t.alive() {
			signalGroup(t.process.PID, syscall.SIGTERM)
		}
	}
	grace, cancel := context.WithTimeout(ctx, d.Grace)
	defer cancel()
	if d.waitGone(grace, run, tasks) {
		return d.remove(run, found)
	}
	if found, err = d.chosen(run, tasks); err != nil {
		return err
	}
	for _, t := range found {
		if t.alive() {
			d.Log.Warn("task did not end by itself, ending it by force", "run", run, "task", t.spec.Task)
			signalGroup(t.process.PID, syscall.SIGKILL)
		}
	}
	force, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if !d.waitGone(force, run, tasks) {
		return fmt.Errorf("stop run %s: some processes did not end even by force", run)
	}
	return d.remove(run, found)
}

// chosen returns the named tasks of a run, all attempts; no names: all tasks.
func (d *Driver) chosen(run string, tasks []string) ([]taskDir, error) {
	found, err := d.instances(run)
	if err != nil || len(tasks) == 0 {
		return found, err
	}
	return slices.DeleteFunc(found, func(t taskDir) bool { return !slices.Contains(tasks, t.spec.Task) }), nil
}

func (d *Driver) waitGone(ctx context.Context, run string, tasks []string) bool {
	tick := time.NewTicker(stopEvery)
	defer tick.Stop()
	for {
		found, err := d.chosen(run, tasks)
		if err == nil && countUp(found) == 0 {
			return true
		}
		for _, t := range found {
			if t.alive() && frozen(t.process.PID) { // it cannot heed a request to end
				signalGroup(t.process.PID, syscall.SIGKILL)
			}
		}
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
}

// remove ends what the tasks' processes left running, and deletes their
// folders.
func (d *Driver) remove(run string, found []taskDir) error {
	paths := map[string]bool{}
	for _, t := range found {
		paths[t.path] = true
	}
	killMarked(paths)
	unlock, err := d.lock()
	if err != nil {
		return err
	}
	defer unlock()
	var errs error
	for path := range paths {
		errs = errors.Join(errs, os.RemoveAll(path))
	}
	// The run's folder goes with its last task; until then this does nothing.
	_ = os.Remove(filepath.Join(d.Dir, run))
	if errs != nil {
		return fmt.Errorf("remove state of run %s: %w", run, errs)
	}
	return nil
}

// signalGroup signals a task's process and all that it started. A group that
// is gone already is fine.
func signalGroup(pid int, signal syscall.Signal) {
	if pid > 1 {
		_ = syscall.Kill(-pid, signal)
	}
}
