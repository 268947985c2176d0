package control

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// SweepOptions are what a Sweeper works with. The times' zero values take the
// defaults.
type SweepOptions struct {
	Store   Store
	Regions Regions
	First   time.Duration // after the server's start; default a minute
	Every   time.Duration // from then on; default an hour
	// Grace is how long after the end of its run, or after its own start when
	// its run is unknown, a task is left alone; default 5 minutes.
	Grace time.Duration
	// Platform bounds one call of a driver; default 2 minutes.
	Platform time.Duration
	Log      *slog.Logger
}

// Sweeper looks for tasks that run for nobody and stops them: whatever went
// wrong at the end of a run, nothing costs money for ever. Drivers show it only
// what carries the mark of this very server, so that it touches nothing else.
type Sweeper struct {
	SweepOptions
	sweeping sync.Mutex // one sweep at a time

	mu     sync.Mutex
	latest map[string]load.Sweep
	seen   map[string]time.Time // region and instance: first seen, where the platform does not say since when it is there
}

// NewSweeper makes a Sweeper; Run starts it.
func NewSweeper(o SweepOptions) *Sweeper {
	o.First = cmp.Or(o.First, time.Minute)
	o.Every = cmp.Or(o.Every, time.Hour)
	o.Grace = cmp.Or(o.Grace, 5*time.Minute)
	o.Platform = cmp.Or(o.Platform, 2*time.Minute)
	return &Sweeper{SweepOptions: o, latest: map[string]load.Sweep{}, seen: map[string]time.Time{}}
}

// Run sweeps all regions soon and then every hour, until ctx ends.
func (s *Sweeper) Run(ctx context.Context) {
	timer := time.NewTimer(s.First)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if _, err := s.SweepAll(ctx); err != nil && ctx.Err() == nil {
			s.Log.Error("cannot sweep for orphans", "err", err)
		}
		timer.Reset(s.Every)
	}
}

// Latest returns each region's latest sweep, by region.
func (s *Sweeper) Latest() []load.Sweep {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []load.Sweep
	for _, sweep := range s.latest {
		list = append(list, sweep)
	}
	slices.SortFunc(list, func(a, b load.Sweep) int { return cmp.Compare(a.Region, b.Region) })
	return list
}

// SweepAll sweeps every region, all at once.
func (s *Sweeper) SweepAll(ctx context.Context) ([]load.Sweep, error) {
	names, err := s.Regions.Names(ctx)
	if err != nil {
		return nil, err
	}
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	sweeps, errs := make([]load.Sweep, len(names)), make([]error, len(names))
	var regions sync.WaitGroup
	for i, name := range names {
		regions.Go(func() { sweeps[i], errs[i] = s.sweep(ctx, name) })
	}
	regions.Wait()
	for i, err := range errs {
		if err != nil { // it was removed meanwhile, or cannot be opened
			sweeps[i] = load.Sweep{Region: names[i], At: time.Now().UTC(), Orphans: []load.Orphan{}, Errors: []string{err.Error()}}
		}
		s.keep(sweeps[i])
	}
	return sweeps, ctx.Err()
}

// Sweep sweeps one region now.
func (s *Sweeper) Sweep(ctx context.Context, region string) (load.Sweep, error) {
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	sweep, err := s.sweep(ctx, region)
	if err == nil {
		s.keep(sweep)
	}
	return sweep, err
}

func (s *Sweeper) keep(sweep load.Sweep) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latest[sweep.Region] = sweep
}

// sweep looks at one region. What fails stands in the sweep; the error is for a
// region that there is not.
func (s *Sweeper) sweep(ctx context.Context, name string) (load.Sweep, error) {
	sweep := load.Sweep{Region: name, At: time.Now().UTC(), Orphans: []load.Orphan{}}
	_, driver, err := s.Regions.Region(ctx, name)
	if err != nil {
		return sweep, err
	}
	asking, cancel := context.WithTimeout(ctx, s.Platform)
	defer cancel()
	instances, err := driver.List(asking, "")
	if err != nil {
		sweep.Errors = append(sweep.Errors, "its tasks could not be listed: "+err.Error())
		s.Log.Warn("cannot sweep a region", "region", name, "err", err)
		return sweep, nil
	}
	sweep.Seen = len(instances)
	byRun := map[string][]fleet.Instance{}
	for _, i := range instances {
		byRun[i.Run] = append(byRun[i.Run], i)
	}
	for _, run := range slices.Sorted(maps.Keys(byRun)) {
		s.sweepRun(ctx, driver, &sweep, run, byRun[run])
	}
	s.forget(name, instances)
	return sweep, nil
}

