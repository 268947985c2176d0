package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"onrush.dev/onrush/internal/collect"
	"onrush.dev/onrush/internal/load"
)

// The conductor's rhythm. Messages and nudges are looked at at once; the beat
// is for what only time brings about.
const (
	beat        = 100 * time.Millisecond
	listEvery   = time.Second
	intentEvery = 2 * time.Second
	roomEvery   = time.Second // each look asks the drivers of all regions
)

// conductor leads one run. Its loop is the only goroutine that touches its
// fields, but for collector (read by the API), heard (written by the bus) and
// what never changes once the run is open: id and fleet.
type conductor struct {
	Options
	id        string // the run's, for what works beside the loop
	cancel    context.CancelFunc
	rooms     *rooms
	log       *slog.Logger
	nudged    chan struct{}
	collector atomic.Pointer[collect.Collector]
	closing   atomic.Bool // the run's stream is being closed: the end of its consumer is no fault

	run      load.Run
	timeline *load.Timeline
	script   *load.ScriptFacts // what a task read of the script, when the plan could not
	tasks    []*task           // every attempt of every task
	fleet    map[string]region

	heeds  chan load.TaskEvent // what agents said
	lists  chan listing        // what drivers see
	starts chan startResult    // what drivers answered
	tolds  chan told           // what became of commands
	caught chan struct{}       // closed when the bus's backlog is replayed

	clearing sync.WaitGroup // lost tasks that are being cleared away

	heardMu sync.Mutex
	heard   map[attempt]time.Time // last word of a task, in this process's time

	replayed   bool
	found      load.Status     // the run's status when this conductor came
	asked      bool            // drivers were asked to start the tasks, by this process
	dirty      bool            // tasks changed since they were stored
	startCtx   context.Context // ends with the loop, and before the fleet is swept
	stopStarts context.CancelFunc
	startsOut  int                  // drivers that have not answered yet
	listDue    map[string]time.Time // by region: when to ask its driver again
	startBound time.Duration        // of one request to start tasks; never changes
	stored     map[attempt]load.Task
	intentsDue time.Time
	roomDue    time.Time // queued: when to look for room again
	waitNoted  bool
	quietFrom  time.Time // finishing: when the last message came
}

func newConductor(opts Options, rooms *rooms, run load.Run, cancel context.CancelFunc) *conductor {
	return &conductor{
		Options: opts, id: run.ID, rooms: rooms, run: run, cancel: cancel,
		log:     opts.Log.With("run", run.ID),
		nudged:  make(chan struct{}, 1),
		heeds:   make(chan load.TaskEvent, 1024),
		lists:   make(chan listing, 64),
		starts:  make(chan startResult, 64),
		tolds:   make(chan told, 16384),
		caught:  make(chan struct{}),
		heard:   map[attempt]time.Time{},
		listDue: map[string]time.Time{}, stored: map[attempt]load.Task{},
	}
}

func (c *conductor) nudge() {
	select {
	case c.nudged <- struct{}{}:
	default:
	}
}

// loop steps the run until it has ended or ctx ends: the lease went to another
// server, or this one shuts down.
func (c *conductor) loop(ctx context.Context) {
	if err := c.retry(ctx, "open run", func() error { return c.open(ctx) }); err != nil || c.run.Status == load.Ended {
		return
	}
	c.startCtx, c.stopStarts = context.WithCancel(ctx)
	defer c.stopStarts()
	consumer := make(chan struct{})
	consumeCtx, stopConsumer := context.WithCancel(ctx)
	go func() { defer close(consumer); c.consume(consumeCtx) }()
	defer func() {
		stopConsumer()
		<-consumer
		c.closeCollector()
		c.leaveRooms()
	}()
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for c.run.Status != load.Ended {
		select {
		case <-ctx.Done():
			return
		case e := <-c.heeds:
			c.heed(e)
		case l := <-c.lists:
			c.see(l)
		case r := <-c.starts:
			c.startAnswered(r)
		case <-c.caughtUp():
			c.replayed = true
			c.noteTakeover(ctx)
		case <-c.nudged:
			c.intentsDue = time.Time{}
		case <-tick.C:
		}
		if len(c.heeds) > 0 && len(c.heeds) < cap(c.heeds) {
			continue // hear all that was said before acting on it
		}
		if err := c.retry(ctx, "step run", func() error { return c.step(ctx, time.Now()) }); err != nil {
			return
		}
	}
}

// noteTakeover records that the run was found under way: its server was gone
// for a while, or for good.
func (c *conductor) noteTakeover(ctx context.Context) {
	if c.found == load.Queued {
		return
	}
	if err := c.note(ctx, "note", "", fmt.Sprintf("a server took the run over while it was %s and has read all messages of its tasks", c.found)); err != nil {
		c.log.Warn("cannot record the takeover", "err", err)
	}
}

// caughtUp is nil once the replay is over, so that the loop stops asking.
func (c *conductor) caughtUp() <-chan struct{} {
	if c.replayed {
		return nil
	}
	return c.caught
}

