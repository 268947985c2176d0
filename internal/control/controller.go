package control

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"onrush.dev/onrush/internal/collect"
	"onrush.dev/onrush/internal/load"
)

// leaseTime is how long a claim holds without renewal: the time after which
// another server takes over the runs of one that is gone.
const leaseTime = 15 * time.Second

// Options are what a Controller works with. All are required but Limits.
type Options struct {
	// Owner names this server in leases. It must stay the same over restarts,
	// so that a server that comes back takes its own runs at once.
	Owner   string
	Store   Store
	Bus     Bus
	Blob    Blob
	Regions Regions
	// Reach is the server's URL for a region's tasks, with a warning when they
	// probably cannot reach it.
	Reach func(region load.Region) (base, warning string)
	// Link makes a short-lived URL under which an agent fetches a run's file.
	Link func(base, run, sha256 string) string
	// KeepLink makes a URL to which an agent sends files that are kept with the
	// run; nil keeps none.
	KeepLink func(base, run, task string) string
	// Inspect reads what a scenario's script says, and what the scenario replaces
	// of it; nil facts where its tool is not on this machine. Nil inspects none.
	Inspect func(ctx context.Context, s load.Scenario, files map[string]string) (*load.ScriptFacts, []load.Override, error)
	// Secrets are the values of a run's secrets, and Forget removes them at its
	// end; nil: there are none.
	Secrets  func(ctx context.Context, run string) (map[string]string, error)
	Forget   func(ctx context.Context, run string) error
	SpoolDir string
	Limits   Limits
	Log      *slog.Logger
}

// Controller runs one conductor for every run that this server owns.
type Controller struct {
	opts  Options
	wake  chan struct{}
	rooms *rooms

	mu         sync.Mutex
	conductors map[string]*conductor
}

// New makes a Controller; Run starts it.
func New(opts Options) *Controller {
	opts.Limits = opts.Limits.withDefaults()
	return &Controller{opts: opts, wake: make(chan struct{}, 1), rooms: newRooms(), conductors: map[string]*conductor{}}
}

// Run claims and conducts runs until ctx ends, then lets go of the leases and
// returns. The tasks of unfinished runs go on.
func (c *Controller) Run(ctx context.Context) error {
	var orders sync.WaitGroup
	orders.Go(func() {
		if err := c.opts.Bus.HandleOrders(ctx, c.order); err != nil && ctx.Err() == nil {
			c.opts.Log.Error("cannot answer agents who ask for their orders; no new task will get ready", "err", err)
		}
	})
	var conductors sync.WaitGroup
	tick := time.NewTicker(leaseTime / 5)
	defer tick.Stop()
	for ctx.Err() == nil {
		c.claim(ctx, &conductors)
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-c.wake:
		}
	}
	conductors.Wait()
	orders.Wait()
	release, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return c.opts.Store.Release(release, c.opts.Owner)
}

// Wake makes the controller look at a run now: it was created, or someone
// asked something of it. It never blocks.
func (c *Controller) Wake(run string) {
	c.mu.Lock()
	conductor := c.conductors[run]
	c.mu.Unlock()
	if conductor != nil {
		conductor.nudge()
		return
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Live returns the live picture of a run that this server conducts.
func (c *Controller) Live(run string) (*collect.Collector, bool) {
	c.mu.Lock()
	conductor := c.conductors[run]
	c.mu.Unlock()
	if conductor == nil {
		return nil, false
	}
	live := conductor.collector.Load()
	return live, live != nil
}

// claim renews our leases, takes runs that nobody holds, and drops those that
// another server has taken.
func (c *Controller) claim(ctx context.Context, conductors *sync.WaitGroup) {
	runs, err := c.opts.Store.Claim(ctx, c.opts.Owner, leaseTime)
	if err != nil {
		if ctx.Err() == nil {
			c.opts.Log.Error("cannot claim runs; their load goes on", "err", err)
		}
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	ours := map[string]bool{}
	for _, run := range runs {
		ours[run.ID] = true
		if c.conductors[run.ID] == nil {
			c.start(ctx, run, conductors)
		}
	}
	for id, conductor := range c.conductors {
		if !ours[id] {
			conductor.cancel()
		}
	}
}

func (c *Controller) start(ctx context.Context, run load.Run, conductors *sync.WaitGroup) {
	ctx, cancel := context.WithCancel(ctx)
	conductor := newConductor(c.opts, c.rooms, run, cancel)
	c.conductors[run.ID] = conductor
	conductors.Go(func() {
		defer cancel()
		conductor.loop(ctx)
		c.mu.Lock()
		delete(c.conductors, run.ID)
		c.mu.Unlock()
	})
}
