package docker

import (
	"context"
	"strconv"
	"sync"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/client"

	"onrush.dev/onrush/internal/fleet"
)

// The labels of a task's container. They are all that tells it apart.
const (
	labelServer   = "onrush.server"
	labelRegion   = "onrush.region"
	labelRun      = "onrush.run"
	labelTask     = "onrush.task"
	labelAttempt  = "onrush.attempt"
	labelDeadline = "onrush.deadline"
)

// look lists this region's containers on one engine; an empty run: of all runs.
func (d *Driver) look(ctx context.Context, e *engine, run string, tasks ...string) ([]container.Summary, error) {
	filters := client.Filters{}.Add("label", labelServer+"="+d.Server, labelRegion+"="+d.Name)
	if run != "" {
		filters.Add("label", labelRun+"="+run)
	}
	if len(tasks) == 1 {
		filters.Add("label", labelTask+"="+tasks[0])
	}
	var got client.ContainerListResult
	err := e.call(ctx, withinLook, func(ctx context.Context) (err error) {
		got, err = e.api.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: filters})
		return err
	})
	return got.Items, err
}

// keyOf reads a container's labels.
func keyOf(c container.Summary) taskKey {
	attempt, err := strconv.Atoi(c.Labels[labelAttempt])
	if err != nil {
		attempt = -1 // not one of ours; it is shown all the same
	}
	return taskKey{c.Labels[labelRun], c.Labels[labelTask], attempt}
}

// stateOf is a container's state in the words of package fleet.
func stateOf(c container.Summary) fleet.State {
	switch c.State {
	case container.StateCreated:
		return fleet.Pending
	case container.StateRunning, container.StatePaused, container.StateRestarting:
		return fleet.Up
	default: // exited, dead, and one that is being removed
		return fleet.Gone
	}
}

// sight is what one engine shows at one moment.
type sight struct {
	engine *engine
	found  []container.Summary
	info   system.Info
	err    error // it does not answer
}

// alive counts the tasks that are up or about to be.
func (s sight) alive() int {
	n := 0
	for _, c := range s.found {
		if stateOf(c) != fleet.Gone {
			n++
		}
	}
	return n
}

// survey is what all engines of the region show.
type survey []sight

func (s survey) up() int {
	n := 0
	for _, one := range s {
		if one.err == nil {
			n++
		}
	}
	return n
}

func (s survey) alive() int {
	n := 0
	for _, one := range s {
		n += one.alive()
	}
	return n
}

// survey looks at all engines at once, for the tasks of all runs.
func (d *Driver) survey(ctx context.Context) survey {
	all := make(survey, len(d.engines))
	d.each(func(i int, e *engine) {
		s := sight{engine: e}
		if s.found, s.err = d.look(ctx, e, ""); s.err == nil {
			s.info, s.err = e.info(ctx)
		}
		all[i] = s
	})
	return all
}

// each does something with every engine at the same time.
func (d *Driver) each(do func(int, *engine)) {
	var all sync.WaitGroup
	for i, e := range d.engines {
		all.Go(func() { do(i, e) })
	}
	all.Wait()
}
