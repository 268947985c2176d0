package httpload

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"onrush.dev/onrush/internal/engine/httpload/loop"
	"onrush.dev/onrush/internal/load"
)

// defaultConnections is how many requests may be in flight in one task unless
// the scenario says else.
const defaultConnections = 10000

// behind is how late a request may begin while the bound on connections still
// counts as the limit.
const behind = 50 * time.Millisecond

// burst is how many late arrivals are sent before responses are looked at.
const burst = 32

// tide is the arrivals of the open model, over all workers.
type tide struct {
	*run
	most  int64
	taken atomic.Int64 // of most
	sent  atomic.Int64
	over  chan struct{} // one for each pacer that has nothing more to send
}

// pacer sends a worker's arrivals of the open model when they are due, whether
// or not earlier ones were answered. When more requests are in flight than
// allowed, the next one waits, is sent late and is measured from when it was
// due: nothing is dropped and nothing is hidden.
type pacer struct {
	*tide
	w     *worker
	walk  *arrivals
	timer loop.Timer
	trips []*trip // to be used again
	ended bool
	held  bool // an arrival waits for one in flight to end
}

// trip is one arrival under way: a request, or a whole iteration.
type trip struct {
	p      *pacer
	flight flight
	walk   walk
	pause  loop.Timer
}

// open runs the open model.
func (r *run) open(ctx context.Context) error {
	most := r.job.Order.Scenario.Load.MaxConnections
	if most <= 0 {
		most = defaultConnections
	}
	t := &tide{run: r, most: int64(most), over: make(chan struct{}, len(r.workers))}
	pacers := make([]*pacer, len(r.workers))
	for i, w := range r.workers {
		p := &pacer{tide: t, w: w, walk: newArrivals(r.job, r.program.seed, i, len(r.workers))}
		p.timer.Init(p.pace)
		pacers[i] = p
		if i == 0 {
			for n := range p.walk.n {
				r.program.skip(r.job.Order.Share.At(n))
			}
		}
		w.loop.Post(p.pace)
	}
	offered := r.offer()
	err := r.play(ctx, func(ctx context.Context) {
		t.await(ctx, func() {
			for _, p := range pacers {
				p.w.loop.Post(p.pace)
			}
		})
	}, func(w *worker) { pacers[w.index].end() })
	if missing := offered() - t.sent.Load(); missing > 0 {
		r.log.Warn("arrivals were due and not sent", "arrivals", missing)
	}
	return err
}

// await returns when no pacer has anything more to send.
func (t *tide) await(ctx context.Context, changed func()) {
	for left := cap(t.over); left > 0; {
		news := t.job.Timeline.Changed()
		select {
		case <-ctx.Done():
			return
		case <-news:
			changed()
		case <-t.over:
			left--
		}
	}
}

// end has the pacer send nothing more.
func (p *pacer) end() {
	p.w.loop.Unset(&p.timer)
	if !p.ended {
		p.ended = true
		p.over <- struct{}{}
	}
}

// pace sends what is due and sets the timer to what is due next.
func (p *pacer) pace() {
	p.held = false
	for n := 0; !p.ended; n++ {
		at := p.w.loop.Now()
		if p.walk.over() || p.job.Timeline.Draining(at) {
			p.end()
			return
		}
		due, ok := p.walk.due()
		if !ok {
			p.rest(at)
			return
		}
		if due > at {
			p.w.loop.Set(&p.timer, due)
			return
		}
		if n == burst {
			p.w.loop.Defer(p.pace)
			return
		}
		if !p.slot(at) {
			return
		}
		if at-due < behind {
			p.w.limit("")
		}
		p.launch(due)
		p.sent.Add(1)
		p.walk.next()
	}
}

// rest waits when nothing more is due, unless a change comes before the end, or
// the pause ends.
func (p *pacer) rest(at time.Duration) {
	end, known := p.job.Timeline.End()
	switch {
	case known && at >= end:
		p.end()
	case known:
		p.w.loop.Set(&p.timer, end)
	default: // a change has the pacer called
		p.w.loop.Unset(&p.timer)
	}
}

// slot takes the right to be in flight. Without one the pacer tries again soon.
// What was due before the profile's end is still sent within the drain after it.
func (p *pacer) slot(at time.Duration) bool {
	if p.taken.Add(1) <= p.most {
		return true
	}
	p.taken.Add(-1)
	p.w.limit(fmt.Sprintf("%s: all %d of the task are in use (load.max_connections)", load.LimitConnections, p.most))
	end, known := p.job.Timeline.End()
	if known && at >= end+time.Duration(p.job.Order.Drain) {
		p.end()
		return false
	}
	p.held = true
	p.w.loop.Set(&p.timer, at+time.Millisecond)
	return false
}

// launch sends the arrival walked to, beside all others.
func (p *pacer) launch(due time.Duration) {
	t := p.trip()
	t.walk.number = p.walk.number()
	t.walk.count = 0
	t.walk.begin(p.program.arrival(t.walk.number))
	t.proceed(due)
}

func (p *pacer) trip() *trip {
	if n := len(p.trips); n > 0 {
		t := p.trips[n-1]
		p.trips = p.trips[:n-1]
		return t
	}
	t := &trip{p: p}
	t.walk.init(p.run)
	t.flight.init(p.w, t, p.w.shared)
	t.pause.Init(func() { t.proceed(t.p.w.loop.Recent()) })
	return t
}

// proceed sends the trip's next request. The first is due when the arrival is,
// later ones when the one before and its think time have ended.
func (t *trip) proceed(due time.Duration) {
	w := t.p.w
	q := t.walk.request()
	if w.closing && t.walk.at > 0 {
		t.end()
		return
	}
	if err := t.walk.take(q); err != nil {
		if errors.Is(err, errUsedUp) {
			w.limit(string(load.LimitOther) + ": the unique rows of " + w.program.unique() + " are used up")
		}
		w.fail(q, load.CauseData, err, due)
		t.end()
		return
	}
	t.flight.begin(q, &t.walk.values, due)
}

// landed implements home.
func (t *trip) landed(f *flight) {
	t.walk.step()
	if t.walk.over() {
		t.end()
		return
	}
	if d := t.walk.think(f.call); d > 0 {
		t.p.w.loop.Set(&t.pause, t.p.w.loop.Recent()+d)
		return
	}
	t.proceed(t.p.w.loop.Recent())
}

// end gives the trip back.
func (t *trip) end() {
	p := t.p
	t.walk.forget()
	p.trips = append(p.trips, t)
	p.taken.Add(-1)
	if p.held {
		p.held = false
		p.w.loop.Defer(p.pace)
	}
}

// offer counts arrivals in the seconds in which they are due, whatever becomes
// of them. It walks by itself, because a pacer may be held up. The returned
// function ends it and says how many there were.
func (r *run) offer() (stop func() int64) {
	walk := newArrivals(r.job, r.program.seed, 0, 1)
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
