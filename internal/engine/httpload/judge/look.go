package judge

import (
	"bufio"
	"bytes"
	"io"
	"regexp"
)

// finder looks for a text in a body that passes by. It keeps as much of the end
// of what has passed as the text may begin in.
type finder struct {
	text  []byte
	found bool
	tail  []byte
}

func (f *finder) begin(text []byte) { f.text, f.found, f.tail = text, len(text) == 0, f.tail[:0] }

func (f *finder) look(p []byte) {
	if f.found {
		return
	}
	edge := len(f.text) - 1
	if len(f.tail) > 0 { // where the text may lie across the cut
		f.tail = append(f.tail, p[:min(edge, len(p))]...)
		if f.found = bytes.Contains(f.tail, f.text); f.found {
			return
		}
	}
	if f.found = bytes.Contains(p, f.text); f.found {
		return
	}
	if len(p) >= edge {
		f.tail = append(f.tail[:0], p[len(p)-edge:]...)
		return
	}
	if len(f.tail) == 0 {
		f.tail = append(f.tail, p...) // else the cut's other side is there already
	}
	f.tail = f.tail[:copy(f.tail, f.tail[max(0, len(f.tail)-edge):])]
}

func (f *finder) end() bool { return f.found }

// matcher holds a body against a regular expression while it passes by. A small
// body is kept and looked at when it is whole, which is much faster; a larger
// one is read rune by rune as it comes. Both ways say the same.
type matcher struct {
	regex   *regexp.Regexp
	found   bool
	kept    []byte
	reading *feed
}

func (m *matcher) begin(regex *regexp.Regexp) {
	m.regex, m.found, m.kept = regex, regex == nil, m.kept[:0]
}

func (m *matcher) look(p []byte) {
	switch {
	case m.found:
	case m.reading != nil:
		m.reading.give(p)
	case len(m.kept)+len(p) <= keptBuffer:
		m.kept = append(m.kept, p...)
	default:
		m.read()
		m.reading.give(m.kept)
		m.reading.give(p)
	}
}

// read begins to look at the body while it comes.
func (m *matcher) read() {
	m.reading = newFeed(func(r io.Reader) { m.found = m.regex.MatchReader(bufio.NewReader(r)) })
}

func (m *matcher) end() bool {
	switch {
	case m.found:
	case m.reading != nil:
		m.reading.end()
	default:
		m.found = m.regex.Match(m.kept)
	}
	return m.found
}

// close forgets a body that did not come to its end.
func (m *matcher) close() {
	if m.reading != nil {
		m.reading.close()
		m.reading = nil
	}
}
