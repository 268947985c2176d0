package httpload

import (
	"time"

	"onrush.dev/onrush/internal/engine/httpload/dial"
	"onrush.dev/onrush/internal/engine/httpload/loop"
	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

type origin = dial.Origin

// site is what a worker knows of an origin; it is made once, so that lanes are
// told apart by its address.
type site struct {
	origin
	absolute bool // requests go to a proxy with the whole URL
	carries  int  // exchanges at once on a connection, as far as is known
}

func (w *worker) site(o origin) *site {
	s := w.sites[o]
	if s == nil {
		s = &site{origin: o, absolute: w.dialer.Absolute(o), carries: w.streams}
		if w.version == load.HTTP1 || (w.version == load.HTTPAuto && o.Scheme == "http") || !w.keep {
			s.carries = 1
		}
		w.sites[o] = s
	}
	return s
}

// pool is the connections of those who share some: a user of the closed model
// has its own, as a browser has (several users with connection.streams above
// one); in the open model all arrivals of a worker share one.
type pool struct {
	w     *worker
	users int  // active ones that share it, in the closed model
	lane1 lane // of the first origin: most pools know only one
	lanes []*lane
}

func newPool(w *worker) *pool { return &pool{w: w} }

// lane is a pool's connections to one origin.
type lane struct {
	pool    *pool
	site    *site
	idle    []*conn // without an exchange, of protocols that carry one at a time
	many    []*conn // of protocols that carry several
	opening []*opening
	waiting []*flight // in the order in which they came
}

// lane returns the pool's lane to a site.
func (p *pool) lane(s *site) *lane {
	if p.lane1.site == s {
		return &p.lane1
	}
	if p.lane1.site == nil {
		p.lane1.pool, p.lane1.site = p, s
		return &p.lane1
	}
	for _, l := range p.lanes {
		if l.site == s {
			return l
		}
	}
	l := &lane{pool: p, site: s}
	p.lanes = append(p.lanes, l)
	return l
}

// get returns a connection for a flight, or nil: then the flight waits, and is
// told by ride or abandon.
func (p *pool) get(f *flight) *conn {
	l := p.lane(f.at.site)
	if c := l.free(); c != nil {
		return c
	}
	f.lane, f.wait = l, p.w.loop.Recent()
	l.waiting = append(l.waiting, f)
	if l.short() {
		l.open(f)
	}
	return nil
}

// short says whether attempts are too few for those who wait. Each may carry as
// many as there are streams.
func (l *lane) short() bool { return len(l.waiting) > len(l.opening)*l.site.carries }

// untouched is how long a connection may be idle before it is looked at once
// more: what came meanwhile, the loop has most likely handled.
const untouched = 500 * time.Microsecond

// free returns a connection that can carry one more exchange, or nil.
func (l *lane) free() *conn {
	for n := len(l.idle); n > 0; n = len(l.idle) {
		c := l.idle[n-1]
		l.idle[n-1] = nil
		l.idle = l.idle[:n-1]
		c.idle = false
		if c.usable() {
			return c
		}
		c.close(false)
	}
	for i := 0; i < len(l.many); i++ {
		c := l.many[i]
		room, busy := c.session.Room(), c.session.Busy() > 0
		switch {
		case room > 0 && (busy || c.usable()):
			return c
		case room == 0 || busy:
			continue
		}
		c.close(false) // takes itself out of the list
		i--
	}
	return nil
}

// forget takes a waiting flight out. An attempt that nobody needs any more goes
// with it.
func (l *lane) forget(f *flight) {
	for i, other := range l.waiting {
		if other == f {
			l.waiting = append(l.waiting[:i], l.waiting[i+1:]...)
			break
		}
	}
	f.lane = nil
	o := f.attempt
	if o == nil {
		return
	}
	l.release(f)
	if len(l.waiting) <= (len(l.opening)-1)*l.site.carries {
		o.drop()
	}
}

// release parts a flight from the attempt that was made for it: somebody else will
// use what comes of it, and hear of it if nothing does.
func (l *lane) release(f *flight) {
	o := f.attempt
	if o == nil {
		return
	}
	f.attempt, o.f = nil, nil
	if other := l.without(); other != nil {
		other.attempt, o.f = o, other
	}
}

// without is the first one that waits without an attempt of its own.
func (l *lane) without() *flight {
	if len(l.waiting) <= len(l.opening) && l.site.carries == 1 {
		return nil // each has one, or there is one to spare
	}
	for _, f := range l.waiting {
		if f.attempt == nil {
			return f
		}
	}
	return nil
}

// serve gives connections to those who wait.
func (l *lane) serve() {
	for len(l.waiting) > 0 {
		c := l.free()
		if c == nil {
			break
		}
		l.call().ride(c)
	}
	for l.short() {
		l.open(l.without())
	}
}

// call is the one who has waited longest. It waits no more.
func (l *lane) call() *flight {
	f := l.waiting[0]
	copy(l.waiting, l.waiting[1:])
	l.waiting[len(l.waiting)-1] = nil
	l.waiting = l.waiting[:len(l.waiting)-1]
	return f
}

// close ends all connections of the pool that are idle, and attempts.
func (p *pool) close() {
	p.lane1.close()
	for _, l := range p.lanes {
		l.close()
	}
}

func (l *lane) close() {
	for len(l.opening) > 0 {
		l.opening[len(l.opening)-1].drop()
	}
	for len(l.idle) > 0 {
		l.idle[len(l.idle)-1].close(true)
	}
	for i := len(l.many) - 1; i >= 0; i-- {
		if c := l.many[i]; c.session.Busy() == 0 {
			c.close(true)
		}
	}
}

// conn is an open connection in its lane.
type conn struct {
	lane    *lane
	link    *loop.Conn // nil: the session brings its own (HTTP/3)
	session proto.Session
	idle    bool // in lane.idle
	shared  bool // in lane.many
	last    bool // to be closed after the exchange
	gone    bool
	fresh   bool          // nothing was sent on it yet
	took    opened        // what opening it took
	wired   proto.Traffic // of QUIC, that was counted
}

// carry starts an exchange.
func (c *conn) carry(f *flight) {
	c.last = f.msg.Last
	c.session.Start(f.msg, f)
	if f.msg.File != nil {
		// What went wrong with the file at once is told now.
		c.lane.pool.w.loop.Defer(c.session.Writable)
	}
}

// usable says whether an idle connection can still be used. It sends nothing.
func (c *conn) usable() bool {
	if c.session.Room() <= 0 {
		return false
	}
	if c.link == nil {
		return true
	}
	if !c.link.Open() {
		return false
	}
	return c.lane.pool.w.loop.Recent()-c.link.Touched() < untouched || c.link.Quiet()
}

// farewell is how long a peer may take to close a connection after the last
// response on it.
const farewell = time.Second

// back says that an exchange on the connection has ended, whole or broken off.
func (c *conn) back(whole bool) {
	if c.gone {
		return
	}
	if room := c.session.Room(); room < 0 || c.last {
		switch {
		case c.session.Busy() > 0: // others are still on it
		case whole:
			c.end()
		default:
			c.close(false)
		}
		return
	}
	if !c.shared && !c.idle {
		c.idle = true
		c.lane.idle = append(c.lane.idle, c)
	}
	if l := c.lane; len(l.waiting) > 0 {
		l.pool.w.loop.Defer(l.serve)
	}
}

// end closes a connection of no further use. The peer may close first, which
// keeps the local port free.
func (c *conn) end() {
	c.leave()
	if c.link != nil {
		c.link.Linger(farewell)
		return
	}
	c.session.Farewell()
}

// close ends the connection.
func (c *conn) close(polite bool) {
	if c.gone {
		return
	}
	c.leave()
	if c.link != nil {
		c.link.Close(polite)
		return
	}
	c.session.Farewell()
}

// leave takes the connection out of its lane.
func (c *conn) leave() {
	c.gone = true
	c.lane.pool.w.gauge.conns.Add(-1)
	if c.idle {
		c.idle = false
		c.lane.idle = without(c.lane.idle, c)
	}
	if c.shared {
		c.shared = false
		c.lane.many = without(c.lane.many, c)
	}
}

// Lost implements loop.Owner: the peer closed, or it broke.
func (c *conn) Lost(error) {
	if !c.gone {
		c.leave()
	}
	if l := c.lane; len(l.waiting) > 0 {
		l.pool.w.loop.Defer(l.serve)
	}
}

// Connected implements loop.Owner; it was told to the opening.
func (c *conn) Connected(error) {}

func without(list []*conn, c *conn) []*conn {
	for i := range list {
		if list[i] == c {
			list[i] = list[len(list)-1]
			list[len(list)-1] = nil
			return list[:len(list)-1]
		}
	}
	return list
}
