package httpload

import (
	"time"

	"onrush.dev/onrush/internal/engine/httpload/judge"
	"onrush.dev/onrush/internal/engine/httpload/loop"
	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/record"
)

// home is where a flight comes from: it is told when it has ended. It is never
// told from within flight.begin.
type home interface{ landed(f *flight) }

// flight is one request on its way, with its redirects: one sample. It is made
// once for each user, or for each arrival that may be under way at once, and
// used again.
//
//	begin -> site (DNS) -> pool -> session.Start ... Head, Body, End -> land
//	                ^                                           |
//	                +---------------- a redirect ---------------+
type flight struct {
	w    *worker
	home home
	pool *pool
	next *flight // of those under way
	prev *flight

	call    *request
	msg     *proto.Message // what is sent: the request's own, or the one below
	own     proto.Message
	at      place         // where it goes
	conn    *conn         // that carries it; nil: it waits for one
	lane    *lane         // where it waits
	wait    time.Duration // since when
	attempt *opening      // that was made for it, while it waits

	due      time.Duration // open model; else record.None
	sent     time.Duration // the begin
	deadline time.Duration
	first    time.Duration // instant of the response's first byte; record.None: none came
	opened   opened        // what opening connections took
	timer    loop.Timer

	in, out   int64
	came      int64 // bytes of bodies so far
	told      int64 // of these, that are counted already
	status    int
	redirects int
	location  string

	values    *values
	judge     judge.Judge
	judging   bool // the response under way is the one to be judged
	elsewhere bool // a redirect has led to another origin
	under     bool // under way
}

// opened is how long the parts of opening connections took, all redirects
// together; record.None: no connection was opened.
type opened struct{ dns, tcp, tls, all time.Duration }

var notOpened = opened{record.None, record.None, record.None, record.None}

func (o *opened) add(p opened) {
	for _, pair := range [...]struct{ to, from *time.Duration }{
		{&o.dns, &p.dns}, {&o.tcp, &p.tcp}, {&o.tls, &p.tls}, {&o.all, &p.all},
	} {
		if *pair.from >= 0 {
			*pair.to = max(*pair.to, 0) + *pair.from
		}
	}
}

// within is the part of them that somebody waited for who came later: their end.
func (o opened) within(d time.Duration) opened {
	o.all = min(o.all, d)
	for _, part := range [...]*time.Duration{&o.tls, &o.tcp, &o.dns} {
		rest := d - max(0, *part)
		*part = min(*part, max(0, d))
		d = rest
	}
	return o
}

// init makes a flight ready for its first begin.
func (f *flight) init(w *worker, h home, p *pool) {
	f.w, f.home, f.pool = w, h, p
	f.timer.Init(f.timeout)
}

// begin sends a request with the given values. Due is when it should have begun
// in the open model, record.None in the closed one. Whatever happens, it ends by
// home.landed, later.
func (f *flight) begin(q *request, v *values, due time.Duration) {
	w := f.w
	f.call, f.due, f.under = q, due, true
	f.conn, f.lane, f.first, f.opened = nil, nil, record.None, notOpened
	f.values, f.elsewhere, f.judging = v, false, false
	f.in, f.out, f.came, f.told, f.status, f.redirects = 0, 0, 0, 0, 0, 0
	w.take(f)
	f.sent = w.loop.Now()
	lag := record.None
	if due != record.None {
		lag = max(0, f.sent-due)
	}
	w.shard.Started(f.sent, lag)
	f.deadline = f.sent + q.timeout
	// The timer is left as it stands: it looks when it comes whether it is time.
	if at, set := f.timer.At(); !set || at > f.deadline {
		w.loop.Set(&f.timer, f.deadline)
	}
	if w.cutting {
		f.failSoon(stopped())
		return
	}
	if err := q.fill(f, v); err != nil {
		f.failSoon(proto.AsFailure(err, load.CauseOther))
		return
	}
	f.leave()
}

// leave finds a connection and sends the message.
func (f *flight) leave() {
	if c := f.pool.get(f); c != nil {
		f.ride(c)
	}
}

// ride sends the message over a connection.
func (f *flight) ride(c *conn) {
	if f.lane != nil {
		f.lane.release(f)
		if c.fresh { // it waited for this one, as far as anybody has
			f.opened.add(c.took.within(f.w.loop.Recent() - f.wait))
		}
	}
	c.fresh = false
	f.conn, f.lane = c, nil
	c.carry(f)
}

// failSoon ends the flight after the present event.
func (f *flight) failSoon(why *proto.Failure) {
	f.w.loop.Defer(func() {
		if f.under {
			f.abandon(why)
		}
	})
}

// timeout is the timer's call.
func (f *flight) timeout() {
	if !f.under {
		return
	}
	if now := f.w.loop.Recent(); now < f.deadline {
		f.w.loop.Set(&f.timer, f.deadline)
		return
	}
	f.abandon(proto.Failf(load.CauseTimeout, "no whole response within %s", f.call.timeout))
}

// sizeable is how much of a body is counted before the request's end.
const sizeable = 64 << 10

// progress counts what has come so far of a large body in the second that ends.
func (f *flight) progress(at time.Duration) {
	if more := f.came - f.told; more >= sizeable {
		f.told = f.came
		f.w.job.Recorder.Moved(f.w.labels[f.call.index], at, more, 0)
	}
}

// abandon ends a flight wherever it is.
func (f *flight) abandon(why *proto.Failure) {
	f.judge.Reset()
	switch {
	case f.conn != nil:
		c := f.conn
		f.conn = nil
		t := c.session.Cancel(f)
		f.count(c, t)
		c.back(false)
	case f.lane != nil:
		f.lane.forget(f)
	}
	f.land(why)
}

// land ends the flight: it becomes a sample.
func (f *flight) land(why *proto.Failure) {
	w := f.w
	f.under = false
	w.give(f)
	end := max(w.loop.Recent(), f.sent) // read when what ended it was handled
	s := record.Sample{
		Label: w.labels[f.call.index], End: end,
		Latency: end - f.sent, Service: record.None, Lag: record.None,
		FirstByte: record.None, Body: record.None,
		Connect: f.opened.all, DNS: f.opened.dns, TCP: f.opened.tcp, TLS: f.opened.tls,
		Status: f.status, BytesIn: max(0, f.in-f.told), BytesOut: f.out, Redirects: f.redirects,
	}
	if f.first != record.None {
		s.FirstByte, s.Body = f.first-f.sent, end-f.first
	}
	if f.due != record.None {
		s.Service = s.Latency
		s.Latency = max(end-f.due, s.Service)
		s.Lag = max(0, f.sent-f.due)
	}
	if why != nil {
		s.Cause = why.Cause
		w.tell(f.call, why)
	}
	w.save(&s, w.shard)
	f.home.landed(f)
	w.settled()
}

// count adds what an exchange moved, and what its connection moved beside.
func (f *flight) count(c *conn, t proto.Traffic) {
	if c.link == nil {
		t = c.wire(t)
	} else {
		t = c.link.Charge(t)
	}
	f.in += t.In
	f.out += t.Out
}

func stopped() *proto.Failure { return proto.Failf(load.CauseStopped, "cut off") }