// sweepRun stops a run's tasks in a region when nobody waits for them.
func (s *Sweeper) sweepRun(ctx context.Context, driver fleet.Driver, sweep *load.Sweep, id string, instances []fleet.Instance) {
	why, since, err := s.orphaned(ctx, id)
	if err != nil {
		sweep.Errors = append(sweep.Errors, fmt.Sprintf("run %s could not be looked up: %v", id, err))
		return
	}
	if why == "" || !since.IsZero() && sweep.At.Sub(since) < s.Grace {
		return
	}
	var names []string
	var orphans []load.Orphan
	cleared := 0
	for _, i := range instances {
		if since.IsZero() && sweep.At.Sub(s.since(sweep.Region, i, sweep.At)) < s.Grace {
			continue
		}
		names = append(names, i.Task)
		if i.State == fleet.Gone {
			cleared++
			continue
		}
		orphans = append(orphans, load.Orphan{Run: id, Task: i.Task, Attempt: i.Attempt, Instance: i.ID, Started: i.Started, Why: why})
	}
	if len(names) == 0 {
		return
	}
	stopping, cancel := context.WithTimeout(ctx, s.Platform)
	defer cancel()
	if err := driver.Stop(stopping, id, names...); err != nil {
		sweep.Errors = append(sweep.Errors, fmt.Sprintf("%s of run %s could not be stopped: %v", tasksText(len(names)), id, err))
		s.Log.Error("cannot stop orphans", "region", sweep.Region, "run", id, "err", err)
		return
	}
	sweep.Orphans, sweep.Cleared = append(sweep.Orphans, orphans...), sweep.Cleared+cleared
	if len(orphans) > 0 {
		s.tell(ctx, sweep.Region, id, orphans)
	}
}

// orphaned says why nobody waits for a run's tasks, and since when; nothing
// while somebody does. A zero instant: the run is not known, and each task's own
// time counts.
func (s *Sweeper) orphaned(ctx context.Context, id string) (why string, since time.Time, err error) {
	run, err := s.Store.Run(ctx, id)
	switch {
	case load.ErrorCode(err) == load.NotFound:
		return "its run is not known to this server", time.Time{}, nil
	case err != nil:
		return "", time.Time{}, err
	case run.Status != load.Ended:
		return "", time.Time{}, nil
	case run.Ended == nil:
		return "its run has ended", run.Since, nil
	}
	return "its run ended at " + run.Ended.UTC().Format(time.DateTime) + " UTC", *run.Ended, nil
}

// since is from when on an instance is there, as far as is known.
func (s *Sweeper) since(region string, i fleet.Instance, now time.Time) time.Time {
	if !i.Started.IsZero() {
		return i.Started
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := region + "\x00" + i.ID
	if _, known := s.seen[key]; !known {
		s.seen[key] = now
	}
	return s.seen[key]
}

// forget drops what was noted of instances that are not there any more.
func (s *Sweeper) forget(region string, instances []fleet.Instance) {
	there := map[string]bool{}
	for _, i := range instances {
		there[region+"\x00"+i.ID] = true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.seen {
		if len(key) > len(region) && key[:len(region)+1] == region+"\x00" && !there[key] {
			delete(s.seen, key)
		}
	}
}

// tell says in the log, and in the run's events where there is the run, what
// was stopped.
func (s *Sweeper) tell(ctx context.Context, region, id string, orphans []load.Orphan) {
	s.Log.Warn("stopped orphans", "region", region, "run", id, "tasks", len(orphans), "why", orphans[0].Why)
	event := load.Event{Run: id, At: time.Now().UTC(), Kind: "note", Text: fmt.Sprintf("the sweep of region %s stopped %s that still ran", region, tasksText(len(orphans)))}
	if _, err := s.Store.AddEvent(ctx, event); err != nil && load.ErrorCode(err) != load.NotFound {
		s.Log.Warn("cannot record what a sweep stopped", "run", id, "err", err)
	}
}
