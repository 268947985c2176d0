package httpload

import (
	"context"
	"fmt"
	"time"

	"onrush.dev/onrush/internal/load"
)

// defaultConnections is how many requests may be in flight in one task unless
// the scenario says else.
const defaultConnections = 10000

// fine is how long before an arrival the precise clock takes over from the
// runtime's timers, which a change or a stop can interrupt.
const fine = 2 * time.Millisecond

// behind is how late a request may begin before the task says that it is the
// limit itself.
const behind = 50 * time.Millisecond

// pacer sends the arrivals of the open model when they are due, whether or not
// earlier ones were answered. When more requests are in flight than allowed, the
// next one waits, is sent late and is measured from when it was due: nothing is
// dropped and nothing is hidden.
type pacer struct {
	*run
	walk  *arrivals
	slots chan struct{} // one for each request in flight
	pool  *pool
	clock *clock
	sent  int64
	why   string // said last of what limits the task
}

// open runs the open model.
func (r *run) open(ctx context.Context) error {
	most := r.job.Order.Scenario.Load.MaxConnections
	if most <= 0 {
		most = defaultConnections
	}
	clock, err := newClock()
	if err != nil {
		return fmt.Errorf("open clock: %w", err)
	}
	defer clock.close()
	p := &pacer{
		run:   r,
		walk:  newArrivals(r.job, r.program.seed),
		slots: make(chan struct{}, most),
		pool:  newPool(),
		clock: clock,
	}
	defer p.pool.close()
	for n := range p.walk.n {
		r.program.skip(r.job.Order.Share.At(n))
	}
	offered := r.offer()
	p.pace(ctx)
	if missing := offered() - p.sent; missing > 0 {
		r.log.Warn("arrivals were due and not sent", "arrivals", missing)
	}
	r.landing()
	return nil
}

// pace sends arrivals until the profile, the limit, a drain or ctx ends them.
func (p *pacer) pace(ctx context.Context) {
	for !p.walk.over() {
		due, ok := p.await(ctx)
		if !ok || !p.slot(ctx) {
			return
		}
		p.judge(p.since() - due)
		p.launch(due)
		p.sent++
		p.walk.next()
	}
}

// await waits until the next arrival is due. False: there is none any more.
func (p *pacer) await(ctx context.Context) (time.Duration, bool) {
	line := p.job.Timeline
	for ctx.Err() == nil {
		changed := line.Changed()
		at := p.since()
		if line.Draining(at) {
			return 0, false
		}
		due, ok := p.walk.due()
		if ok && due <= at {
			return due, true
		}
		if ok && due-at <= fine {
			p.clock.sleep(due - at)
			continue
		}
		wait := due - at - fine/2
		if !ok {
			// Nothing more is due, unless a change comes before the end, or the
			// pause ends.
			end, known := line.End()
			if wait = end - at; known && wait <= 0 {
				return 0, false
			}
			if !known {
				wait = time.Hour
			}
		}
		waitAny(ctx, changed, wait)
	}
	return 0, false
}

// waitAny waits for a change, for ctx or for d.
func waitAny(ctx context.Context, changed <-chan struct{}, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-changed:
	case <-t.C:
	}
}

// slot waits until one more request may be in flight. What was due before the
// profile's end is still sent within the drain after it.
func (p *pacer) slot(ctx context.Context) bool {
	select {
	case p.slots <- struct{}{}:
		return true
	default:
	}
	p.say(fmt.Sprintf("all %d connections of the task are in use (load.max_connections)", cap(p.slots)))
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case p.slots <- struct{}{}:
			return true
		case <-ctx.Done():
			return false
		case <-t.C:
		}
		at := p.since()
		end, known := p.job.Timeline.End()
		if p.job.Timeline.Draining(at) || (known && at >= end+time.Duration(p.job.Order.Drain)) {
			return false
		}
	}
}

// judge says so when requests begin late, and stops saying so when they do not.
func (p *pacer) judge(lag time.Duration) {
	switch {
	case lag < behind:
		p.say("")
	case p.why == "":
		p.say("requests begin later than they are due")
	}
}

func (p *pacer) say(why string) {
	if why != p.why {
		p.why = why
		p.limit(why)
	}
}

// launch sends the arrival walked to, beside all others.
func (p *pacer) launch(due time.Duration) {
	i := p.program.arrival(p.walk.number())
	shard := p.shards[p.walk.n%shardCount]
	data := p.program.noRows()
	if err := p.program.fill(data, i); err != nil {
		p.fail(i, load.CauseData, err, due, shard)
		<-p.slots
		return
	}
	p.flying.Go(func() {
		p.request(p.pool, i, data, due, shard)
		<-p.slots
	})
}

// offer counts arrivals in the seconds in which they are due, whatever becomes
// of them. It walks by itself, because the pacer may be held up. The returned
// function ends it and says how many there were.
func (r *run) offer() (stop func() int64) {
	walk := newArrivals(r.job, r.program.seed)
	total := int64(0)
	count := func() {
		at, second, n := r.since(), 0, int64(0)
		for !walk.over() {
			due, ok := walk.due()
			if !ok || due > at {
				break
			}
			if s := int(due / time.Second); s != second {
				r.job.Recorder.Offer(second, n)
				second, n = s, 0
			}
			n++
			total++
			walk.next()
		}
		r.job.Recorder.Offer(second, n)
	}
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		t := time.NewTicker(10 * tick)
		defer t.Stop()
		for {
			select {
			case <-quit:
				return
			case <-t.C:
				count()
			}
		}
	}()
	return func() int64 {
		close(quit)
		<-done
		count()
		return total
	}
}
