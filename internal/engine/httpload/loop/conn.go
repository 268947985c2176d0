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

	beside  proto.Traffic // bytes of TLS and tunnels, not yet charged; see Charge
	ahead   int64         // bytes that came for TLS or a tunnel and that nobody above was given
	records int64         // of TLS that were handed over meanwhile
	thick   int64         // how much larger than its contents a record is
	unsent  int           // bytes that were queued when it was closed

	fd        int
	slot      uint32
	lowat     int32 // SO_RCVLOWAT as it stands; 0: never set
	state     state
	queued    bool // in Loop.again
	together  bool // gather what is written, see Gather
	gathering bool // in Loop.dirty
	full      bool // the session was told that there is no space
	stream    bool // a TCP socket, not a Unix one
	hurried   bool // has no delay
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
	c := &Conn{l: l, owner: owner, fd: fd, stream: stream}
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
	c.settle()
	if t != nil {
		state := t.ConnectionState()
		c.thick = thickness(&state)
	}
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
func (c *Conn) Gather() {
	c.together = true
	c.Hurry()
}

// Hurry has small pieces go out at once. Whoever writes a request in one piece
// need not ask for it.
func (c *Conn) Hurry() {
	if c.stream && !c.hurried {
		c.hurried = true
		hurrySocket(c.fd)
	}
}

// Loop is the loop that the connection lives on.
func (c *Conn) Loop() *Loop { return c.l }

// Open says whether the connection is there and whole, as far as it is known.
func (c *Conn) Open() bool { return c.state == open && c.broken == nil && !c.ended }

// thickness is how much larger than its contents a record of TLS is: its header,
// the seal, and in TLS 1.3 the true type, in 1.2 a number. With the ciphers of
// old it varies; they have what is usual.
func thickness(s *tls.ConnectionState) int64 {
	switch {
	case s.Version == tls.VersionTLS13:
		return 5 + 16 + 1
	case s.CipherSuite == tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, s.CipherSuite == tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256:
		return 5 + 16
	}
	return 5 + 16 + 8
}

// Charge adds to what an exchange moved by its session what went over the socket
// beside: TLS and tunnels, so that all exchanges together have what the socket
// carried. TLS may hold records that came for others; those are theirs to bear.
func (c *Conn) Charge(t proto.Traffic) proto.Traffic {
	if c.tls == nil {
		c.settle()
	} else if d := min(c.ahead, c.records*c.thick); d != 0 {
		c.beside.In += d
		c.ahead -= d
	}
	c.records = 0
	t.In += c.beside.In
	t.Out += c.beside.Out
	c.beside = proto.Traffic{In: min(t.In, 0)}
	if !c.together { // one exchange at a time: what is still here is its own, and does not go any more
		t.Out -= int64(len(c.out) + c.unsent)
		c.unsent = 0
	}
	return proto.Traffic{In: max(t.In, 0), Out: max(t.Out, 0)}
}

// settle is called when TLS holds nothing that could be handed over.
func (c *Conn) settle() {
	c.beside.In += c.ahead
	c.ahead, c.records = 0, 0
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
	c.unsent = len(c.out)
	c.l.leave(c)
	c.l.staging.drop(c)
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
			c.connected(e.end)
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

// connected ends the connecting. Only an end may be one without a beginning.
func (c *Conn) connected(end bool) {
	if end {
		if err := socketError(c.fd); err != nil {
			c.release()
			c.tell(err)
			return
		}
	}
	c.state = ready
	c.l.Now()
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
