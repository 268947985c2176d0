package h1

import (
	"errors"
	"io"
	"math"
	"strings"
	"syscall"
	"testing"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

var errEnough = errors.New("enough")

func get() *proto.Message {
	return &proto.Message{Method: "GET", Scheme: "http", Authority: "a", Path: "/"}
}

// begun is a session with an exchange under way.
func begun(o Options) (*Session, *log, *link) {
	l, r := &link{space: -1}, &log{}
	s := New(l, NewShared(o))
	s.Start(get(), r)
	return s, r, l
}

// TestNextBeginsWithinEnd has a receiver that starts the next exchange when it
// is told of the end, as often as it is allowed to.
func TestNextBeginsWithinEnd(t *testing.T) {
	t.Parallel()
	r, l := &log{}, &link{space: -1}
	s := New(l, NewShared(Options{}))
	left := 1000
	r.next = func() {
		if s.Busy() != 0 || s.Room() != 1 {
			t.Errorf("within End: busy %d, room %d", s.Busy(), s.Room())
		}
		if left--; left > 0 {
			s.Start(get(), r)
		}
	}
	s.Start(get(), r)
	wire := "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes"
	for i := range 1000 {
		cut := i % len(wire)
		for _, p := range []string{wire[:cut], wire[cut:]} {
			if err := s.Receive([]byte(p)); err != nil {
				t.Fatal(err)
			}
		}
		if want := (proto.Traffic{In: int64(len(wire)), Out: 27}); r.traffic != want {
			t.Fatalf("the traffic is %v, want %v", r.traffic, want)
		}
	}
	if r.done != 1000 || s.Busy() != 0 || l.out.Len() != 27*1000 {
		t.Errorf("%d ends, busy %d, %d bytes went", r.done, s.Busy(), l.out.Len())
	}
}

// TestBytesBelongToOneExchange counts each byte once, and surplus for nobody.
func TestBytesBelongToOneExchange(t *testing.T) {
	t.Parallel()
	s, r, _ := begun(Options{})
	if err := s.Receive([]byte(okNone + "more")); !errors.Is(err, errUnasked) {
		t.Errorf("surplus: %v", err)
	}
	if r.traffic.In != int64(len(okNone)) || s.Room() >= 0 {
		t.Errorf("%d bytes counted, want %d; room %d", r.traffic.In, len(okNone), s.Room())
	}
}

func TestIdle(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		does func(s *Session) error
		room int
		err  error
	}{
		"Nothing":     {func(s *Session) error { s.Writable(); s.Farewell(); return s.Receive(nil) }, 1, nil},
		"Bytes":       {func(s *Session) error { return s.Receive([]byte("\r\n")) }, -1, errUnasked},
		"Skip":        {func(s *Session) error { return s.Skip(1) }, -1, errUnasked},
		"SkipNothing": {func(s *Session) error { return s.Skip(s.Skippable()) }, 1, nil},
		"Ended":       {func(s *Session) error { s.Ended(io.EOF); return nil }, -1, nil},
		"Reset":       {func(s *Session) error { s.Ended(syscall.ECONNRESET); return nil }, -1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fresh := New(&link{}, NewShared(Options{}))
			used, r, _ := begun(Options{})
			if err := used.Receive([]byte(okNone)); err != nil {
				t.Fatal(err)
			}
			for _, s := range []*Session{fresh, used} {
				if s.Room() != 1 || s.Busy() != 0 {
					t.Errorf("idle: room %d, busy %d", s.Room(), s.Busy())
				}
				if err := c.does(s); !errors.Is(err, c.err) || s.Room() != c.room {
					t.Errorf("got %v and room %d, want %v and %d", err, s.Room(), c.err, c.room)
				}
			}
			if r.done != 1 {
				t.Errorf("told of the end %d times", r.done)
			}
		})
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	s, r, l := begun(Options{})
	if err := s.Receive([]byte("HTTP/1.1 200 O")); err != nil {
		t.Fatal(err)
	}
	if got := s.Cancel(&log{}); got != (proto.Traffic{}) || s.Busy() != 1 {
		t.Errorf("another receiver has cancelled: %v", got)
	}
	if got, want := s.Cancel(r), (proto.Traffic{In: 14, Out: int64(l.out.Len())}); got != want {
		t.Errorf("the traffic is %v, want %v", got, want)
	}
	if s.Room() >= 0 || s.Busy() != 0 {
		t.Errorf("room %d, busy %d", s.Room(), s.Busy())
	}
	if err := s.Receive([]byte("K\r\n")); err == nil {
		t.Error("bytes for nobody are taken")
	}
	s.Ended(io.EOF)
	if got := strings.Join(r.events, "; "); got != "first" {
		t.Errorf("told %s", got)
	}
}

