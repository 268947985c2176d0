package docker

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/moby/moby/api/types/container"

	"onrush.dev/onrush/internal/fleet"
)

// looksAtOnce bounds the looks at single containers of an engine.
const looksAtOnce = 8

// List implements fleet.Driver. Of an engine that does not answer it tells what
// that showed last: its tasks most likely go on. Where it never showed
// anything and may hold tasks of the run, the whole list is not to be had.
func (d *Driver) List(ctx context.Context, run string) ([]fleet.Instance, error) {
	lists := make([][]fleet.Instance, len(d.engines))
	errs := make([]error, len(d.engines))
	d.each(func(i int, e *engine) {
		lists[i], errs[i] = d.listOn(ctx, e, run)
		if isDown(errs[i]) {
			var known bool
			if lists[i], known = e.shown(run); known || !d.placed.mayHold(run, e.host) || run == "" {
				errs[i] = nil
			}
		}
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := errors.Join(errs...); err != nil {
		return nil, &fleet.StartError{Kind: fleet.Down, Reason: "region " + d.Name + ": " + words(err), Remedy: remedyDown}
	}
	return once(slices.Concat(lists...)), nil
}

// once drops containers that were made for a task but never started, when the
// task has one that was: a start went on elsewhere.
func once(list []fleet.Instance) []fleet.Instance {
	started := map[taskKey]bool{}
	for _, i := range list {
		if i.State != fleet.Pending {
			started[taskKey{i.Run, i.Task, i.Attempt}] = true
		}
	}
	pending := map[taskKey]bool{}
	return slices.DeleteFunc(list, func(i fleet.Instance) bool {
		key := taskKey{i.Run, i.Task, i.Attempt}
		if i.State != fleet.Pending {
			return false
		}
		if started[key] || pending[key] {
			return true
		}
		pending[key] = true
		return false
	})
}

func (d *Driver) listOn(ctx context.Context, e *engine, run string) ([]fleet.Instance, error) {
	found, err := d.look(ctx, e, run)
	if err != nil {
		return nil, err
	}
	list := make([]fleet.Instance, len(found))
	errs := make([]error, len(found))
	var all sync.WaitGroup
	free := make(chan struct{}, looksAtOnce)
	for i, c := range found {
		all.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			list[i], errs[i] = d.instance(ctx, e, c)
		})
	}
	all.Wait()
	for i, err := range errs {
		if isNotFound(err) { // removed since the list was made
			list[i].ID = ""
			errs[i] = nil
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(i fleet.Instance) bool { return i.ID == "" })
	e.remember(run, list)
	return list, nil
}

// instance tells a container in the words of package fleet.
func (d *Driver) instance(ctx context.Context, e *engine, c container.Summary) (fleet.Instance, error) {
	key := keyOf(c)
	i := fleet.Instance{ID: c.ID, Run: key.run, Task: key.task, Attempt: key.attempt, State: stateOf(c)}
	if i.State == fleet.Pending {
		return i, nil
	}
	more, err := e.detail(ctx, c.ID, i.State, key.run)
	if err != nil {
		return i, err
	}
	i.Started = more.started
	switch {
	case i.State == fleet.Gone:
		i.Ended, i.ExitCode, i.Reason = more.ended, more.exit, more.reason
	case c.State == container.StatePaused:
		i.Reason = "paused on its engine: somebody must let it go on (docker unpause)"
	}
	return i, nil
}

// remember keeps what the engine showed of a run, and drops what is known of
// containers that it no longer has.
func (e *engine) remember(run string, list []fleet.Instance) {
	e.mu.Lock()
	defer e.mu.Unlock()
	has := map[string]bool{}
	for _, i := range list {
		has[i.ID] = true
	}
	for id, known := range e.details {
		if !has[id] && (run == "" || known.run == run) {
			delete(e.details, id)
		}
	}
	if run == "" {
		for name := range e.last {
			if !slices.ContainsFunc(list, func(i fleet.Instance) bool { return i.Run == name }) {
				delete(e.last, name)
			}
		}
	}
	e.last[run] = list
}

// shown is what the engine showed last of a run.
func (e *engine) shown(run string) ([]fleet.Instance, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	list, known := e.last[run]
	return slices.Clone(list), known
}
