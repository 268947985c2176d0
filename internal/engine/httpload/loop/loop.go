// Package loop is the event loop of the http engine: one goroutine that owns
// sockets, timers and whoever lives on it, so that nothing of a request needs a
// lock or a hand-over between goroutines. It speaks to the kernel by itself,
// because a goroutine for each connection costs a quarter to a half more CPU
// for small responses.
//
// It knows bytes, TLS and instants, and nothing of HTTP or of figures.
//
//	wait --> events --> Conn.ready --> session.Receive --> owner
//	 ^                                                       |
//	 |       timers, Defer, Post: functions on this goroutine |
//	 +--------------------------------------------------------+
//
// Read this file first, then conn.go (a connection), receive.go and send.go (its
// two directions), and negotiate.go (TLS and proxies, written as if they
// blocked). poller_*.go is the kernel's side of each system.
package loop

import (
	"sync"
	"sync/atomic"
	"time"
)

// bufferSize is what one read asks for. All connections of a loop read into
// one buffer, so that memory does not grow with connections.
const bufferSize = 256 << 10

// mostEvents are taken from the kernel at once.
const mostEvents = 256

// longest is how long a wait lasts when nothing is to be done; it is no more
// than a bound on how long a lost wake-up could hurt.
const longest = time.Second

// Loop is one event loop. All methods but Post and Stop are for its own
// goroutine, or before Run.
type Loop struct {
	poll   poller
	base   time.Time
	now    time.Duration // the clock as it was read last
	slots  []slot
	free   []uint32 // slots to be used again
	timers timers
	soon   []func()
	spare  []func() // the list that soon takes turns with
	again  []*Conn  // stopped reading before their socket was empty
	dirty  []*Conn  // have bytes to be sent together
	buf    []byte
	lent   bool // a session is at work on buf
	events [mostEvents]event

	stopped bool
	posted  posted
	slow    atomic.Int64 // see Lag
}

// posted is what other goroutines ask for.
type posted struct {
	mu   sync.Mutex
	list []func()
	back []func()
	told bool // a wake-up is under way
	shut bool // nobody takes anything any more
}

// slot is the place of a connection in the poller's events. A connection that
// is gone leaves its slot to another one, of a later generation.
type slot struct {
	conn       *Conn
	generation uint32
}

// New makes a loop whose clock counts from base.
func New(base time.Time) (*Loop, error) {
	l := &Loop{base: base, buf: make([]byte, bufferSize)}
	if err := l.poll.open(); err != nil {
		return nil, err
	}
	l.Now()
	return l, nil
}

// Now reads the clock: the time since the base.
func (l *Loop) Now() time.Duration {
	l.now = time.Since(l.base)
	return l.now
}

// Recent is the clock as it was read last: within one event it is exact enough.
func (l *Loop) Recent() time.Duration { return l.now }

// room is where a connection may read to. A session at work on what another
// connection has brought may have the loop look at a third one: that is rare, and
// must not overwrite what the session has still to read.
func (l *Loop) room() []byte {
	if l.lent {
		return make([]byte, 16<<10)
	}
	return l.buf
}

// Defer runs f after the present event, before the loop waits again.
func (l *Loop) Defer(f func()) { l.soon = append(l.soon, f) }

// Post runs f on the loop's goroutine soon, and says whether it will: not after
// the loop has ended. It may be called from any goroutine.
func (l *Loop) Post(f func()) bool {
	p := &l.posted
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shut {
		return false
	}
	p.list = append(p.list, f)
	if !p.told {
		p.told = true
		l.poll.wake() // not later: the descriptor may be another file's by then
	}
	return true
}

// Stop ends Run. It may be called from any goroutine.
func (l *Loop) Stop() { l.Post(func() { l.stopped = true }) }

// Run handles events until Stop. The loop is of no use afterwards: all its
// connections are closed.
func (l *Loop) Run() error {
	defer l.Close()
	for !l.stopped {
		n, err := l.wait()
		if err != nil {
			return err
		}
		begin := l.now
		for i := range n {
			l.handle(&l.events[i])
			l.timers.fire(l)
			l.flush()
		}
		l.readAgain()
		l.timers.fire(l)
		l.runPosted()
		l.runSoon()
		l.flush()
		if slow := int64(l.Now() - begin); slow > l.slow.Load() {
			l.slow.Store(slow)
		}
	}
	return nil
}

// Lag is the longest that an event had to wait for its turn since the last
// call: what the loop itself may have added to a latency. It may be called from
// any goroutine.
func (l *Loop) Lag() time.Duration { return time.Duration(l.slow.Swap(0)) }

// wait asks the kernel for events, for no longer than the next timer allows.
func (l *Loop) wait() (int, error) {
	timeout := longest
	if at, ok := l.timers.next(); ok {
		timeout = min(timeout, max(0, at-l.Now()))
	}
	if len(l.soon) > 0 || len(l.again) > 0 {
		timeout = 0
	}
	n, err := l.poll.wait(l.events[:], timeout)
	l.Now()
	return n, err
}

func (l *Loop) handle(e *event) {
	if e.slot == wakeSlot {
		l.poll.woken()
		return
	}
	s := &l.slots[e.slot]
	if s.conn == nil || s.generation != e.generation {
		return // of a connection that is gone
	}
	s.conn.ready(e)
}

// readAgain lets those go on that had their share of the last round.
func (l *Loop) readAgain() {
	list := l.again
	l.again = nil
	for _, c := range list {
		c.queued = false
		if c.state == open {
			c.written = 0
			c.receive(false)
			c.goOn()
		}
		l.flush()
	}
	if l.again == nil {
		l.again = list[:0]
	}
}

// flush sends what connections have gathered.
func (l *Loop) flush() {
	for i := 0; i < len(l.dirty); i++ { // sending may end a connection, and so on
		c := l.dirty[i]
		c.gathered()
		c.goOn()
	}
	l.dirty = l.dirty[:0]
}

func (l *Loop) runPosted() {
	p := &l.posted
	p.mu.Lock()
	list := p.list
	p.list, p.back, p.told = p.back[:0], list, false
	p.mu.Unlock()
	for i, f := range list {
		f()
		list[i] = nil
	}
}

func (l *Loop) runSoon() {
	list := l.soon
	l.soon = l.spare[:0]
	for i, f := range list {
		f()
		list[i] = nil
	}
	l.spare = list[:0]
}

// Close ends all connections without a word, after what was posted has had its
// run: it may be what somebody waits for. Run does so at its end; it is for a loop
// that never ran.
func (l *Loop) Close() {
	p := &l.posted
	p.mu.Lock()
	again := p.shut
	p.shut = true
	p.mu.Unlock()
	if again {
		return
	}
	l.runPosted()
	for _, s := range l.slots {
		if s.conn != nil {
			s.conn.Close(false)
		}
	}
	l.poll.close()
}

// place gives a connection a slot.
func (l *Loop) place(c *Conn) {
	if n := len(l.free); n > 0 {
		c.slot, l.free = l.free[n-1], l.free[:n-1]
	} else {
		c.slot = uint32(len(l.slots))
		l.slots = append(l.slots, slot{})
	}
	l.slots[c.slot].conn = c
}

// leave takes its slot back.
func (l *Loop) leave(c *Conn) {
	s := &l.slots[c.slot]
	s.conn = nil
	s.generation++
	l.free = append(l.free, c.slot)
}
