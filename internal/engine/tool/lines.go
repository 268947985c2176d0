package tool

import (
	"bytes"
	"io"
	"strings"
	"sync"
)

// The bounds of what is looked at as a line and kept of the end.
const (
	mostLine = 16 << 10
	tailSize = 60
)

// lines cuts a process's output into lines, masks secrets and hands each on.
type lines struct {
	c       Command
	secrets [][]byte

	mu   sync.Mutex
	last []string
	open []*stream
}

func newLines(c Command) *lines {
	l := &lines{c: c}
	for _, s := range c.Secrets {
		// Of a secret with several lines, each line must not be seen.
		for line := range strings.SplitSeq(s, "\n") {
			if line = strings.TrimSpace(line); len(line) >= shortestSecret {
				l.secrets = append(l.secrets, []byte(line))
			}
		}
	}
	return l
}

// shortestSecret is masked; to mask all that looks like a shorter one would make
// the log unreadable, and hide nothing.
const shortestSecret = 4

// stream is one of the two outputs of a process.
type stream struct {
	l      *lines
	stderr bool
	buf    []byte
}

func (l *lines) stream(stderr bool) io.Writer {
	s := &stream{l: l, stderr: stderr}
	l.open = append(l.open, s)
	return s
}

// Write implements io.Writer.
func (s *stream) Write(b []byte) (int, error) {
	n := len(b)
	s.l.mu.Lock()
	defer s.l.mu.Unlock()
	for len(b) > 0 {
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			s.buf = append(s.buf, b...)
			if len(s.buf) > mostLine {
				s.emit()
			}
			break
		}
		s.buf = append(s.buf, b[:end]...)
		s.emit()
		b = b[end+1:]
	}
	return n, nil
}

// emit hands on the line that is collected. The caller holds the lock.
func (s *stream) emit() {
	line := bytes.TrimRight(s.buf, "\r")
	if at := bytes.LastIndexByte(line, '\r'); at >= 0 { // a progress bar drawn over itself
		line = line[at+1:]
	}
	for _, secret := range s.l.secrets {
		line = bytes.ReplaceAll(line, secret, []byte("***"))
	}
	s.l.hand(string(line), s.stderr)
	s.buf = s.buf[:0]
}

func (l *lines) hand(line string, stderr bool) {
	if strings.TrimSpace(line) != "" {
		if len(l.last) == tailSize {
			l.last = append(l.last[:0], l.last[1:]...)
		}
		l.last = append(l.last, line)
	}
	if l.c.Output != nil {
		_, _ = io.WriteString(l.c.Output, l.c.Name+"| "+line+"\n") // a log that cannot be written ends no load
	}
	if l.c.Keep != nil {
		_, _ = io.WriteString(l.c.Keep, line+"\n")
	}
	if l.c.Line != nil {
		l.c.Line(line, stderr)
	}
}

// say puts a line of our own into the output.
func (l *lines) say(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hand(line, true)
}

// flush hands on lines without an end.
func (l *lines) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.open {
		if len(s.buf) > 0 {
			s.emit()
		}
	}
}

func (l *lines) tail() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.last...)
}
