package httpload

import (
	"context"
	"net"
	"time"

	"onrush.dev/onrush/internal/engine/httpload/dial"
	"onrush.dev/onrush/internal/engine/httpload/h1"
	"onrush.dev/onrush/internal/engine/httpload/h2"
	"onrush.dev/onrush/internal/engine/httpload/loop"
	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/record"
)

// opening is a connection on its way: name, address, tunnel, TLS, protocol. The
// flight that caused it bears what it took and, if it fails, the failure.
type opening struct {
	w       *worker
	lane    *lane
	f       *flight // nil: it is gone, and others wait for the connection
	link    *loop.Conn
	limit   loop.Timer
	targets dial.Targets
	next    int // which target comes next
	last    error
	spoken  dial.Spoken
	place   int        // in the lane's list
	haste   loop.Timer // see hurry
	begin   time.Duration
	named   time.Duration // when the name was known
	reached time.Duration // when TCP was there
	asked   bool          // DNS was asked
	cancel  context.CancelFunc
	over    bool
}

// open begins to open a connection for a flight that waits in l.
func (l *lane) open(f *flight) {
	w := l.pool.w
	o := &opening{w: w, lane: l, f: f, begin: w.loop.Recent(), place: len(l.opening)}
	l.opening = append(l.opening, o)
	if f != nil {
		f.attempt = o
	}
	o.limit.Init(o.overdue)
	o.haste.Init(o.late)
	w.loop.Set(&o.limit, o.begin+w.patience)
	if w.version == load.HTTP3 {
		o.resolve(o.quic)
		return
	}
	o.resolve(o.reach)
}

// overdue ends an attempt that takes too long.
func (o *opening) overdue() {
	if o.asked && o.named == 0 {
		o.fail(proto.Failf(load.CauseDNS, "no answer to who %s is within %s", o.lane.site.Host, o.w.patience))
		return
	}
	o.fail(proto.Failf(load.CauseTimeout, "no connection to %s within %s", o.lane.site.Address(), o.w.patience))
}

// resolve finds the addresses and goes on with then.
func (o *opening) resolve(then func()) {
	if targets, ok := o.w.dialer.Known(o.lane.site.origin); ok {
		o.targets, o.named = targets, o.begin
		then()
		return
	}
	o.asked = true
	ctx, cancel := context.WithCancel(context.Background())
	o.cancel = cancel
	go func() {
		targets, err := o.w.dialer.Resolve(ctx, o.lane.site.origin)
		o.w.loop.Post(func() {
			cancel()
			if o.over {
				return
			}
			o.targets, o.named = targets, o.w.loop.Now()
			if err != nil {
				o.fail(proto.AsFailure(err, load.CauseDNS))
				return
			}
			then()
		})
	}()
}

// reach connects to the next target.
func (o *opening) reach() {
	l := o.w.loop
	if o.targets.Unix != "" {
		o.link = l.DialUnix(o.targets.Unix, o)
		return
	}
	if o.next >= o.targets.Len() {
		o.fail(proto.AsFailure(o.last, load.CauseConnect))
		return
	}
	to := o.targets.At(o.next)
	o.next++
	from, err := o.w.dialer.Source(to.Addr())
	if err != nil {
		o.last = err
		l.Defer(o.retry)
		return
	}
	o.link = l.Dial(to, from, o)
	if left := o.targets.Len() - o.next; left > 0 {
		o.hurry(left)
	}
}

// hurry gives an address its part of the time that is left, when there are
// further ones.
func (o *opening) hurry(left int) {
	end := o.begin + o.w.patience
	now := o.w.loop.Recent()
	o.w.loop.Set(&o.haste, now+(end-now)/time.Duration(left+1))
}

// late gives an address up that had its part.
func (o *opening) late() {
	o.link.Close(false)
	o.Connected(context.DeadlineExceeded)
}

func (o *opening) retry() {
	if !o.over {
		o.reach()
	}
}

