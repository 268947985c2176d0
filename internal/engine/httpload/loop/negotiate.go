package loop

import (
	"iter"
	"net"
	"time"
)

// Negotiate runs f on the loop as if it could block: a handshake of TLS or a
// proxy's is written as a story. Whenever f would wait for the socket, the loop
// goes on with others and comes back when there is something to read or room to
// write. It is a coroutine and no goroutine of its own, so no lock is needed and
// nothing waits for the scheduler.
//
// Done is called at the end, on the loop, never from within Negotiate; the
// owner then attaches a session, or closes the connection.
func (c *Conn) Negotiate(f func(net.Conn) error, done func(error)) {
	c.state = negotiating
	c.Hurry()
	t := &talk{c: c, done: done}
	c.talk = t
	t.next, t.stop = iter.Pull(func(yield func(struct{}) bool) {
		t.yield = yield
		t.err = f(&shim{c})
	})
	c.l.Defer(t.step)
}

// talk is a negotiation under way.
type talk struct {
	c     *Conn
	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool
	done  func(error)
	cause error // why it is to end
	err   error // what f returned
	over  bool
}

// step lets f go on until it waits again.
func (t *talk) step() {
	if t.over {
		return
	}
	if _, more := t.next(); more {
		return
	}
	t.over = true
	if t.c.state == negotiating {
		t.c.state = ready
	}
	t.done(t.err)
}

// end lets f end with an error, and then nobody is told.
func (t *talk) end(err error) {
	if t.over {
		return
	}
	t.cause = err
	t.over = true
	t.stop()
}

// wait gives the loop its turn. It returns an error when f has to end.
func (t *talk) wait() error {
	if t.cause == nil && t.yield(struct{}{}) && t.cause == nil {
		return nil
	}
	if t.cause == nil {
		t.cause = net.ErrClosed
	}
	return t.cause
}

// shim is a Conn as net.Conn, for TLS and proxies. While the connection is
// negotiating its reads and writes wait; afterwards they return errAgain, which
// TLS takes as an error that passes.
type shim struct{ c *Conn }

// Read implements net.Conn.
func (s *shim) Read(p []byte) (int, error) {
	c := s.c
	for {
		if c.state == closed {
			return 0, net.ErrClosed
		}
		if c.l.staging.of == c {
			return c.l.staging.take(p), nil
		}
		if !c.drained || c.ended {
			n, err := s.fetch(p)
			if err == nil {
				return n, nil
			}
			if err != errAgain { //nolint:errorlint // our own value, never wrapped
				return 0, err
			}
			c.drained = true
		}
		if c.state != negotiating {
			return 0, errAgain
		}
		if err := c.talk.wait(); err != nil {
			return 0, err
		}
	}
}

// fetch makes one read of the socket.
func (s *shim) fetch(p []byte) (int, error) {
	c := s.c
	ahead := c.state == open && len(p) < small && c.l.staging.of == nil
	var n int
	var err error
	if ahead {
		n, err = c.l.staging.fill(c)
	} else if n, err = readSocket(c.fd, p); err == nil {
		c.drained = n < len(p)
	}
	if err != nil {
		return 0, err
	}
	if n == 0 {
		return 0, errEnd
	}
	c.ahead += int64(n)
	if ahead {
		n = c.l.staging.take(p)
	}
	return n, nil
}

// Write implements net.Conn. It takes all: what the socket does not, is kept.
func (s *shim) Write(p []byte) (int, error) {
	c := s.c
	if c.state != negotiating {
		if c.broken != nil {
			return 0, c.broken
		}
		if c.state == closed {
			return 0, net.ErrClosed
		}
		c.beside.Out += int64(len(p))
		c.send(p)
		return len(p), nil
	}
	for rest := p; len(rest) > 0; {
		n, err := writeSocket(c.fd, rest)
		c.beside.Out += int64(n)
		rest = rest[n:]
		if err == errAgain { //nolint:errorlint // our own value, never wrapped
			err = c.talk.wait()
		}
		if err != nil {
			return len(p) - len(rest), err
		}
	}
	return len(p), nil
}

// Close implements net.Conn. The connection's owner closes it, not TLS.
func (s *shim) Close() error { return nil }

// LocalAddr implements net.Conn.
func (s *shim) LocalAddr() net.Addr { return &net.TCPAddr{} }

// RemoteAddr implements net.Conn.
func (s *shim) RemoteAddr() net.Addr { return &net.TCPAddr{} }

// SetDeadline implements net.Conn. Timers of the loop take its place.
func (s *shim) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.Conn.
func (s *shim) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.Conn.
func (s *shim) SetWriteDeadline(time.Time) error { return nil }
