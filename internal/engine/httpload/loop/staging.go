package loop

// stagingSize is what one read for TLS asks for while its records are small.
const stagingSize = 64 << 10

// small is the room that TLS has for a read, below which reading for it ahead saves
// system calls. With large records it has more, and copying would cost more.
const small = 8 << 10

// staging is where bytes wait for TLS between the socket and its own buffer, which
// is no larger than the records that it has seen. All connections of a loop share
// one; it is empty again when the event of its connection has been handled.
type staging struct {
	buf  []byte
	rest []byte // of what was read
	of   *Conn  // whose that is; nil: nobody's
}

// take gives out what was read ahead.
func (s *staging) take(p []byte) int {
	n := copy(p, s.rest)
	if s.rest = s.rest[n:]; len(s.rest) == 0 {
		s.of = nil
	}
	return n
}

// fill reads ahead for c, and says what came of it.
func (s *staging) fill(c *Conn) (int, error) {
	if s.buf == nil {
		s.buf = make([]byte, stagingSize)
	}
	n, err := readSocket(c.fd, s.buf)
	if err != nil {
		return 0, err
	}
	if n > 0 {
		s.rest, s.of = s.buf[:n], c
	}
	c.drained = n < len(s.buf)
	return n, nil
}

// drop forgets what was read for a connection that is gone.
func (s *staging) drop(c *Conn) {
	if s.of == c {
		s.rest, s.of = nil, nil
	}
}
