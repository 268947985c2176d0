package h1

const (
	statusAt = len("HTTP/1.1 ")
	opening  = len("HTTP/1.1 200")
)

// open looks at as much of a status line as is there, so that what is no HTTP
// is found at once, even if its line never ends, and the first byte of a final
// response is told of when it comes.
func (s *Session) open(buf []byte) error {
	b := &s.block
	if b.started || b.known || s.phase != inHead {
		return nil
	}
	line := buf[b.next:min(len(buf), s.headLeft)]
	if len(line) == 0 {
		return nil
	}
	if !b.empty && (line[0] == '\n' || line[0] == '\r' && (len(line) == 1 || line[1] == '\n')) {
		return nil
	}
	n := match(line)
	if n > statusAt && line[statusAt] != '1' {
		s.begin()
	}
	switch {
	case s.r == nil:
		return errSpent
	case n < min(len(line), opening):
		return malformed("the response begins with %q", line[:min(len(line), quoted)])
	case n < opening:
		return nil
	}
	d := line[statusAt:opening]
	b.known, b.status = true, int(d[0]-'0')*100+int(d[1]-'0')*10+int(d[2]-'0')
	if !s.interim() {
		s.begin()
	}
	if s.r == nil {
		return errSpent
	}
	return nil
}

// match counts the bytes that are as a status line has them, up to the status.
func match(line []byte) int {
	const form = "HTTP/1.0 000" // 0: any digit
	if len(line) >= opening && string(line[:7]) == form[:7] && digit(line[7]) && line[8] == ' ' &&
		digit(line[9]) && digit(line[10]) && digit(line[11]) {
		return opening
	}
	for i := range min(len(line), opening) {
		if line[i] != form[i] && (form[i] != '0' || !digit(line[i])) {
			return i
		}
	}
	return min(len(line), opening)
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// begin tells of the first byte of the final response, once.
func (s *Session) begin() {
	if !s.begun {
		s.begun = true
		s.r.FirstByte()
	}
}

// readStatus takes a whole line that open has looked at. One empty line before
// it is let pass, but not by open a second: servers exist that send one too many
// after a body.
func (s *Session) readStatus(line []byte) error {
	b := &s.block
	if len(line) == 0 {
		b.empty = true
		return nil
	}
	if len(line) > opening && line[opening] != ' ' {
		return malformed("the status line is %q", line[:min(len(line), quoted)])
	}
	b.started = true
	return nil
}
