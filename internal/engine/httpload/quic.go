package httpload

import (
	"context"
	"time"

	"onrush.dev/onrush/internal/engine/httpload/h3"
	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// perSocket is how many connections of a worker share a UDP socket. Packets of all
// of them go and come in one system call, which is much of what QUIC costs; to the
// target they have one address and port.
const perSocket = 64

// quic opens a connection of HTTP/3: QUIC's own handshake takes the place of TCP
// and TLS. The library works on goroutines of its own and comes back by posts.
func (o *opening) quic() {
	if o.over {
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
		o.w.loop.Defer(o.quic)
		return
	}
	now := o.w.loop.Recent()
	share := (o.begin + o.w.patience - now) / time.Duration(o.targets.Len()-o.next+1)
	ctx, cancel := context.WithTimeout(context.Background(), max(share, 0))
	o.cancel = cancel
	c := &conn{lane: o.lane, shared: true}
	options := h3.DialOptions{
		Remote: to, Local: from, TLS: o.w.dialer.TLSConfigFor(o.lane.site.origin, "h3"),
		MaxStreams: o.w.streams, MaxHead: o.w.limits1.MaxHead, MaxBody: o.w.limits1.MaxBody,
		Group: o.w.quics, Post: func(f func()) { o.w.loop.Post(f) }, Roomy: c.roomy, Gone: c.Lost,
	}
	go func() {
		session, took, err := h3.Dial(ctx, options)
		cancel()
		if !o.w.loop.Post(func() { o.greeted(c, session, took, err) }) && err == nil {
			session.Farewell() // the loop has ended, and nothing else knows the connection
		}
	}()
}

// greeted is the end of a handshake.
func (o *opening) greeted(c *conn, session *h3.Conn, took time.Duration, err error) {
	switch {
	case err == nil && o.over:
		session.Farewell()
	case o.over:
	case err != nil:
		o.w.notice(err)
		o.last = err
		o.quic()
	default:
		c.session = session
		o.spoken.Times.TLS = took
		o.opened(c)
	}
}

// roomy says that the server allows more exchanges.
func (c *conn) roomy() {
	if len(c.lane.waiting) > 0 {
		c.lane.serve()
	}
}

// Asking QUIC what went over the wire costs as much as some hundred bytes do, so
// it is done when nothing else is under way, and after so many exchanges.
const settleEach = 32

// wire is what an exchange moved over a QUIC connection, which mixes what is whose
// in its packets: what its streams carried and, from time to time, all that has
// gone beside, so that the sum is what the sockets carried.
func (c *conn) wire(t proto.Traffic) proto.Traffic {
	c.unsettled++
	if c.unsettled < settleEach && c.session.Busy() > 0 {
		c.charged.In += t.In
		c.charged.Out += t.Out
		return t
	}
	all := c.session.(*h3.Conn).Wire()
	t = proto.Traffic{In: max(0, all.In-c.charged.In), Out: max(0, all.Out-c.charged.Out)}
	c.unsettled = 0
	c.charged.In += t.In
	c.charged.Out += t.Out
	return t
}
