package scripted

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/fleet/local"
	"onrush.dev/onrush/internal/load"
)

// script is what a region's settings say.
type script struct {
	quota    int           // most tasks that are started; 0: no limit
	throttle time.Duration // that each start takes
	never    int           // each so-many-th task is accepted and never comes up
	broken   int           // each so-many-th task ends before it is up
	downFrom time.Duration // since the driver was opened: from when on it is away
	downTo   time.Duration
}

// Kind is the driver; lists for users leave it out.
func Kind() fleet.Kind {
	return fleet.Kind{
		Name: "scripted", Summary: "real tasks and scripted faults, for tests of Onrush itself",
		Settings: []fleet.Setting{
			{Name: "agents", Help: "Where tasks run.", Default: "processes", Allowed: []string{"processes", "inside"}},
			{Name: "quota", Help: "Most tasks that are started."},
			{Name: "throttle", Help: "How long each start takes.", Example: "20ms"},
			{Name: "never", Help: "Each so-many-th task never comes up."},
			{Name: "broken", Help: "Each so-many-th task ends before it is up."},
			{Name: "down_from", Help: "When the platform stops to answer, from the driver's opening on."},
			{Name: "down_to", Help: "When it answers again."},
		},
		Open: open,
	}
}

func open(place fleet.Place) (fleet.Driver, error) {
	s, err := read(place.Settings)
	if err != nil {
		return nil, err
	}
	d := &driver{script: s, opened: time.Now(), region: place.Name, ghosts: map[string]fleet.Instance{}}
	if place.Settings["agents"] == "inside" {
		d.under = newInside(place)
		return d, nil
	}
	d.under, err = local.New(local.Options{
		Region: place.Name, Dir: filepath.Join(place.Dir, place.Name), Command: place.AgentCommand, Limit: place.Limit, Log: place.Log,
	})
	return d, err
}

func read(settings map[string]string) (script, error) {
	var s script
	for name, to := range map[string]*int{"quota": &s.quota, "never": &s.never, "broken": &s.broken} {
		if text := settings[name]; text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 {
				return s, load.Errorf(load.Invalid, "settings.%s: found %q, allowed are whole numbers", name, text)
			}
			*to = n
		}
	}
	for name, to := range map[string]*time.Duration{"throttle": &s.throttle, "down_from": &s.downFrom, "down_to": &s.downTo} {
		if text := settings[name]; text != "" {
			d, err := time.ParseDuration(text)
			if err != nil {
				return s, load.Errorf(load.Invalid, "settings.%s: found %q, allowed are durations such as 20ms", name, text)
			}
			*to = d
		}
	}
	return s, nil
}

// driver lays faults over another one.
type driver struct {
	script
	under  fleet.Driver
	opened time.Time
	region string

	mu     sync.Mutex
	asked  int                       // starts that were tried, for what happens to each so-many-th
	up     int                       // started and not known to be stopped
	ghosts map[string]fleet.Instance // those that never come up, and those that ended before
}

var _ fleet.Driver = (*driver)(nil)

// away is the platform's silence, in the time when it is away.
func (d *driver) away() error {
	if at := time.Since(d.opened); at < d.downFrom || at >= d.downTo {
		return nil
	}
	return &fleet.StartError{Kind: fleet.Down, Reason: "region " + d.region + ": the platform's API does not answer", Remedy: "wait, or look at the provider's status page"}
}

// Capacity implements fleet.Driver. The quota is not in it: platforms tell of
// some only when it is too late.
func (d *driver) Capacity(ctx context.Context) (load.Capacity, error) { return d.under.Capacity(ctx) }