// cancelling cancels within one of its calls.
type cancelling struct {
	log
	s      *Session
	within string
}

func (r *cancelling) cancel(within string) {
	if r.within == within {
		r.s.Cancel(r)
	}
}

func (r *cancelling) FirstByte()                    { r.cancel("first") }
func (r *cancelling) Interim(int)                   { r.cancel("interim") }
func (r *cancelling) Head(*proto.Head) error        { r.cancel("head"); return nil }
func (r *cancelling) Body([]byte) error             { r.cancel("body"); return nil }
func (r *cancelling) WantsBody() bool               { return false }
func (r *cancelling) Skipped(int64) error           { r.cancel("skipped"); return nil }
func (r *cancelling) End(proto.Traffic)             { r.done++ }
func (r *cancelling) Fail(_ error, _ proto.Traffic) { r.done++ }

// TestCancelWithin has receivers that cancel while they are called.
func TestCancelWithin(t *testing.T) {
	t.Parallel()
	for _, end := range []string{
		"Content-Length: 3\r\n\r\nabc", "Content-Length: 4\r\n\r\nabc", "\r\nabc", "Content-Length: 99\r\n\r\nabc",
		"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\nabc\r\n0\r\n\r\n", "bad\r\n\r\n",
	} {
		wire := "HTTP/1.1 103 \r\n\r\nHTTP/1.1 200 \r\n" + end
		for _, within := range []string{"first", "interim", "head", "body", "skipped"} {
			for cut := range wire {
				s := New(&link{space: -1}, NewShared(testOptions()))
				r := &cancelling{s: s, within: within}
				s.Start(get(), r)
				err := s.Receive([]byte(wire[:cut]))
				if n := int64(len(wire) - cut); within == "skipped" && n > 0 && s.Skippable() >= n {
					err = s.Skip(n)
				} else if err == nil {
					err = s.Receive([]byte(wire[cut:]))
				}
				if s.Busy() == 0 && r.done == 0 && (s.Room() >= 0 || err == nil) {
					t.Errorf("%s of %q: %v, room %d", within, wire, err, s.Room())
				}
				if s.Busy() == 0 && s.block.c != nil {
					t.Error("the session has not forgotten its exchange")
				}
			}
		}
	}
}

// TestReceiverGivesUp has errors of the receiver's own come back to it.
func TestReceiverGivesUp(t *testing.T) {
	t.Parallel()
	mine := proto.Failf(load.CauseBody, "no: %w", errEnough)
	for name, c := range map[string]struct {
		wire string
		edit func(r *log)
		want string
	}{
		"Head":       {okNone, func(r *log) { r.head = func(*proto.Head) error { return mine } }, "first; 200 len 0; fail body"},
		"Body":       {"HTTP/1.1 200 \r\nContent-Length: 3\r\n\r\nabc", func(r *log) { r.piece = func([]byte) error { return mine } }, `first; 200 len 3; "abc"; fail body`},
		"BodyUnsure": {"HTTP/1.1 200 \r\n\r\nabc", func(r *log) { r.piece = func([]byte) error { return errEnough } }, `first; 200 len -1; "abc"; fail unknown`},
		"Chunk":      {"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", func(r *log) { r.piece = func([]byte) error { return mine } }, `first; 200 len -1; "abc"; fail body`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, r, _ := begun(Options{})
			c.edit(r)
			err := s.Receive([]byte(c.wire))
			if !errors.Is(err, errEnough) || !errors.Is(r.err, errEnough) {
				t.Errorf("Receive says %v, the receiver was told %v", err, r.err)
			}
			if got := strings.Join(r.events, "; "); got != c.want || s.Room() >= 0 {
				t.Errorf("told %s, want %s; room %d", got, c.want, s.Room())
			}
			if r.failed.In != int64(len(c.wire)) || r.failed.Out == 0 {
				t.Errorf("the traffic is %v", r.failed)
			}
		})
	}
}

// refusing gives up when bytes are skipped.
type refusing struct{ log }

func (r *refusing) Skipped(int64) error { return errEnough }

