package loop

// mostQueued is how much may wait to be sent before a session is told that
// there is no space.
const mostQueued = 256 << 10

// mostWritten is how much of large bodies a connection may send before others
// have their turn: a peer that reads as fast as we write would never stop us.
const mostWritten = 1 << 20

// Write implements proto.Link.
func (c *Conn) Write(p []byte) {
	if c.state != open || c.broken != nil {
		return
	}
	c.written += len(p)
	if c.together {
		c.plain = append(c.plain, p...)
		if !c.gathering {
			c.gathering = true
			c.l.dirty = append(c.l.dirty, c)
		}
		return
	}
	c.encrypt(p)
}

// gathered sends what was written together.
func (c *Conn) gathered() {
	if !c.gathering {
		return
	}
	c.gathering = false
	if c.state == open && len(c.plain) > 0 {
		c.encrypt(c.plain)
	}
	if cap(c.plain) > mostQueued {
		c.plain = nil
	}
	c.plain = c.plain[:0]
}

func (c *Conn) encrypt(p []byte) {
	c.above.Out += int64(len(p))
	if c.tls == nil {
		c.send(p)
		return
	}
	if _, err := c.tls.Write(p); err != nil {
		c.breakSoon(err)
	}
}

// send gives bytes to the socket and keeps what it does not take.
func (c *Conn) send(p []byte) {
	if len(c.out) > 0 {
		c.out = append(c.out, p...)
		return
	}
	n, err := writeSocket(c.fd, p)
	if err != nil && err != errAgain { //nolint:errorlint // our own value, never wrapped
		c.breakSoon(err)
		return
	}
	c.sent += int64(n)
	if n < len(p) {
		c.out = append(c.out[:0], p[n:]...)
	}
}

// Space implements proto.Link.
func (c *Conn) Space() int {
	n := mostQueued - len(c.out) - len(c.plain)
	if n <= 0 || c.broken != nil || c.state != open {
		c.full = true
		return 0
	}
	if c.written >= mostWritten {
		c.full = true
		c.again()
		return 0
	}
	return n
}

// goOn lets a session go on that was told that there is no space, when all that it
// wrote has gone: then the poller has nothing to say about it.
func (c *Conn) goOn() {
	if c.state != open || !c.full || c.broken != nil || len(c.out) > 0 || len(c.plain) > 0 {
		return
	}
	c.full = false
	c.session.Writable()
}

// writable sends what is kept, and lets the session go on.
func (c *Conn) writable() {
	c.written = 0
	for len(c.out) > 0 {
		n, err := writeSocket(c.fd, c.out)
		if err == errAgain { //nolint:errorlint // our own value, never wrapped
			return
		}
		if err != nil {
			c.breakSoon(err)
			return
		}
		c.sent += int64(n)
		if c.out = c.out[n:]; len(c.out) == 0 {
			c.out = nil
		}
	}
	c.goOn()
}
