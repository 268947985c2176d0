package h1

import (
	"bytes"
	"math"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// interim says whether the block's status announces another response. 101 does
// not: what follows it is another protocol.
func (s *Session) interim() bool {
	return s.block.status/100 == 1 && s.block.status != 101
}

// endBlock does what a complete block asks for. buf is the whole of it.
func (s *Session) endBlock(buf []byte) error {
	if err := s.block.check(buf); err != nil {
		return err
	}
	s.headLeft -= len(buf)
	var err error
	switch {
	case s.phase == inTrail:
		s.phase = whole
	case s.interim():
		err = s.passInterim()
	default:
		err = s.takeHead(buf)
	}
	s.drop()
	return err
}

func (s *Session) passInterim() error {
	if s.interims++; s.interims > s.shared.maxInterim {
		return malformed("the server sent more than %d interim responses", s.shared.maxInterim)
	}
	var f framing
	f.read(s.block.c.fields)
	s.closing = s.closing || f.close
	s.r.Interim(s.block.status)
	return nil
}

// takeHead hands a final head over and says how the body goes on.
func (s *Session) takeHead(buf []byte) error {
	f := framing{old: buf[s.lineAt(buf)+len("HTTP/1.")] == '0'}
	f.read(s.block.c.fields)
	phase, length, err := s.frame(&f)
	if err != nil {
		return err
	}
	h := &s.block.c.head
	h.Status, h.Fields, h.Length = s.block.status, s.block.c.fields, length
	if err := s.r.Head(h); err != nil {
		return err
	}
	if length > s.shared.maxBody {
		return proto.Failf(load.CauseTooLarge, "the body is to have %d bytes, more than %d", length, s.shared.maxBody)
	}
	s.phase, s.left, s.line = phase, max(length, 0), 0
	return nil
}

// lineAt is where the status line begins: behind an empty line, if one was.
func (s *Session) lineAt(buf []byte) int {
	if !s.block.empty {
		return 0
	}
	return bytes.IndexByte(buf, '\n') + 1
}

// frame finds the length of the body (RFC 9112, 6.3) and whether the connection
// persists after it (9.3).
func (s *Session) frame(f *framing) (phase, int64, error) {
	status := s.block.status
	if f.close || f.old && !f.keep {
		s.closing = true
	}
	switch {
	case status == 101, s.method == connect && status/100 == 2:
		s.closing = true // it carries another protocol from here on
		return whole, 0, nil
	case s.method == head, status == 204, status == 304:
		return whole, 0, nil
	case f.coded && f.codingErr != nil:
		return 0, 0, f.codingErr
	case f.coded && f.chunked:
		// A length beside the chunks, or chunks in HTTP/1.0, are signs of somebody
		// between who sees other responses than we do.
		s.closing = s.closing || f.sized || f.old
		return inSize, -1, nil
	case f.coded:
		s.closing = true
		return inRest, -1, nil
	case f.lengthErr != nil:
		return 0, 0, f.lengthErr
	case !f.sized:
		s.closing = true
		return inRest, -1, nil
	case f.length == 0:
		return whole, 0, nil
	}
	return inBody, f.length, nil
}

// framing is what the fields of a head say about the message's end and the
// connection's. What is wrong with a field matters only if it is needed: a
// response without a body may say what it likes.
type framing struct {
	old       bool // HTTP/1.0
	close     bool // Connection: close
	keep      bool // Connection: keep-alive
	coded     bool // there is a Transfer-Encoding
	chunked   bool // its last coding is chunked
	once      bool // chunked is among its codings
	named     bool // it has a coding at all
	codingErr error
	sized     bool // there is a Content-Length
	length    int64
	lengthErr error
}

// read looks at the fields that matter, found by the length of their names.
func (f *framing) read(fields []proto.HeadField) {
	for i := range fields {
		name, value := fields[i].Name, fields[i].Value
		switch len(name) {
		case len("connection"):
			if same(name, "connection") {
				f.readConnection(value)
			}
		case len("content-length"):
			if same(name, "content-length") {
				f.readLength(value)
			}
		case len("transfer-encoding"):
			if same(name, "transfer-encoding") {
				f.readCodings(value)
			}
		}
	}
	if f.coded && !f.chunked && f.codingErr == nil && !f.named {
		f.codingErr = malformed("Transfer-Encoding is empty")
	}
}

func (f *framing) readConnection(list []byte) {
	for more := true; more; {
		var option []byte
		option, list, more = item(list)
		f.close = f.close || same(option, "close")
		f.keep = f.keep || same(option, "keep-alive")
	}
}

// readLength takes one length, or a list of equal ones: servers, and those
// between, are known to repeat the field.
func (f *framing) readLength(list []byte) {
	for more := true; more; {
		var text []byte
		text, list, more = item(list)
		n, ok := number(text)
		switch {
		case f.lengthErr != nil:
		case !ok:
			f.lengthErr = malformed("Content-Length is %q", text[:min(len(text), quoted)])
		case f.sized && n != f.length:
			f.lengthErr = malformed("Content-Length is both %d and %d", f.length, n)
		}
		f.sized, f.length = true, n
	}
}

// readCodings takes a list of codings, in the order in which they were applied.
// Only whether the last one is chunked matters here: others stay on the body.
func (f *framing) readCodings(list []byte) {
	f.coded = true
	for more := true; more; {
		var coding []byte
		coding, list, more = item(list)
		if len(coding) == 0 {
			continue
		}
		name := coding
		if i := bytes.IndexAny(coding, "; \t\""); i >= 0 {
			name = coding[:i]
		}
		f.named, f.chunked = true, same(name, "chunked")
		switch {
		case f.codingErr != nil:
		case f.chunked && f.once:
			f.codingErr = malformed("Transfer-Encoding has chunked twice")
		case f.chunked && len(name) < len(coding), bytes.IndexByte(coding, '"') >= 0:
			f.codingErr = malformed("Transfer-Encoding has %q", coding[:min(len(coding), quoted)])
		}
		f.once = f.once || f.chunked
	}
}

// number reads decimal digits that fit.
func number(text []byte) (int64, bool) {
	var n int64
	for _, c := range text {
		if !digit(c) || n > (math.MaxInt64-int64(c-'0'))/10 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, len(text) > 0
}

// item takes the first item off a list with commas.
func item(list []byte) (first, rest []byte, more bool) {
	if i := bytes.IndexByte(list, ','); i >= 0 {
		return trim(list[:i]), list[i+1:], true
	}
	return trim(list), nil, false
}

// same compares a name with one in small letters, without regard to case.
func same(name []byte, small string) bool {
	if len(name) != len(small) {
		return false
	}
	for i := range len(small) {
		c := name[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != small[i] {
			return false
		}
	}
	return true
}
