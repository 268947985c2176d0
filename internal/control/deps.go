package control

import (
	"context"
	"io"
	"time"

	"onrush.dev/onrush/internal/bus"
	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// Store keeps the nouns. *store.Store is one.
type Store interface {
	Run(ctx context.Context, id string) (load.Run, error)
	UpdateRun(ctx context.Context, id, owner string, change func(*load.Run) error) (load.Run, error)
	Claim(ctx context.Context, owner string, ttl time.Duration) ([]load.Run, error)
	Release(ctx context.Context, owner string) error
	PutTasks(ctx context.Context, tasks []load.Task) error
	Tasks(ctx context.Context, run string) ([]load.Task, error)
	AddEvent(ctx context.Context, event load.Event) (load.Event, error)
	Events(ctx context.Context, run string, after int64) ([]load.Event, error)
	Intents(ctx context.Context, run string, after int64) ([]load.Intent, error)
	PutReport(ctx context.Context, run string, report *load.Report) error
	Report(ctx context.Context, run string) (*load.Report, error)
}

// Bus carries orders, commands, windows and events. *bus.Hub is one.
type Bus interface {
	IssueTicket(run, task, region string, attempt int, ttl time.Duration) (string, error)
	OpenRun(ctx context.Context, run string) error
	Consume(ctx context.Context, run string, caughtUp func(), handle func(bus.Message) error) error
	HandleOrders(ctx context.Context, answer func(ctx context.Context, run, task string, attempt int) (load.Order, error)) error
	Send(ctx context.Context, run, task string, attempt int, command load.Command) error
	CloseRun(ctx context.Context, run string) error
}

// Blob keeps files by key.
type Blob interface {
	Put(ctx context.Context, key string, content io.Reader) (int64, error)
	Open(ctx context.Context, key string) (io.ReadCloser, error)
}

// Regions knows the places that run tasks.
type Regions interface {
	// Region returns a region and its driver; NotFound names those there are.
	Region(ctx context.Context, name string) (load.Region, fleet.Driver, error)
	// Names lists all regions.
	Names(ctx context.Context) ([]string, error)
}

// Limits bound the phases of a run, so that every run ends. Zero values take
// the defaults.
type Limits struct {
	Queue     time.Duration // waiting for room in the regions
	Provision time.Duration // from the first start to the last ready, unless the scenario says
	Silence   time.Duration // without a word from a running task before it counts as lost
	Drain     time.Duration // for requests in flight at the end
	Overrun   time.Duration // after the planned end and the drain, before tasks are stopped by force
	Platform  time.Duration // one call of a driver
	Sweep     time.Duration // for ending what is left of a run's tasks, at its end
}

func (l Limits) withDefaults() Limits {
	set := func(d *time.Duration, to time.Duration) {
		if *d == 0 {
			*d = to
		}
	}
	set(&l.Queue, time.Hour)
	set(&l.Provision, 10*time.Minute)
	set(&l.Silence, 15*time.Second)
	set(&l.Drain, 30*time.Second)
	set(&l.Overrun, 10*time.Second)
	set(&l.Platform, 30*time.Second)
	set(&l.Sweep, 2*time.Minute)
	return l
}
