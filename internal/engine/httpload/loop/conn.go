package loop

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"syscall"
	"time"

	"onrush.dev/onrush/internal/engine/httpload/proto"
)

// Owner is told what becomes of its connection. It is never called from within
// one of the connection's own methods.
type Owner interface {
	// Connected says that the connection is open, or why it is not; then it is
	// closed already.
	Connected(err error)
	// Lost says that an open connection with a session has ended: its session has
	// been told and it is closed.
	Lost(err error)
}

type state uint8

const (
	connecting  state = iota
	negotiating       // see Negotiate
	ready             // connected, without a session
	open              // with a session
	lingering         // of no further use; waits for the peer's end
	closed
)

// Conn is one connection of a loop: a socket, TLS on it when there is, and the
// session that speaks on it.
type Conn struct {
	l       *Loop
	owner   Owner
	session proto.Session
	tls     *tls.Conn // nil: clear text
	talk    *talk     // while negotiating
	out     []byte    // what the socket did not take yet
	plain   []byte    // gathered to be sent together, above TLS
	written int       // since others had their turn
	broken  error     // what ended it, found while sending
	parting *Timer    // of Linger

	in, sent int64 // bytes over the socket
	above    proto.Traffic
	touched  time.Duration // when bytes came last

	fd        int
	slot      uint32
	lowat     int32 // SO_RCVLOWAT as it stands; 0: never set
	state     state
	queued    bool // in Loop.again
	together  bool // gather what is written, see Gather
	gathering bool // in Loop.dirty
	full      bool // the session was told that there is no space
	stream    bool // a TCP socket, not a Unix one
	drained   bool // the last read took all that there was
	unread    bool // something came before there was a session
	ended     bool // the peer said its end: read until it comes
}

// Dial begins to open a TCP connection. Local is the address to come from, when
// it is valid. The owner hears of it later, never from within Dial.
func (l *Loop) Dial(to netip.AddrPort, local netip.Addr, owner Owner) *Conn {
	fd, err := dialTCP(to, local)
	return l.adopt(fd, err, true, owner)
}

// DialUnix begins to open a connection to a Unix socket.
func (l *Loop) DialUnix(path string, owner Owner) *Conn {
	fd, err := dialUnix(path)
	return l.adopt(fd, err, false, owner)
}

func (l *Loop) adopt(fd int, err error, stream bool, owner Owner) *Conn {
	c := &Conn{l: l, owner: owner, fd: fd, stream: stream, touched: l.now}
	if err == nil {
		l.place(c)
		if err = l.poll.add(fd, c.slot, l.slots[c.slot].generation); err != nil {
			l.leave(c)
			closeSocket(fd)
		}
	}
	if err != nil {
		c.state = closed
		l.Defer(func() { c.tell(err) })
	}
	return c
}

func (c *Conn) tell(err error) {
	if c.owner != nil {
		c.owner.Connected(err)
	}
}

// Attach gives the connection its session and TLS, when there is. From now on
// what comes goes to the session.
func (c *Conn) Attach(s proto.Session, t *tls.Conn) {
	c.session, c.tls, c.state = s, t, open
	c.drained = false
	if c.talk != nil || c.unread {
		c.talk, c.unread = nil, false
		c.again() // the event has come already, or TLS has in its buffer what came behind its handshake
	}
}

// Own gives the connection another owner.
func (c *Conn) Own(owner Owner) { c.owner = owner }

// Gather has what is written during one event go out in one piece, for sessions
// that write often.
func (c *Conn) Gather() { c.together = true }

// Loop is the loop that the connection lives on.
func (c *Conn) Loop() *Loop { return c.l }

// Open says whether the connection is there and whole, as far as it is known.
func (c *Conn) Open() bool { return c.state == open && c.broken == nil && !c.ended }

// Touched is when bytes came last.
func (c *Conn) Touched() time.Duration { return c.touched }

