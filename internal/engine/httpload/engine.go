package httpload

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/record"
)

// Name is the word that scenarios use for this engine.
const Name = "http"

// shardCount is how many shards all users of a task share. More would cost
// memory for every label and user, fewer would make users wait for each other.
const shardCount = 8

// Engine is the http engine.
type Engine struct {
	program *program
	client  *client
	observe func(record.Sample) // sees every sample; for tests of the figures
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
	b := new(buffers)
	d, err := newDialer(c, job.Dir, b)
	if err != nil {
		return err
	}
	e.client = &client{
		dialer:  d,
		buffers: b,
		keep:    *c.KeepAlive,
		maxBody: int64(c.MaxBody),
	}
	e.program, err = newProgram(&job)
	return err
}

// Run implements engine.Engine.
func (e *Engine) Run(ctx context.Context, job engine.Job) error {
	if e.program == nil {
		return errors.New("run http engine: it was not prepared")
	}
	r := newRun(ctx, e, &job)
	defer r.cut()
	job.Recorder.Gauges(r.gauges)
	defer job.Recorder.Gauges(nil)
	if !sleep(ctx, time.Until(job.Start)) {
		return nil
	}
	if job.Order.Model == load.Open {
		return r.open(ctx)
	}
	r.closed(ctx)
	return nil
}

// run is what the users or arrivals of one Run share.
type run struct {
	*Engine
	job    *engine.Job
	log    *slog.Logger
	labels []int // by request
	shards [shardCount]*record.Shard

	// cutting ends when requests in flight are to be cut off.
	cutting context.Context
	cut     context.CancelFunc

	flying   sync.WaitGroup // users, or requests of the open model
	inFlight atomic.Int64
	users    atomic.Int64
	limited  atomic.Pointer[string]

	logged sync.Map // cause and label already told of
}

func newRun(ctx context.Context, e *Engine, job *engine.Job) *run {
	r := &run{Engine: e, job: job, log: job.Log}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	r.cutting, r.cut = context.WithCancel(ctx)
	for _, q := range e.program.requests {
		r.labels = append(r.labels, job.Recorder.Label(q.label, ""))
	}
	for i := range r.shards {
		r.shards[i] = job.Recorder.Shard()
	}
	return r
}

// since is the present instant of the run.
func (r *run) since() time.Duration { return time.Since(r.job.Start) }

// gauges are the figures that have a value at an instant.
func (r *run) gauges() record.Gauges {
	g := record.Gauges{Users: int(r.users.Load()), InFlight: r.inFlight.Load()}
	if why := r.limited.Load(); why != nil {
		g.Limited = *why
	}
	return g
}

// limit says why the generator is the limit from now on; "" that it is not.
func (r *run) limit(why string) {
	if why == "" {
		r.limited.Store(nil)
		return
	}
	r.limited.Store(&why)
}

// request sends the i-th request with the given rows and records what became of
// it. Due is when it should have begun in the open model, record.None in the
// closed one.
func (r *run) request(p *pool, i int, data rows, due time.Duration, shard *record.Shard) {
	q := r.program.requests[i]
	m, err := q.message(data)
	if err != nil {
		r.fail(i, load.CauseOther, err, due, shard)
		return
	}
	r.inFlight.Add(1)
	begin, lag := r.since(), record.None
	if due != record.None {
		lag = max(0, begin-due)
	}
	shard.Started(begin, lag)
	res := r.client.do(r.cutting, p, q, m)
	r.inFlight.Add(-1)
	s := record.Sample{
		Label:   r.labels[i],
		End:     res.end.Sub(r.job.Start),
		Latency: res.end.Sub(res.begin),
		Service: record.None, Lag: lag,
		FirstByte: res.firstByte, Connect: res.connect,
		Status:  res.status,
		BytesIn: res.in, BytesOut: res.out,
		Redirects: res.redirects,
	}
	if due != record.None {
		s.Service = s.Latency
		s.Latency = max(s.End-due, s.Service)
	}
	if res.failure != nil {
		s.Cause = res.failure.cause
		r.tell(i, res.failure.cause, res.failure.err)
	}
	r.save(&s, shard)
}

// fail records a request that could not be made at all.
func (r *run) fail(i int, cause load.Cause, err error, due time.Duration, shard *record.Shard) {
	now := r.since()
	s := record.Sample{
		Label: r.labels[i], End: now, Cause: cause,
		Service: record.None, FirstByte: record.None, Connect: record.None, Lag: record.None,
	}
	if due != record.None {
		s.Latency, s.Service, s.Lag = max(0, now-due), 0, max(0, now-due)
	}
	shard.Started(now, s.Lag)
	r.tell(i, cause, err)
	r.save(&s, shard)
}

func (r *run) save(s *record.Sample, shard *record.Shard) {
	shard.Record(s)
	if r.observe != nil {
		r.observe(*s)
	}
}

// tell logs the first failure of each kind: a number says how often, an example
// says what.
func (r *run) tell(i int, cause load.Cause, err error) {
	label := r.program.requests[i].label
	if _, known := r.logged.LoadOrStore(string(cause)+" "+label, true); !known {
		r.log.Warn("first failure of its kind", "cause", cause, "label", label, "error", err)
	}
}

// landing waits until all requests in flight have ended, for no longer than the
// order's drain; then they are cut off.
func (r *run) landing() {
	limit := time.AfterFunc(time.Duration(r.job.Order.Drain), r.cut)
	defer limit.Stop()
	r.flying.Wait()
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