// retry repeats what failed because of the store or the bus, with growing
// pauses: the load goes on meanwhile and nothing may be lost. It returns an
// error when ctx ends, or when the run is another server's now.
func (c *conductor) retry(ctx context.Context, what string, try func() error) error {
	pause := 100 * time.Millisecond
	for {
		err := try()
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		if load.ErrorCode(err) == load.Conflict {
			c.log.Warn("another server owns this run now", "err", err)
			c.cancel()
			return err
		}
		if load.ErrorCode(err) == load.NotFound {
			if !c.closing.Load() { // else we closed its stream ourselves
				c.log.Warn("the run is gone", "while", what, "err", err)
			}
			return err
		}
		c.log.Error("cannot "+what+", will try again", "err", err, "pause", pause)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		pause = min(2*pause, 5*time.Second)
	}
}

// open reads what the store knows and makes the bus and the collector ready.
// The run is read again: between the claim that found it and now, the conductor
// before this one may have ended it.
func (c *conductor) open(ctx context.Context) error {
	run, err := c.Store.Run(ctx, c.id)
	if err != nil {
		return err
	}
	c.run, c.found = run, run.Status
	if run.Status == load.Ended {
		return nil
	}
	stored, err := c.Store.Tasks(ctx, c.id)
	if err != nil {
		return err
	}
	c.fleet = map[string]region{}
	for _, r := range c.run.Plan.Regions {
		known, driver, err := c.Regions.Region(ctx, r.Name)
		if err != nil {
			c.fleet[r.Name] = region{err: err}
			continue
		}
		c.fleet[r.Name] = region{Region: known, driver: driver}
	}
	c.tasks = tasksOf(c.run, stored)
	c.startBound = c.within() + c.Limits.Platform // the run itself gives up before
	c.timeline = load.NewTimeline(c.run.Plan.Profile, c.run.Changes)
	if err := c.Bus.OpenRun(ctx, c.id); err != nil {
		return err
	}
	collector, err := collect.New(collect.Options{
		Run: c.run, Plan: *c.run.Plan, Log: c.log,
		Dir: filepath.Join(c.SpoolDir, c.id),
	})
	if err != nil {
		return err
	}
	c.collector.Store(collector)
	c.dirty = true
	return nil
}

func (c *conductor) closeCollector() {
	if collector := c.collector.Swap(nil); collector != nil {
		if err := collector.Close(); err != nil {
			c.log.Error("cannot close collector", "err", err)
		}
	}
}

// step compares what is with what the run wants, and moves it. A phase that is
// over hands on to the next at once.
func (c *conductor) step(ctx context.Context, now time.Time) error {
	live := c.collector.Load()
	live.Tick(now)
	c.relist(ctx, now)
	if err := c.readIntents(ctx, now); err != nil {
		return err
	}
	for {
		before := c.run.Status
		if err := c.phase(ctx, now); err != nil {
			return err
		}
		if err := c.publish(ctx); err != nil {
			return err
		}
		if c.run.Status == before || c.run.Status == load.Ended {
			return nil
		}
	}
}

// phase does what the run's status asks for.
func (c *conductor) phase(ctx context.Context, now time.Time) error {
	switch c.run.Status {
	case load.Queued:
		return c.queue(ctx, now)
	case load.Provisioning:
		return c.provision(ctx, now)
	case load.Ready:
		return c.barrier(ctx, now)
	case load.Running:
		return c.oversee(ctx, now)
	case load.Cancelling:
		if c.run.Started == nil {
			return c.fold(ctx)
		}
		return c.oversee(ctx, now)
	case load.Finishing:
		return c.finish(ctx, now)
	case load.Ended:
		return nil
	}
	return errors.New("unknown status " + string(c.run.Status))
}

// move takes the run to a status and records why. change may set more fields
// in the same transaction.
func (c *conductor) move(ctx context.Context, to load.Status, why string, change func(*load.Run)) error {
	run, err := c.Store.UpdateRun(ctx, c.id, c.Owner, func(r *load.Run) error {
		if change != nil {
			change(r)
		}
		r.Status, r.Since = to, time.Now().UTC()
		return nil
	})
	if err != nil {
		return err
	}
	c.run = run
	c.dirty = true
	c.log.Info("run is "+string(to), "why", why)
	return c.note(context.WithoutCancel(ctx), "status", "", string(to)+": "+why)
}

// note records an event.
func (c *conductor) note(ctx context.Context, kind, task, text string) error {
	_, err := c.Store.AddEvent(ctx, load.Event{Run: c.id, At: time.Now().UTC(), Kind: kind, Task: task, Text: text})
	return err
}

// publish stores changed tasks and shows them in the live picture.
func (c *conductor) publish(ctx context.Context) error {
	if !c.dirty {
		return nil
	}
	tasks := c.attempts()
	c.collector.Load().Status(c.run.Status, tasks)
	var changed []load.Task
	for _, t := range tasks {
		if known, ok := c.stored[attempt{t.Name, t.Attempt}]; !ok || !reflect.DeepEqual(known, t) {
			changed = append(changed, t)
		}
	}
	if len(changed) > 0 {
		if err := c.Store.PutTasks(ctx, changed); err != nil {
			return err
		}
	}
	for _, t := range changed {
		c.stored[attempt{t.Name, t.Attempt}] = t
	}
	c.dirty = false
	return nil
}