// Start implements fleet.Driver.
func (d *driver) Start(ctx context.Context, specs []fleet.TaskSpec) ([]fleet.Started, error) {
	if err := d.away(); err != nil {
		return nil, err
	}
	there, err := d.List(ctx, "")
	if err != nil {
		return nil, err
	}
	known := map[string]string{}
	for _, i := range there {
		known[keyOf(i.Run, i.Task, i.Attempt)] = i.ID
	}
	answers := make([]fleet.Started, len(specs))
	for n, s := range specs {
		if id, ok := known[keyOf(s.Run, s.Task, s.Attempt)]; ok {
			answers[n].Instance = id
			continue
		}
		answers[n] = d.startOne(ctx, s, n, len(specs))
	}
	return answers, nil
}

func keyOf(run, task string, attempt int) string { return fmt.Sprintf("%s/%s/%d", run, task, attempt) }

func (d *driver) startOne(ctx context.Context, s fleet.TaskSpec, n, of int) fleet.Started {
	if d.throttle > 0 {
		select {
		case <-time.After(d.throttle):
		case <-ctx.Done():
		}
	}
	if ctx.Err() != nil {
		return fleet.Started{Err: context.Cause(ctx)}
	}
	d.mu.Lock()
	if d.quota > 0 && d.up >= d.quota {
		d.mu.Unlock()
		return fleet.Started{Err: &fleet.StartError{
			Kind:   fleet.Quota,
			Reason: fmt.Sprintf("region %s: no room for task %s (%d of %d): vCPU quota reached", d.region, s.Task, n+1, of),
			Remedy: "raise the quota, or lower tasks",
		}}
	}
	d.up++
	d.asked++
	ghost := fleet.Instance{ID: "ghost-" + s.Task, Run: s.Run, Task: s.Task, Attempt: s.Attempt}
	switch {
	case d.never > 0 && d.asked%d.never == 0:
		ghost.State, ghost.Reason = fleet.Pending, "no machine has room for it: 0 of 3 nodes have 2 free cores"
	case d.broken > 0 && d.asked%d.broken == 0:
		ghost.State, ghost.Reason, ghost.Ended = fleet.Gone, "its image onrush-agent:none cannot be pulled: not found", time.Now()
	}
	if ghost.State != "" {
		d.ghosts[keyOf(s.Run, s.Task, s.Attempt)] = ghost
		d.mu.Unlock()
		return fleet.Started{Instance: ghost.ID}
	}
	d.mu.Unlock()
	started, err := d.under.Start(ctx, []fleet.TaskSpec{s})
	if err != nil {
		return fleet.Started{Err: err}
	}
	return started[0]
}

// List implements fleet.Driver.
func (d *driver) List(ctx context.Context, run string) ([]fleet.Instance, error) {
	if err := d.away(); err != nil {
		return nil, err
	}
	list, err := d.under.List(ctx, run)
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, i := range d.ghosts {
		if run == "" || i.Run == run {
			list = append(list, i)
		}
	}
	return list, err
}

// Stop implements fleet.Driver.
func (d *driver) Stop(ctx context.Context, run string, tasks ...string) error {
	if err := d.away(); err != nil {
		return err
	}
	named := map[string]bool{}
	for _, task := range tasks {
		named[task] = true
	}
	d.mu.Lock()
	for key, i := range d.ghosts {
		if i.Run == run && (len(tasks) == 0 || named[i.Task]) {
			delete(d.ghosts, key)
		}
	}
	d.mu.Unlock()
	return d.under.Stop(ctx, run, tasks...)
}

// Logs implements fleet.Driver.
func (d *driver) Logs(ctx context.Context, run, task string, follow bool) (io.ReadCloser, error) {
	if err := d.away(); err != nil {
		return nil, err
	}
	return d.under.Logs(ctx, run, task, follow)
}

// Check implements fleet.Driver.
func (d *driver) Check(ctx context.Context) ([]load.Finding, error) {
	if err := d.away(); err != nil {
		return []load.Finding{{Check: "reach", State: load.FindingFailed, Text: err.Error()}}, nil //nolint:nilerr // it is what was found
	}
	return d.under.Check(ctx)
}

// Close implements fleet.Driver.
func (d *driver) Close() error { return d.under.Close() }
