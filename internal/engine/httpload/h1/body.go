package h1

import (
	"math"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// maxChunkLine bounds the line of a chunk's size, with its extensions, which
// nobody needs.
const maxChunkLine = 4 << 10

// readBody takes what there is of a body of known length.
func (s *Session) readBody(p []byte) ([]byte, error) {
	n := min(s.left, int64(len(p)))
	s.left -= n
	if s.left == 0 {
		s.phase = whole
	}
	return p[n:], s.r.Body(p[:n])
}

// readRest takes what there is of a body that ends with the connection.
func (s *Session) readRest(p []byte) ([]byte, error) {
	n := min(s.room, int64(len(p)))
	s.room -= n
	if n > 0 {
		if err := s.r.Body(p[:n]); err != nil {
			return nil, err
		}
	}
	if n < int64(len(p)) {
		return nil, s.tooLong()
	}
	return nil, nil
}

// Skippable implements proto.Session.
func (s *Session) Skippable() int64 {
	if s.r == nil || s.out.err != nil || (s.phase != inBody && s.phase != inRest) || s.r.WantsBody() {
		return 0
	}
	if s.phase == inBody {
		return s.left
	}
	return s.room
}

// Skip implements proto.Session.
func (s *Session) Skip(n int64) error {
	if n <= 0 {
		return nil
	}
	if s.r == nil || n > s.Skippable() {
		s.spent = true
		if s.r == nil {
			return errUnasked
		}
		return s.fail(proto.Failf(load.CauseOther, "%d bytes were skipped that were to be read", n))
	}
	s.t.In += n
	if s.phase == inBody {
		s.left -= n
	} else {
		s.room -= n
	}
	err := s.r.Skipped(n)
	if s.r == nil {
		return errSpent
	}
	if err != nil {
		return s.fail(err)
	}
	if s.phase == inBody && s.left == 0 {
		return s.end(0)
	}
	return nil
}

func (s *Session) tooLong() error {
	return proto.Failf(load.CauseTooLarge, "the body is larger than %d bytes", s.shared.maxBody)
}

// readChunks takes what there is of a body in chunks, up to the next change to
// lines. Its line ends are CR LF and nothing else: where readers differ in what
// ends a chunk, one response can be made to look like two.
func (s *Session) readChunks(p []byte) ([]byte, error) {
	for len(p) > 0 {
		c := p[0]
		switch s.phase {
		case inChunk:
			n := min(s.left, int64(len(p)))
			if s.left -= n; s.left == 0 {
				s.phase = inCR
			}
			if err := s.r.Body(p[:n]); err != nil || s.r == nil {
				return nil, err
			}
			p = p[n:]
			continue
		case inCR, inLF:
			if c != "\r\n"[s.phase-inCR] {
				return nil, malformed("a chunk is followed by %q", p[:min(len(p), quoted)])
			}
			s.phase++
			if s.phase > inLF {
				s.phase, s.line = inSize, 0
			}
		case inLine:
			if c != '\n' {
				return nil, malformed("a chunk's size has a carriage return that ends no line")
			}
			if err := s.beginChunk(); err != nil {
				return nil, err
			}
			if s.phase == inTrail {
				return p[1:], nil
			}
		default:
			if err := s.readSize(c); err != nil {
				return nil, err
			}
		}
		p = p[1:]
	}
	return nil, nil
}

// readSize takes one byte of the line of a chunk's size.
func (s *Session) readSize(c byte) error {
	if s.line++; s.line > maxChunkLine {
		return malformed("the line of a chunk's size is longer than %d bytes", maxChunkLine)
	}
	if s.phase == inSize {
		if d := hex(c); d >= 0 {
			if s.left > math.MaxInt64>>4 {
				return malformed("a chunk's size is larger than can be")
			}
			s.left = s.left<<4 | d
			return nil
		}
		if s.line == 1 {
			return malformed("a chunk's size has %q", c)
		}
		s.phase = inPad
	}
	switch {
	case c == '\r':
		s.phase = inLine
	case s.phase == inPad && c == ';':
		s.phase = inExt
	case s.phase == inPad && c != ' ' && c != '\t':
		return malformed("a chunk's size has %q", c)
	case c == '\n', c == 0:
		return malformed("a chunk's extension has %q", c)
	}
	return nil
}

// beginChunk knows the size of the chunk that follows.
func (s *Session) beginChunk() error {
	switch {
	case s.left == 0:
		s.phase = inTrail
		return nil
	case s.left > s.room:
		return s.tooLong()
	}
	s.room -= s.left
	s.phase = inChunk
	return nil
}

// hex is the value of a digit, or -1.
func hex(c byte) int64 {
	switch {
	case digit(c):
		return int64(c - '0')
	case 'a' <= c && c <= 'f':
		return int64(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int64(c-'A') + 10
	}
	return -1
}
