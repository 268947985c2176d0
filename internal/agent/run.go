package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"onrush.dev/onrush/internal/bus"
	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/engine/all"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/record"
)

// Options are the things of a process that an agent uses.
type Options struct {
	Log *slog.Logger
	// Output takes what tools write, beside the log; nil discards.
	Output io.Writer
	// Drain asks for an orderly early end when it is closed: no new requests,
	// those in flight may end. A signal of the platform, for instance.
	Drain <-chan struct{}
	// Version of the program, told to the server.
	Version string
	// Bounds are for tests; the zero value takes the defaults.
	Bounds Bounds
}

// Bounds are the times after which an agent does not wait any longer.
type Bounds struct {
	Reach  time.Duration // the server, at first
	Start  time.Duration // the start command, once ready
	Lonely time.Duration // without the server, when that lives only as long as the run
	Flush  time.Duration // for the stream to take the last windows, after the end
	// Overrun is added to the order's bound for requests in flight before the
	// agent itself stops an engine that should have ended.
	Overrun time.Duration
	// Drain is for a drain from outside: the platform that asks for it kills
	// soon after, and the last word must be out by then.
	Drain  time.Duration
	Engine time.Duration // an engine that was told to stop now
}

func (b Bounds) withDefaults() Bounds {
	set := func(d *time.Duration, to time.Duration) {
		if *d == 0 {
			*d = to
		}
	}
	set(&b.Reach, 10*time.Minute)
	set(&b.Start, 10*time.Minute)
	set(&b.Lonely, 10*time.Second)
	set(&b.Flush, 30*time.Minute)
	set(&b.Overrun, 5*time.Second)
	set(&b.Drain, 6*time.Second)
	set(&b.Engine, 10*time.Second)
	return b
}

// agent is one task while it lives.
type agent struct {
	Options
	ticket bus.Ticket
	conn   *bus.AgentConn
	web    *http.Client            // for links to the server's files
	cancel context.CancelCauseFunc // ends the task now, in whatever phase it is
	obeyed obeyed
	// loading is set when the load begins: a drain before that ends the task.
	loading atomic.Bool
	// left is closed when this task alone is to drain.
	left    chan struct{}
	leaving sync.Once

	dir      string
	order    load.Order
	engine   engine.Engine
	recorder *record.Recorder
	clock    clock
	skew     *float64 // set once the load began
	cutOff   bool     // asked to end in the middle of it, from outside

	sent    int64  // samples in all windows so far
	windows uint64 // Seq of the last window
	refused int    // windows that the outbox had no room for
}

// Run is the whole life of a task. It returns when the stream has the task's
// last word, or nobody is left who could hear it. Its error is the one that the
// last word told. Ending ctx stops the load at once.
func Run(ctx context.Context, ticket bus.Ticket, options Options) error {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	options.Log = options.Log.With("run", ticket.Run, "task", ticket.Task)
	options.Bounds = options.Bounds.withDefaults()
	if ticket.Ephemeral {
		options.Bounds.Reach = 3 * options.Bounds.Lonely // hundreds may come at once
	}
	web, err := newWeb(ticket)
	if err != nil {
		return err
	}
	a := &agent{Options: options, ticket: ticket, web: web, left: make(chan struct{})}
	ctx, a.cancel = context.WithCancelCause(ctx)
	defer a.cancel(nil)
	go a.endEarly(ctx)

	reach, cancel := context.WithTimeout(ctx, a.Bounds.Reach)
	defer cancel()
	conn, err := bus.Dial(reach, ticket, a.Log)
	if err != nil {
		return err
	}
	a.conn = conn
	defer conn.Close()
	a.say(load.TaskEvent{Kind: load.EventHello, Detail: a.introduction()})
	go a.watch(ctx)
	go a.obey(ctx)
	text, err := a.live(ctx)
	return a.lastWord(ctx, text, err)
}

func (a *agent) introduction() map[string]string {
	detail := map[string]string{load.DetailVersion: a.Version}
	if host, err := os.Hostname(); err == nil {
		detail[load.DetailHost] = host
	}
	return detail
}

// live takes the task through its phases. The text says why it ended, when that
// is not simply the end of the plan.
func (a *agent) live(ctx context.Context) (text string, err error) {
	if err := a.prepare(ctx); err != nil {
		return "", err
	}
	defer a.removeFiles()
	event := load.TaskEvent{Kind: load.EventReady}
	a.addClock(&event)
	a.tellScript(&event)
	a.say(event)
	start, err := a.awaitStart(ctx)
	if err != nil {
		return "", err
	}
	a.loading.Store(true)
	text, err = a.play(ctx, start)
	a.leave(ctx)
	return text, err
}

// prepare gets the order and everything that it needs.
func (a *agent) prepare(ctx context.Context) (err error) {
	reach, cancel := context.WithTimeout(ctx, a.Bounds.Reach)
	defer cancel()
	if a.order, err = a.conn.Order(reach); err != nil {
		return err
	}
	a.obeyed.begin(a.order)
	a.recorder = record.New(record.Options{
		Task: a.ticket.Task, Attempt: a.ticket.Attempt, First: int(time.Duration(a.order.Skip) / time.Second),
	})
	if a.dir, err = os.MkdirTemp("", "onrush-"); err != nil {
		return fmt.Errorf("make a folder for the task: %w", err)
	}
	defer func() {
		if err != nil {
			a.removeFiles()
		}
	}()
	if err := fetchFiles(ctx, a.web, a.order.Files, a.dir, a.Log); err != nil {
		return err
	}
	if err := a.startTarget(ctx); err != nil {
		return err
	}
	if a.engine, err = all.New(a.order.Scenario.Engine); err != nil {
		return err
	}
	if err := a.guard(func() error { return a.engine.Prepare(ctx, a.job(time.Time{})) }); err != nil {
		return fmt.Errorf("prepare engine %s: %w", a.engine.Name(), err)
	}
	return a.measureClock(ctx)
}

func (a *agent) job(start time.Time) engine.Job {
	return engine.Job{
		Order: a.order, Dir: a.dir, Start: start,
		Timeline: a.obeyed.timeline, Recorder: a.recorder, Log: a.Log, Output: a.Output,
	}
}

func (a *agent) removeFiles() {
	if err := os.RemoveAll(a.dir); err != nil {
		a.Log.Warn("could not remove the task's files", "err", err)
	}
}

// endEarly ends a task that is asked to drain before it has any load.
func (a *agent) endEarly(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-a.Drain:
		if !a.loading.Load() {
			a.cancel(stopped{"asked to end before the load began"})
		}
	}
}

// guard turns a panic of the engine into an error with a clear text.
func (a *agent) guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			a.Log.Error("the engine panicked", "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("it panicked, which is a defect of Onrush: %v", p)
		}
	}()
	return f()
}

// say sends an event. It waits for nothing: the connection keeps it until the
// stream has it.
func (a *agent) say(event load.TaskEvent) {
	event.At = a.clock.server(time.Now())
	if err := a.conn.PublishEvent(event); err != nil {
		a.Log.Error("could not send an event", "kind", event.Kind, "err", err)
	}
}

// errAlone ends a task whose server is gone for good.
var errAlone = errors.New("the server, which lives only as long as its run, is gone")

// watch ends the task when nobody is left for whom it works: the server does
// not accept its ticket any more, or is gone for good.
func (a *agent) watch(ctx context.Context) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.conn.Refused():
			a.cancel(bus.ErrRefused)
			return
		case <-tick.C:
			if a.ticket.Ephemeral && a.conn.Away() > a.Bounds.Lonely {
				a.cancel(errAlone)
				return
			}
		}
	}
}
