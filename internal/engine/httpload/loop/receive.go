package loop

import (
	"errors"
	"io"

	"onrush.dev/onrush/internal/engine/httpload/proto"
)

const (
	// rounds are the reads that a connection may make before others have their
	// turn.
	rounds = 16
	// skipFrom is the length of a body from which on the kernel throws its bytes
	// away instead of copying them.
	skipFrom = 32 << 10
	// sizeable is what is left of a body for which the kernel need not wake us
	// for every segment, and heap what it may gather meanwhile.
	sizeable = 1 << 20
	heap     = 256 << 10
)

// receive reads what there is and hands it to the session. Fresh says that an
// event has just come.
func (c *Conn) receive(fresh bool) {
	if fresh {
		c.touched = c.l.Now()
	}
	if err := c.read(); err != nil {
		c.fail(err)
	}
}

// Quiet says whether a connection that is idle is as it was: its session is shown
// what has come meanwhile, which may be its end, or bytes nobody asked for.
func (c *Conn) Quiet() bool {
	if c.Open() && c.pending() {
		c.drained = false
		c.receive(false)
	}
	return c.Open()
}

// read returns an error when the connection is over: io.EOF when it ended well.
func (c *Conn) read() error {
	for range rounds {
		err := c.step()
		if errors.Is(err, errAgain) {
			return nil
		}
		if err != nil || c.state != open {
			return err
		}
		if c.tls == nil && c.drained && !c.ended {
			return nil // TLS may have more than the socket
		}
	}
	c.again()
	return nil
}

// again has the loop come back to the connection without an event.
func (c *Conn) again() {
	if !c.queued {
		c.queued = true
		c.l.again = append(c.l.again, c)
	}
}

// step makes one read.
func (c *Conn) step() error {
	if c.tls != nil {
		return c.decrypt()
	}
	if skip := c.session.Skippable(); skip >= skipFrom && canSkip && c.stream {
		return c.skip(skip)
	}
	buf := c.l.room()
	n, err := readSocket(c.fd, buf)
	if err != nil {
		return err
	}
	if n == 0 {
		return io.EOF
	}
	c.drained = n < len(buf)
	c.in += int64(n)
	return c.hand(buf[:n])
}

// hand gives the session bytes of the loop's buffer.
func (c *Conn) hand(p []byte) error {
	c.above.In += int64(len(p))
	was := c.l.lent
	c.l.lent = true
	err := c.session.Receive(p)
	c.l.lent = was
	return err
}

// skip has the kernel throw body bytes away: they are counted and never copied.
func (c *Conn) skip(left int64) error {
	ask := min(left, 1<<30)
	n, err := skipSocket(c.fd, int(ask))
	if err != nil {
		if errors.Is(err, errAgain) {
			c.await(left)
		}
		return err
	}
	if n == 0 {
		return io.EOF
	}
	c.in += int64(n)
	c.above.In += int64(n)
	c.drained = int64(n) < ask
	if err := c.session.Skip(int64(n)); err != nil || c.state != open {
		return err
	}
	// Also when more is there: what follows the body may be small.
	c.await(c.session.Skippable())
	return nil
}

// await tells the kernel how many bytes make an event. While much of a body is
// to come, being woken for every segment would cost more than the bytes.
func (c *Conn) await(left int64) {
	want := int32(1)
	if left >= sizeable {
		want = heap
	}
	if want == c.lowat || (c.lowat == 0 && want == 1) {
		return
	}
	c.lowat = want
	awaitSocket(c.fd, int(want))
}

// decrypt makes one read through TLS, of a record at most.
func (c *Conn) decrypt() error {
	buf := c.l.room()
	n, err := c.tls.Read(buf)
	if n > 0 {
		if err := c.hand(buf[:n]); err != nil || c.state != open {
			return err
		}
	}
	if errors.Is(err, errAgain) {
		c.await(c.session.Skippable())
	}
	return err
}

var _ proto.Link = (*Conn)(nil)