func TestSkip(t *testing.T) {
	t.Parallel()
	type state struct {
		wire string
		max  int64
		want int64 // skippable behind the wire
	}
	for name, c := range map[string]state{
		"Nothing":  {"", 0, 0},
		"Head":     {"HTTP/1.1 200 \r\nContent-Length: 9\r\n", 0, 0},
		"Length":   {"HTTP/1.1 200 \r\nContent-Length: 9\r\n\r\nab", 0, 7},
		"Rest":     {"HTTP/1.1 200 \r\n\r\nab", 0, math.MaxInt64 - 2},
		"RestMost": {"HTTP/1.1 200 \r\n\r\nab", 10, 8},
		"Chunked":  {"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n9\r\nab", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, r, _ := begun(Options{MaxBody: c.max})
			if err := s.Receive([]byte(c.wire)); err != nil {
				t.Fatal(err)
			}
			if got := s.Skippable(); got != 0 {
				t.Errorf("%d bytes may be skipped that the receiver wants", got)
			}
			r.blind = true
			if got := s.Skippable(); got != c.want {
				t.Errorf("%d bytes may be skipped, want %d", got, c.want)
			}
			if err := s.Skip(c.want); err != nil {
				t.Errorf("skip %d: %v", c.want, err)
			}
			if name == "Length" && (r.traffic.In != int64(len(c.wire))+7 || s.Room() != 1) {
				t.Errorf("the traffic is %v, room %d", r.traffic, s.Room())
			}
			if name == "RestMost" {
				if err := s.Receive([]byte("x")); err == nil || r.cause != load.CauseTooLarge {
					t.Errorf("one more byte: %v, told %v", err, r.events)
				}
			}
		})
	}
	r := &refusing{}
	r.blind = true
	s := New(&link{}, NewShared(Options{}))
	s.Start(get(), r)
	if err := s.Receive([]byte("HTTP/1.1 200 \r\nContent-Length: 9\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if err := s.Skip(2); !errors.Is(err, errEnough) || !errors.Is(r.err, errEnough) || r.failed.In != 38 {
		t.Errorf("given up: %v, told %v", err, r.events)
	}
}

// TestBroken hands on what broke the connection, also where an orderly end would
// have been the response's.
func TestBroken(t *testing.T) {
	t.Parallel()
	for _, wire := range []string{"", "HTTP/1.1 2", "HTTP/1.1 200 \r\n\r\nabc", "HTTP/1.1 200 \r\nContent-Length: 9\r\n\r\nabc"} {
		s, r, _ := begun(Options{})
		if err := s.Receive([]byte(wire)); err != nil {
			t.Fatal(err)
		}
		s.Ended(syscall.ECONNRESET)
		if !errors.Is(r.err, syscall.ECONNRESET) || r.done != 1 || s.Room() >= 0 || r.failed.In != int64(len(wire)) {
			t.Errorf("behind %q: told %v (%v), room %d", wire, r.events, r.err, s.Room())
		}
	}
}

// TestDefaultBounds are those of docs/measuring.md.
func TestDefaultBounds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ begin, more string }{
		"HeadOf1MiB":  {"HTTP/1.1 200 \r\nA: ", strings.Repeat("x", 1<<12)},
		"Fields":      {"HTTP/1.1 200 \r\n", "A:\n"},
		"Interim":     {"", "HTTP/1.1 103 \r\n\r\n"},
		"LongInterim": {"", "HTTP/1.1 103 \r\nA: " + strings.Repeat("x", 1<<16) + "\r\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, r, _ := begun(Options{})
			err := s.Receive([]byte(c.begin))
			fed := len(c.begin)
			for err == nil && fed < 2<<20 {
				fed += len(c.more)
				err = s.Receive([]byte(c.more))
			}
			if r.cause != load.CauseMalformed || s.Room() >= 0 || fed > 1<<20+len(c.more)+len(c.begin) {
				t.Errorf("after %d bytes: %v, told %v", fed, err, r.events)
			}
		})
	}
}

// TestErrorsShowWhatCame is for the log: who reads it wants to see the bytes.
func TestErrorsShowWhatCame(t *testing.T) {
	t.Parallel()
	for wire, want := range map[string]string{
		"SSH-2.0-OpenSSH_9.2":                                                      `the response begins with "SSH-2.0-OpenSSH_9.2"`,
		"HTTP/1.1 200 \r\nContent-Length: ten\r\n\r\n":                             `Content-Length is "ten"`,
		"HTTP/1.1 200 \r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n":          `Content-Length is both 5 and 6`,
		"HTTP/1.1 200 \r\nno colon\r\n":                                            `the head has the line "no colon"`,
		"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab":               `a chunk is followed by "b"`,
		"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n0\r\nx\r\n":            `the trailer section has the line "x"`,
		"HTTP/1.1 200 \r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\nx\r\n\n": "chunked twice",
	} {
		s, r, _ := begun(Options{})
		if err := s.Receive([]byte(wire)); err == nil || !strings.Contains(err.Error(), want) || r.cause != load.CauseMalformed {
			t.Errorf("%q: got %v, want %s", wire, err, want)
		}
	}
}
