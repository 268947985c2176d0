package httpload

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/engine/httpload/dial"
	"onrush.dev/onrush/internal/engine/httpload/h1"
	"onrush.dev/onrush/internal/engine/httpload/h2"
	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/record"
)

// Name is the word that scenarios use for this engine.
const Name = load.EngineHTTP

// garbage is how far the heap may grow between collections, in percent. A task's
// heap is a few MiB: with the usual 100 it would be collected many times a second
// under HTTP/3, whose library makes garbage, and each collection delays requests.
const garbage = 400

// Engine is the http engine.
type Engine struct {
	program *program
	setting
	observe func(record.Sample) // sees every sample; for tests of the figures
	loops   int                 // 0: one for each CPU
}

// setting is how connections are opened and used.
type setting struct {
	dialer   *dial.Dialer
	version  string        // of HTTP: auto, 1.1, 2, 3
	keep     bool          // reuse connections
	streams  int           // exchanges at once on a connection
	cookies  bool          // keep them
	ring     bool          // use io_uring where it can be had
	patience time.Duration // for opening a connection
	limits1  h1.Options
	limits2  h2.Options
}

// ioVariable of the environment chooses how the engine speaks to the kernel. It is
// the machine's choice and no scenario's: results do not depend on it.
const ioVariable = "ONRUSH_IO"

func wantsRing(word string) (bool, error) {
	switch word {
	case "", "epoll":
		return false, nil
	case "uring":
		return true, nil
	}
	return false, load.Errorf(load.Invalid, "%s is %q; allowed are epoll and uring", ioVariable, word)
}

// New returns an engine for one task.
func New() *Engine { return &Engine{} }

var _ engine.Engine = (*Engine)(nil)

// Name implements engine.Engine.
func (e *Engine) Name() string { return Name }

// Prepare implements engine.Engine: it reads every file and compiles every
// request, so that nothing of that can fail under load.
func (e *Engine) Prepare(_ context.Context, job engine.Job) error {
	job.Order.Scenario = load.WithDefaults(job.Order.Scenario) // the plan has them; others may not
	c := &job.Order.Scenario.Connection
	ring, err := wantsRing(os.Getenv(ioVariable))
	if err != nil {
		return err
	}
	d, err := dial.New(c, job.Dir, logOf(&job))
	if err != nil {
		return err
	}
	e.setting = setting{
		dialer: d, version: c.HTTP, keep: *c.KeepAlive, streams: c.Streams, cookies: c.Cookies,
		ring: ring, patience: time.Duration(c.ConnectTimeout),
		limits1: h1.Options{MaxHead: int(c.MaxHead), MaxBody: int64(c.MaxBody)},
		limits2: h2.Options{MaxStreams: c.Streams, MaxHead: int(c.MaxHead), MaxBody: int64(c.MaxBody)},
	}
	if e.program, err = newProgram(&job, &e.setting); err != nil {
		d.Close()
		return err
	}
	return nil
}

func logOf(job *engine.Job) *slog.Logger {
	if job.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return job.Log
}

// Run implements engine.Engine.
func (e *Engine) Run(ctx context.Context, job engine.Job) error {
	if e.program == nil {
		return errors.New("run http engine: it was not prepared")
	}
	defer e.dialer.Close()
	defer debug.SetGCPercent(debug.SetGCPercent(garbage))
	r, err := newRun(e, &job)
	if err != nil {
		return err
	}
	job.Recorder.Gauges(r.gauges)
	defer job.Recorder.Gauges(nil)
	if !sleep(ctx, time.Until(job.Start)) {
		r.close()
		return nil
	}
	if job.Order.Model == load.Open {
		return r.open(ctx)
	}
	return r.closed(ctx)
}

// run is what the workers of one Run share.
type run struct {
	*Engine
	job     *engine.Job
	log     *slog.Logger
	labels  []int // by request
	workers []*worker
	users   atomic.Int64
	logged  sync.Map // cause and label already told of
}

func newRun(e *Engine, job *engine.Job) (*run, error) {
	r := &run{Engine: e, job: job, log: logOf(job)}
	for _, q := range e.program.requests {
		r.labels = append(r.labels, job.Recorder.Label(q.label, ""))
	}
	n := e.loops
	if n == 0 {
		n = runtime.GOMAXPROCS(0)
	}
	for i := range n {
		w, err := newWorker(r, i)
		if err != nil {
			r.close()
			return nil, err
		}
		r.workers = append(r.workers, w)
	}
	return r, nil
}

