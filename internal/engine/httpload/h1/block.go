package h1

import (
	"bytes"
	"errors"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// block is a status line with header lines, or a trailer's lines, up to the
// empty line: what is known of the one that is being read. A block is read where
// it lies. If its end is not there yet, its lines are copied and read on in the
// copy: each line once, or twice if it was there before the copying began.
type block struct {
	c       *scratch // lent while a block is read
	next    int      // where the next line begins
	before  int      // where the last line ended, without its line end
	value   int      // where the last field's value begins
	crlf    int      // lines that ended with CR LF and not with LF alone
	empty   bool     // there was an empty line before the status line
	started bool     // the status line is complete
	known   bool     // the status is there
	status  int
}

const (
	// maxFields bounds what a head of many tiny lines costs.
	maxFields = 10_000
	// quoted is how much of what is no HTTP is shown.
	quoted = 40
)

// errFold says that a value goes on in a next line, which has to be joined to it
// in a copy.
var errFold = errors.New("a folded line")

// readBlock reads lines up to the end of the block, and does what they ask for.
func (s *Session) readBlock(p []byte) ([]byte, error) {
	b := &s.block
	if b.c == nil {
		b.c = s.shared.lendBlock()
	}
	if len(b.c.held) == 0 {
		done, err := s.readLines(p, false)
		if done {
			rest := p[b.next:]
			return rest, s.endBlock(p[:b.next])
		}
		if err != nil && !errors.Is(err, errFold) {
			return nil, err
		}
		b.restart()
	}
	return s.readHeld(p)
}

// readHeld reads lines from a copy, which takes nothing from behind the block.
func (s *Session) readHeld(p []byte) ([]byte, error) {
	b := &s.block
	for len(p) > 0 {
		n := bytes.IndexByte(p, '\n') + 1
		ended := n > 0
		if !ended {
			n = len(p)
		}
		b.c.held = append(b.c.held, p[:n]...)
		p = p[n:]
		if !ended {
			return nil, s.readPart(b.c.held)
		}
		done, err := s.readLines(b.c.held, true)
		if done {
			err = s.endBlock(b.c.held)
		}
		if done || err != nil {
			return p, err
		}
	}
	return nil, nil
}

// readLines reads the whole lines of buf from where it stands, and says whether
// the block ended. Lines may be joined only in a buffer of our own.
func (s *Session) readLines(buf []byte, own bool) (bool, error) {
	b := &s.block
	for {
		n := bytes.IndexByte(buf[b.next:], '\n')
		if n < 0 {
			return false, s.readPart(buf)
		}
		if !b.started {
			if err := s.open(buf); err != nil {
				return false, err
			}
		}
		from, to := b.next, b.next+n
		if b.next = to + 1; b.next > s.headLeft {
			return false, s.tooLarge()
		}
		if n > 0 && buf[to-1] == '\r' {
			to--
			b.crlf++
		}
		done, err := s.readLine(buf, from, to, own)
		if done || err != nil {
			return done, err
		}
		b.before = to
	}
}

func (s *Session) readLine(buf []byte, from, to int, own bool) (bool, error) {
	b := &s.block
	line := buf[from:to]
	switch {
	case !b.started && s.phase == inHead:
		return false, s.readStatus(line)
	case len(line) == 0:
		return true, nil
	case line[0] == ' ' || line[0] == '\t':
		if len(b.c.fields) == 0 {
			return false, malformed("a line that begins with a space follows the status line: %q", line)
		}
		if !own {
			return false, errFold
		}
		b.join(buf, from, to)
		return false, nil
	}
	return false, s.readField(line, from)
}

// readPart looks at a line whose end is not there yet.
func (s *Session) readPart(buf []byte) error {
	if err := s.open(buf); err != nil {
		return err
	}
	if len(buf) > s.headLeft {
		return s.tooLarge()
	}
	return nil
}

// readField takes a whole header line.
func (s *Session) readField(line []byte, from int) error {
	b := &s.block
	n := 0
	for n < len(line) && token[line[n]] {
		n++
	}
	if n == 0 || n == len(line) || line[n] != ':' {
		return malformed("the %s has the line %q", s.phase.where(), line[:min(len(line), quoted)])
	}
	if len(b.c.fields) == maxFields {
		return malformed("the %s has more than %d lines", s.phase.where(), maxFields)
	}
	b.value = from + n + 1
	b.c.fields = append(b.c.fields, proto.HeadField{Name: line[:n:n], Value: trim(line[n+1:])})
	return nil
}

// join makes one value of a folded one: spaces take the place of the line end.
func (b *block) join(buf []byte, from, to int) {
	if buf[from-2] == '\r' {
		b.crlf--
	}
	for i := b.before; i < from; i++ {
		buf[i] = ' '
	}
	b.c.fields[len(b.c.fields)-1].Value = trim(buf[b.value:to])
}

// check looks for bytes that are forbidden wherever they stand. A carriage
// return that ends no line is one: readers differ in what it means.
func (b *block) check(buf []byte) error {
	if i := bytes.IndexByte(buf, 0); i >= 0 {
		return malformed("byte %d of the head is NUL", i)
	}
	if bytes.Count(buf, []byte{'\r'}) != b.crlf {
		return malformed("the head has a carriage return that ends no line")
	}
	return nil
}

// restart forgets what was read of the block, not what was held.
func (b *block) restart() {
	b.c.fields = b.c.fields[:0]
	*b = block{c: b.c}
}

// drop gives the block's buffers back.
func (s *Session) drop() {
	if s.block.c != nil {
		s.shared.takeBlock(s.block.c)
	}
	s.block = block{}
}

func (s *Session) tooLarge() error {
	return malformed("the heads and trailers of the response are larger than %d bytes", s.shared.maxHead)
}

func malformed(format string, args ...any) error {
	return proto.Failf(load.CauseMalformed, format, args...)
}

// trim takes spaces and tabs off both ends.
func trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

// token are the bytes that a field's name may hold.
var token = func() (t [256]bool) {
	for c := byte('0'); c <= '9'; c++ {
		t[c] = true
	}
	for c := byte('a'); c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = true, true
	}
	for _, c := range []byte("!#$%&'*+-.^_`|~") {
		t[c] = true
	}
	return t
}()