// Charge adds to what an exchange moved by its session what went over the socket
// beside, TLS and tunnels, so that all exchanges together have what the socket
// carried. What others have written and the socket did not take yet, or what TLS
// holds for them, is settled with the exchanges that follow: none has less than
// nothing.
func (c *Conn) Charge(t proto.Traffic) proto.Traffic {
	t.In += c.in - c.above.In
	t.Out += c.sent - c.above.Out
	c.in, c.sent, c.above = min(t.In, 0), min(t.Out, 0), proto.Traffic{}
	return proto.Traffic{In: max(t.In, 0), Out: max(t.Out, 0)}
}

// Close ends the connection. Polite: the session says its farewell and TLS its
// own. The owner is not told.
func (c *Conn) Close(polite bool) {
	c.owner = nil
	if c.state == closed {
		return
	}
	was := c.state
	if polite && was == open && c.broken == nil {
		c.session.Farewell()
		c.gathered()
		if c.tls != nil {
			_ = c.tls.Close() // writes its alert through the shim, whose Close does nothing
		}
	}
	c.release()
	if was == negotiating {
		c.talk.end(net.ErrClosed)
	}
}

// Linger closes the connection once the peer has: whoever closes first keeps the
// port busy for a minute. It waits no longer than patience.
func (c *Conn) Linger(patience time.Duration) {
	if c.state != open || c.broken != nil || c.ended {
		c.Close(false)
		return
	}
	c.owner, c.session, c.state = nil, nil, lingering
	if c.discard() {
		return
	}
	c.parting = NewTimer(func() { c.Close(false) })
	c.l.Set(c.parting, c.l.now+patience)
}

// discard reads and throws away, and says whether the connection is closed now.
func (c *Conn) discard() bool {
	buf := c.l.room()
	for range 4 {
		n, err := readSocket(c.fd, buf)
		if err == nil && n == len(buf) {
			continue
		}
		if err == nil && n > 0 && !c.ended {
			return false
		}
		if errors.Is(err, errAgain) {
			return false
		}
		if err != nil || n == 0 {
			break
		}
	}
	c.Close(false)
	return true
}

func (c *Conn) release() {
	c.state = closed
	c.l.leave(c)
	closeSocket(c.fd)
	c.fd = -1
	c.out, c.plain = nil, nil
	if c.parting != nil {
		c.l.Unset(c.parting)
	}
}

// ready handles an event of the poller.
func (c *Conn) ready(e *event) {
	c.ended = c.ended || e.end
	c.drained = c.drained && !e.in
	c.unread = c.unread || (e.in && c.state < open)
	switch c.state {
	case connecting:
		if e.out || e.end {
			c.connected()
		}
	case negotiating:
		c.talk.step()
	case open:
		if e.out {
			c.writable()
		}
		if e.in && c.state == open {
			c.receive(true)
		}
	case lingering:
		if e.in {
			c.discard()
		}
	}
}

// connected ends the connecting.
func (c *Conn) connected() {
	if err := socketError(c.fd); err != nil {
		c.release()
		c.tell(err)
		return
	}
	c.state = ready
	c.touched = c.l.Now()
	c.tell(nil)
}

// fail ends an open connection: its session is told, then its owner.
func (c *Conn) fail(err error) {
	if c.state != open {
		return
	}
	owner, session := c.owner, c.session
	c.owner = nil
	c.release()
	session.Ended(err)
	if owner != nil {
		owner.Lost(err)
	}
}

// breakSoon ends the connection after the present event, because the session
// that is writing must not be told from within. What the peer has said before it
// went is read first: it may be the answer.
func (c *Conn) breakSoon(err error) {
	if c.broken != nil {
		return
	}
	c.broken = err
	c.l.Defer(func() {
		if c.state != open {
			return
		}
		c.ended = true
		err := c.read()
		// The reset was told to the sending side; the other one sees an end only.
		if err == nil || (errors.Is(err, io.EOF) && errors.Is(c.broken, syscall.ECONNRESET)) {
			err = fmt.Errorf("send: %w", c.broken)
		}
		c.fail(err)
	})
}