// close is for a run that never was.
func (r *run) close() {
	for _, w := range r.workers {
		w.loop.Close()
	}
}

// play runs all workers: lead returns when the load has ended; then end has each
// worker begin nothing more, and requests in flight get the order's drain.
func (r *run) play(ctx context.Context, lead func(context.Context), end func(*worker)) error {
	var loops sync.WaitGroup
	faults := make(chan error, len(r.workers))
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, w := range r.workers {
		w.second.Init(w.progress)
		w.loop.Post(w.progress)
		loops.Go(func() {
			if err := w.loop.Run(); err != nil {
				faults <- err
				cancel()
			}
		})
	}
	lead(inner)
	for _, w := range r.workers {
		w.loop.Post(func() {
			end(w)
			w.finish()
		})
	}
	r.landing(inner)
	for _, w := range r.workers {
		w.loop.Post(w.shared.close)
		w.loop.Stop()
	}
	loops.Wait()
	select {
	case err := <-faults:
		return fmt.Errorf("run http engine: %w", err)
	default:
		return nil
	}
}

// landing waits until all requests in flight have ended, for no longer than the
// order's drain; then they are cut off.
func (r *run) landing(ctx context.Context) {
	limit := time.NewTimer(time.Duration(r.job.Order.Drain))
	defer limit.Stop()
	for _, w := range r.workers {
		select {
		case <-w.landed:
			continue
		case <-limit.C:
		case <-ctx.Done():
		}
		r.cutOff()
		return
	}
}

// cutOff ends all requests in flight.
func (r *run) cutOff() {
	late := time.NewTimer(time.Second)
	defer late.Stop()
	for _, w := range r.workers {
		w.loop.Post(w.cut)
	}
	for _, w := range r.workers {
		select {
		case <-w.landed:
		case <-late.C: // a loop that has broken down
			return
		}
	}
}

// since is the present instant of the run.
func (r *run) since() time.Duration { return time.Since(r.job.Start) }

// gauges are the figures that have a value at an instant.
func (r *run) gauges() record.Gauges {
	g := record.Gauges{Users: int(r.users.Load())}
	for _, w := range r.workers {
		g.InFlight += w.gauge.inFlight.Load()
		g.Connections += w.gauge.conns.Load()
		g.NoPort += w.gauge.noPort.Swap(0)
		g.NoFile += w.gauge.noFile.Swap(0)
		g.LoopLag = max(g.LoopLag, w.loop.Lag())
		if why := w.gauge.limited.Load(); why != nil && g.Limited == "" {
			g.Limited = *why
		}
	}
	return g
}

// fail records a request that could not be begun at all.
func (w *worker) fail(q *request, cause load.Cause, err error, due time.Duration) {
	now := w.since()
	s := noSample
	s.Label, s.End, s.Cause = w.labels[q.index], now, cause
	if due != record.None {
		s.Latency, s.Service, s.Lag = max(0, now-due), 0, max(0, now-due)
	}
	w.shard.Started(now, s.Lag)
	w.tell(q, proto.AsFailure(err, cause))
	w.save(&s, w.shard)
}

// noSample has no time but its latency.
var noSample = record.Sample{
	Service: record.None, FirstByte: record.None, Body: record.None, Lag: record.None,
	Connect: record.None, DNS: record.None, TCP: record.None, TLS: record.None,
}

func (r *run) save(s *record.Sample, shard *record.Shard) {
	shard.Record(s)
	if r.observe != nil {
		r.observe(*s)
	}
}

// tell logs the first failure of each kind: a number says how often, an example
// says what.
func (r *run) tell(q *request, why *proto.Failure) {
	key := kind{why.Cause, q.index}
	if _, known := r.logged.Load(key); known {
		return
	}
	if _, known := r.logged.LoadOrStore(key, true); !known {
		r.log.Warn("first failure of its kind", "cause", why.Cause, "label", q.label, "error", why.Err)
	}
}

// kind is what one failure is told of.
type kind struct {
	cause   load.Cause
	request int
}

// sleep waits and says whether ctx was still alive at the end.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
