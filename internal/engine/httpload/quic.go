package httpload

import (
	"context"
	"time"

	"onrush.dev/onrush/internal/engine/httpload/h3"
	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

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

// wire takes what has gone over a QUIC connection since the last time.
func (c *conn) wire() proto.Traffic {
	all := c.session.(*h3.Conn).Wire()
	t := proto.Traffic{In: all.In - c.wired.In, Out: all.Out - c.wired.Out}
	c.wired = all
	return t
}