// Connected implements loop.Owner.
func (o *opening) Connected(err error) {
	if o.over {
		return
	}
	o.w.loop.Unset(&o.haste)
	if err != nil {
		o.w.notice(err)
		to := o.targets.Unix
		if to == "" {
			to = o.targets.At(o.next - 1).String()
		}
		o.last = o.w.dialer.ConnectFailure(to, err)
		if o.targets.Unix != "" {
			o.fail(proto.AsFailure(o.last, load.CauseConnect))
			return
		}
		o.reach()
		return
	}
	o.reached = o.w.loop.Recent()
	if o.w.dialer.Plain(o.lane.site.origin) {
		o.spoken.Protocol = dial.HTTP1
		if o.w.version == load.HTTP2 {
			o.spoken.Protocol = dial.HTTP2
		}
		o.done()
		return
	}
	o.link.Negotiate(func(nc net.Conn) (err error) {
		o.spoken, err = o.w.dialer.Speak(context.Background(), nc, o.lane.site.origin)
		return err
	}, func(err error) {
		if o.over {
			return
		}
		if err != nil {
			o.fail(proto.AsFailure(err, load.CauseTLS))
			return
		}
		o.done()
	})
}

// Lost implements loop.Owner. A connection has another owner by then.
func (o *opening) Lost(error) {}

// done puts the protocol on the connection and gives it to who waits.
func (o *opening) done() {
	c := &conn{lane: o.lane, link: o.link}
	if o.spoken.Protocol == dial.HTTP2 {
		c.session = h2.New(o.link, o.w.limits2)
		c.shared = true
		o.link.Gather()
	} else {
		c.session = h1.New(o.link, o.w.shared1)
		o.lane.site.carries = 1
	}
	o.link.Attach(c.session, o.spoken.TLS)
	o.link.Own(c)
	o.opened(c)
}

// opened hands the connection over: to whoever has waited longest, even if the
// peer has said its end already. That is this connection's answer; to open another
// one instead would go on for ever, and nobody would hear of it.
func (o *opening) opened(c *conn) {
	f, l := o.f, o.lane
	o.leave()
	o.w.gauge.conns.Add(1)
	c.fresh, c.took = true, o.took()
	if c.shared {
		l.many = append(l.many, c)
	}
	switch {
	case len(l.waiting) > 0:
		first := l.call()
		if other := first.attempt; other != nil && f != nil && f != first { // they change places
			first.attempt, f.attempt, other.f = nil, other, f
		}
		first.ride(c)
	case !c.shared:
		c.idle = true
		l.idle = append(l.idle, c)
	}
	l.serve()
}

// took is how long the parts took.
func (o *opening) took() opened {
	end := o.w.loop.Now()
	t := opened{dns: record.None, tcp: record.None, tls: record.None, all: end - o.begin}
	if o.asked && o.named > 0 {
		t.dns = o.named - o.begin
	}
	if o.reached > 0 {
		t.tcp = o.reached - max(o.named, o.begin)
	}
	if o.spoken.Times.TLS > 0 {
		t.tls = o.spoken.Times.TLS
	}
	return t
}

// fail ends the attempt; the flight that caused it fails with it, and the next
// one that waits has another attempt made.
func (o *opening) fail(why *proto.Failure) {
	if o.over {
		return
	}
	f, l := o.f, o.lane
	o.drop()
	if f != nil && f.under {
		f.opened.add(o.took().within(o.w.loop.Recent() - f.wait))
		if o.link != nil {
			t := o.link.Charge(proto.Traffic{})
			f.in += t.In
			f.out += t.Out
		}
		l.forget(f)
		f.abandon(why)
	}
	l.serve()
}

// drop ends the attempt without a word.
func (o *opening) drop() {
	if o.over {
		return
	}
	o.leave()
	if o.cancel != nil {
		o.cancel()
	}
	if o.link != nil {
		o.link.Close(false)
	}
}

func (o *opening) leave() {
	o.over = true
	o.w.loop.Unset(&o.limit)
	o.w.loop.Unset(&o.haste)
	if o.f != nil {
		o.f.attempt, o.f = nil, nil
	}
	list := o.lane.opening
	last := list[len(list)-1]
	list[o.place], last.place = last, o.place
	list[len(list)-1] = nil
	o.lane.opening = list[:len(list)-1]
}
