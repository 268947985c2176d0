package h1

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// link is a connection that takes what it has space for.
type link struct {
	out   bytes.Buffer
	space int // -1: endless
	most  int // longest write
}

func (l *link) Write(p []byte) {
	l.out.Write(p)
	l.most = max(l.most, len(p))
	if l.space > 0 {
		l.space = max(0, l.space-len(p))
	}
}

func (l *link) Space() int {
	if l.space < 0 {
		return 1 << 20
	}
	return l.space
}

// log is a receiver that writes down what it is told, bodies in one piece.
type log struct {
	events []string
	body   []byte
	blind  bool // does not want bodies
	traffic,
	failed proto.Traffic
	done  int
	cause load.Cause
	err   error
	head  func(*proto.Head) error
	piece func([]byte) error
	next  func() // called at the end
}

func (l *log) note(format string, args ...any) {
	if len(l.body) > 0 {
		l.events = append(l.events, fmt.Sprintf("%q", l.body))
		l.body = nil
	}
	l.events = append(l.events, fmt.Sprintf(format, args...))
}

func (l *log) FirstByte()         { l.note("first") }
func (l *log) Interim(status int) { l.note("interim %d", status) }
func (l *log) WantsBody() bool    { return !l.blind }

func (l *log) Head(h *proto.Head) error {
	text := fmt.Sprintf("%03d len %d", h.Status, h.Length)
	for _, f := range h.Fields {
		switch name := strings.ToLower(string(f.Name)); name {
		case "content-length", "transfer-encoding", "connection":
		default:
			text += fmt.Sprintf(" %s=%q", f.Name, f.Value)
		}
	}
	l.note("%s", text)
	if l.head != nil {
		return l.head(h)
	}
	return nil
}

func (l *log) Body(p []byte) error {
	if len(p) == 0 {
		l.note("empty piece")
	}
	l.body = append(l.body, p...)
	if l.piece != nil {
		return l.piece(p)
	}
	return nil
}

func (l *log) Skipped(int64) error { return nil }

func (l *log) End(t proto.Traffic) {
	l.traffic = t
	l.note("end %d", t.In)
	l.over()
}

func (l *log) Fail(err error, t proto.Traffic) {
	l.failed, l.err = t, err
	l.cause = proto.AsFailure(err, "unknown").Cause
	l.note("fail %s", l.cause)
	l.over()
}

func (l *log) over() {
	l.done++
	if l.next != nil {
		l.next()
	}
}

// wireCase is what a server sends on a connection, and what is to be told.
type wireCase struct {
	name   string
	method string // default GET
	last   bool
	wire   string
	open   bool // the connection does not end behind it
	want   string
}

func (c *wireCase) message() *proto.Message {
	m := &proto.Message{Method: c.method, Scheme: "http", Authority: "a", Path: "/", Last: c.last}
	if m.Method == "" {
		m.Method = "GET"
	}
	return m
}

func testOptions() Options { return Options{MaxHead: 400, MaxBody: 50, MaxInterim: 3} }

// play gives a case to a session in pieces that end at the cuts, and returns
// what was told and what became of the connection.
func (c *wireCase) play(t testing.TB, o Options, cuts []int, blind bool) string {
	t.Helper()
	r := &log{blind: blind}
	s := New(&link{space: -1}, NewShared(o))
	s.Start(c.message(), r)
	fed, asked := 0, true
	for _, cut := range append(cuts, len(c.wire)) {
		for fed < cut && asked {
			p := []byte(c.wire[fed:cut])
			if n := s.Skippable(); n > 0 && blind {
				p = p[:min(n, int64(len(p)))]
				r.body = append(r.body, p...)
				fed += len(p)
				asked = s.Skip(int64(len(p))) == nil
				continue
			}
			err := s.Receive(p)
			if string(p) != c.wire[fed:fed+len(p)] {
				t.Errorf("Receive has changed %q", c.wire[fed:fed+len(p)])
			}
			fed += len(p)
			clear(p) // it may not be kept
			asked = err == nil
			if (err != nil) != (r.err != nil || errors.Is(err, errUnasked)) {
				t.Errorf("Receive says %v, the receiver was told %v", err, r.err)
			}
			if errors.Is(err, errUnasked) {
				r.note("surplus")
			}
		}
	}
	c.bound(t, s, o)
	if s.Busy() == 1 && !c.open {
		r.note("EOF")
		s.Ended(io.EOF)
	}
	c.judge(t, s, r, fed)
	return strings.Join(r.events, "; ")
}

// bound looks at what the session holds between pieces.
func (c *wireCase) bound(t testing.TB, s *Session, o Options) {
	t.Helper()
	if s.block.c != nil {
		if n := len(s.block.c.held); n > o.MaxHead {
			t.Errorf("%d bytes are held, the bound is %d", n, o.MaxHead)
		}
	}
}

func (c *wireCase) judge(t testing.TB, s *Session, r *log, fed int) {
	t.Helper()
	if s.Busy() == 0 && (s.block.c != nil || s.out.file != nil || s.out.body != nil) {
		t.Error("the session has not forgotten its exchange")
	}
	if want := 1 - s.Busy(); r.done != want {
		t.Errorf("told %d times of the end, want %d", r.done, want)
	}
	if r.err != nil && r.failed.In != int64(fed) {
		t.Errorf("failed with %d bytes in, %d came", r.failed.In, fed)
	}
	switch {
	case s.Busy() == 1:
		r.note("waits")
	case s.Room() == 1 && r.err == nil:
		r.note("kept")
	case s.Room() >= 0:
		t.Errorf("there is room for %d after a failure", s.Room())
	}
}

// everyCut plays a case whole, in two pieces cut at every place, and byte by
// byte, with a receiver that wants bodies and with one that does not.
func (c *wireCase) everyCut(t *testing.T, o Options) {
	t.Helper()
	check := func(cuts []int, blind bool) {
		if got := c.play(t, o, cuts, blind); got != c.want && !t.Failed() {
			t.Errorf("cut at %v, blind %v, of %q:\n got %s\nwant %s", cuts, blind, c.wire, got, c.want)
		}
	}
	for _, blind := range []bool{false, true} {
		check(nil, blind)
		var all []int
		for i := 1; i < len(c.wire); i++ {
			check([]int{i}, blind)
			all = append(all, i)
		}
		check(all, blind)
	}
}

func TestWire(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, c := range wireCases() {
		if names[c.name] {
			t.Errorf("two cases are called %s", c.name)
		}
		names[c.name] = true
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.everyCut(t, testOptions())
		})
	}
}

func wireCases() []wireCase {
	var all []wireCase
	for _, some := range [][]wireCase{statusCases(), fieldCases(), framingCases(), chunkCases(), lifeCases(), boundCases()} {
		all = append(all, some...)
	}
	return all
}
