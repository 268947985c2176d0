package docker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

const (
	stopEvery   = 100 * time.Millisecond // how often Stop looks whether tasks have ended
	stopsAtOnce = 4                      // signals and removals, per engine; many more at once lock old engines up
	// A removal takes a busy engine some tenths of a second.
	forceAtLeast = 30 * time.Second
	forcePerTask = time.Second
)

// Stop implements fleet.Driver. When ctx ends during the grace period, tasks
// are ended by force at once.
func (d *Driver) Stop(ctx context.Context, run string, tasks ...string) error {
	if run == "" {
		return load.Errorf(load.Invalid, "stop: no run named")
	}
	errs := make([]error, len(d.engines))
	d.each(func(i int, e *engine) { errs[i] = d.stopOn(ctx, e, run, tasks) })
	for i, err := range errs {
		if isDown(err) && !d.placed.mayHold(run, d.engines[i].host) {
			errs[i] = nil
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("region %s: stop run %s: %s", d.Name, run, strings.ReplaceAll(words(err), "\n", "; "))
	}
	return d.placed.forget(run, tasks)
}

func (d *Driver) stopOn(ctx context.Context, e *engine, run string, tasks []string) error {
	// Whoever cannot wait still leaves nothing running.
	hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.Grace+forceAtLeast)
	defer cancel()
	found, err := d.chosen(hard, e, run, tasks)
	for end := time.Now().Add(d.Grace); isDown(err) && ctx.Err() == nil && time.Now().Before(end); {
		if pause(ctx, askAgainAfter+100*time.Millisecond) == nil {
			found, err = d.chosen(hard, e, run, tasks)
		}
	}
	if err != nil || len(found) == 0 {
		return err
	}
	grace, cancel := context.WithTimeout(ctx, d.Grace)
	defer cancel()
	e.signal(hard, found)
	d.waitGone(grace, e, run, tasks)
	hard, cancel = context.WithTimeout(context.WithoutCancel(ctx), forceAtLeast+time.Duration(len(found))*forcePerTask)
	defer cancel()
	return d.removeAll(hard, e, run, tasks)
}

// chosen are the containers of the named tasks, all attempts; no names: all.
func (d *Driver) chosen(ctx context.Context, e *engine, run string, tasks []string) ([]container.Summary, error) {
	found, err := d.look(ctx, e, run, tasks...)
	if err != nil || len(tasks) == 0 {
		return found, err
	}
	return slices.DeleteFunc(found, func(c container.Summary) bool { return !slices.Contains(tasks, c.Labels[labelTask]) }), nil
}

// signal asks all tasks to end. One that is gone meanwhile, or deaf, is for
// what comes after.
func (e *engine) signal(ctx context.Context, found []container.Summary) {
	inParallel(found, func(c container.Summary) {
		switch c.State {
		case container.StatePaused: // it cannot heed a request to end
			e.remove(ctx, c.ID)
		case container.StateRunning:
			err := e.call(ctx, withinLook, func(ctx context.Context) error {
				_, err := e.api.ContainerKill(ctx, c.ID, client.ContainerKillOptions{Signal: "SIGTERM"})
				return err
			})
			if err != nil {
				e.log.Debug("could not ask a task to end", "engine", e.host, "container", c.ID, "err", words(err))
			}
		}
	})
}

func (d *Driver) waitGone(ctx context.Context, e *engine, run string, tasks []string) {
	for {
		found, err := d.chosen(ctx, e, run, tasks)
		if err == nil && !slices.ContainsFunc(found, func(c container.Summary) bool { return stateOf(c) == fleet.Up }) {
			return
		}
		if pause(ctx, stopEvery) != nil {
			return
		}
	}
}

// removeAll removes containers, by force where they are still up, until none is
// left: another removal may be under way already.
func (d *Driver) removeAll(ctx context.Context, e *engine, run string, tasks []string) error {
	for {
		found, err := d.chosen(ctx, e, run, tasks)
		if err == nil && len(found) == 0 {
			return nil
		}
		if err != nil && !isDown(err) && ctx.Err() == nil {
			return err
		}
		var mu sync.Mutex
		inParallel(found, func(c container.Summary) {
			if stateOf(c) == fleet.Up {
				d.Log.Warn("task did not end by itself, ending it by force", "run", run, "task", c.Labels[labelTask], "engine", e.host)
			}
			failed := e.call(ctx, withinStart, func(ctx context.Context) error {
				_, err := e.api.ContainerRemove(ctx, c.ID, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
				return err
			})
			if failed != nil && !isNotFound(failed) {
				mu.Lock()
				defer mu.Unlock()
				err = failed
			}
		})
		if pause(ctx, stopEvery) != nil {
			if err == nil {
				err = errors.New("containers are still there")
			}
			return fmt.Errorf("engine %s: %d tasks did not go even by force: %w", e.host, len(found), err)
		}
	}
}

// inParallel does something with all containers, some at a time.
func inParallel(found []container.Summary, do func(container.Summary)) {
	var all sync.WaitGroup
	free := make(chan struct{}, stopsAtOnce)
	for _, c := range found {
		all.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			do(c)
		})
	}
	all.Wait()
}
