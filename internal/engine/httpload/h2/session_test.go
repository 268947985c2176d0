package h2

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// opened is a session that has had the peer's SETTINGS.
func opened(t *testing.T, o Options, settings ...uint32) (*Session, *tape) {
	t.Helper()
	link := newTape()
	s := New(link, o)
	feed(t, s, newServer().settings(settings...))
	link.frames(t)
	return s, link
}

func feed(t *testing.T, s *Session, from *server) {
	t.Helper()
	if err := s.Receive(from.take()); err != nil {
		t.Fatal(err)
	}
}

func cause(err error) load.Cause { return proto.AsFailure(err, "").Cause }

func TestFirstWords(t *testing.T) {
	t.Parallel()
	link := newTape()
	s := New(link, Options{Window: 1 << 20})
	if link.Len() > 0 {
		t.Error("something is written before the first exchange")
	}
	s.Start(get("/"), newWitness("a", nil))
	if !strings.HasPrefix(link.String(), preface) {
		t.Errorf("begins with %.30q", link.String())
	}
	want := []string{"SETTINGS", "WINDOW_UPDATE 0 2031617", "HEADERS 1 end"}
	if got := link.frames(t); !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
	s.Farewell()
	if got := link.frames(t); !slices.Equal(got, []string{"GOAWAY NO_ERROR"}) {
		t.Errorf("farewell %q", got)
	}
	server := newServer().settings()
	server.head(2, true)
	_ = s.Receive(server.take())
	link.frames(t)
	s.Farewell()
	if link.Len() > 0 {
		t.Error("a dead connection says farewell")
	}
}

// The peer speaks first, and is answered behind our preface.
func TestServerSpeaksFirst(t *testing.T) {
	t.Parallel()
	link := newTape()
	s := New(link, Options{Window: 1})
	feed(t, s, newServer().settings())
	if !strings.HasPrefix(link.String(), preface) {
		t.Errorf("begins with %.30q", link.String())
	}
	if got := link.frames(t); !slices.Equal(got, []string{"SETTINGS", "SETTINGS ack"}) {
		t.Errorf("sent %q", got)
	}
	s.Start(get("/"), newWitness("a", nil))
	if got := link.frames(t); !slices.Equal(got, []string{"HEADERS 1 end"}) {
		t.Errorf("sent %q", got)
	}
}

func TestStartWithinCalls(t *testing.T) {
	t.Parallel()
	s, link := opened(t, Options{MaxStreams: 2})
	var log []string
	next := newWitness("next", &log)
	w := newWitness("a", &log)
	w.onOver = func() { s.Start(get("/next"), next) }
	s.Start(get("/"), w)
	server := newServer()
	feed(t, s, server.head(1, true, ok()...).head(3, false, ok()...))
	if s.Busy() != 1 || s.Room() != 1 {
		t.Errorf("busy %d, room %d", s.Busy(), s.Room())
	}
	next.onOver = func() { s.Start(get("/last"), newWitness("last", &log)) }
	_ = server.WriteRSTStream(3, http2.ErrCodeInternal)
	feed(t, s, server.head(5, true, ok()...))
	want := []string{
		"a first", "a head 200 0", `a end 0 of ""`, "next first", "next head 200 -1",
		"next fail after 0: reset: the server reset the stream: INTERNAL_ERROR",
		"last first", "last head 200 0", `last end 0 of ""`,
	}
	if !slices.Equal(log, want) {
		t.Errorf("got %q", log)
	}
	if got := link.frames(t); !slices.Equal(got, []string{"HEADERS 1 end", "HEADERS 3 end", "HEADERS 5 end"}) {
		t.Errorf("sent %q", got)
	}
}

// A receiver gives itself up within a call, and another takes its place.
func TestCancelWithinCalls(t *testing.T) {
	t.Parallel()
	for _, within := range []string{"head", "body"} {
		t.Run(within, func(t *testing.T) {
			t.Parallel()
			s, link := opened(t, Options{})
			var log []string
			w, other := newWitness("a", &log), newWitness("b", &log)
			swap := func() error {
				s.Cancel(w)
				s.Start(get("/other"), other)
				return errors.New("not wanted")
			}
			if within == "head" {
				w.onHead = swap
			} else {
				w.onBody = swap
			}
			s.Start(get("/"), w)
			feed(t, s, newServer().head(1, false, ok()...).data(1, true, "for a").head(3, false, ok()...).data(3, true, "for b"))
			if w.over != 0 || other.err != nil || string(other.body) != "for b" || s.Busy() != 0 {
				t.Errorf("got %q", log)
			}
			if got := link.frames(t); !slices.Equal(got, []string{"HEADERS 1 end", "RST_STREAM 1 CANCEL", "HEADERS 3 end"}) {
				t.Errorf("sent %q", got)
			}
		})
	}
}

func TestReceiverGivesUp(t *testing.T) {
	t.Parallel()
	for _, within := range []string{"head", "body", "the last body"} {
		t.Run(within, func(t *testing.T) {
			t.Parallel()
			s, link := opened(t, Options{})
			w := newWitness("a", nil)
			give := func() error { return proto.Failf(load.CauseBody, "seen enough") }
			if within == "head" {
				w.onHead = give
			} else {
				w.onBody = give
			}
			s.Start(get("/"), w)
			feed(t, s, newServer().head(1, false, ok()...).data(1, within == "the last body", "x").data(1, false, "late"))
			if w.over != 1 || cause(w.err) != load.CauseBody || s.Busy() != 0 {
				t.Errorf("ended %d times with %v", w.over, w.err)
			}
			if got := link.frames(t); !slices.Equal(got, []string{"HEADERS 1 end", "RST_STREAM 1 CANCEL"}) {
				t.Errorf("sent %q", got)
			}
		})
	}
}

// What comes on a stream that was given up counts for the windows and the table.
func TestAfterCancel(t *testing.T) {
	t.Parallel()
	s, link := opened(t, Options{Window: 40_000})
	w := newWitness("a", nil)
	s.Start(get("/"), w)
	server := newServer()
	feed(t, s, server.head(1, false, ok("x", "kept")...))
	if got := s.Cancel(w); got.In == 0 || got.Out == 0 || s.Cancel(w) != (proto.Traffic{}) {
		t.Errorf("traffic %v", got)
	}
	link.frames(t)
	for range 3 {
		feed(t, s, server.data(1, false, strings.Repeat("x", leastFrame)))
	}
	if got := link.frames(t); !slices.Equal(got, []string{"WINDOW_UPDATE 0 49152"}) {
		t.Errorf("sent %q", got)
	}
	feed(t, s, server.head(1, true, "y", "late"))
	var log []string
	s.Start(get("/"), newWitness("b", &log))
	feed(t, s, server.head(3, true, ok("x", "kept", "y", "late")...))
	if want := []string{"b first", "b head 200 0 x=kept y=late", `b end 0 of ""`}; !slices.Equal(log, want) {
		t.Errorf("got %q", log)
	}
	if w.over != 0 {
		t.Error("a cancelled receiver was called")
	}
}

// Windows are opened again when they are half used, and no peer gets away with more.
func TestReceivedWindows(t *testing.T) {
	t.Parallel()
	s, link := opened(t, Options{Window: 40_000})
	w := newWitness("a", nil)
	w.unseen = true
	s.Start(get("/"), w)
	server := newServer()
	feed(t, s, server.head(1, false, ok()...))
	link.frames(t)
	var got []string
	for range 5 {
		feed(t, s, server.data(1, false, strings.Repeat("x", 10_000)))
		got = append(got, link.frames(t)...)
	}
	want := []string{"WINDOW_UPDATE 1 20000", "WINDOW_UPDATE 0 40000", "WINDOW_UPDATE 1 20000"}
	if !slices.Equal(got, want) || w.skipped != 50_000 || w.body != nil {
		t.Errorf("sent %q, skipped %d", got, w.skipped)
	}
	s.open[0].credit = 5
	if err := s.Receive(server.data(1, false, "123456").take()); err == nil || cause(w.err) != load.CauseMalformed {
		t.Errorf("more than the window: %v, %v", err, w.err)
	}
	if got := link.frames(t); !slices.Equal(got, []string{"GOAWAY FLOW_CONTROL_ERROR"}) {
		t.Errorf("sent %q", got)
	}
	s, _ = opened(t, Options{})
	s.Start(get("/"), w)
	s.credit = 5
	if err := s.Receive(server.data(1, false, "123456").take()); err == nil {
		t.Error("more than the connection's window")
	}
}

func TestFloods(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		begin func(*server)
		again func(*server)
	}{
		{"PING", nil, func(s *server) { _ = s.WritePing(false, [8]byte{}) }},
		{"PING acknowledged", nil, func(s *server) { _ = s.WritePing(true, [8]byte{}) }},
		{"SETTINGS", nil, func(s *server) { s.settings(3, 7) }},
		{"empty DATA", func(s *server) { s.head(1, false, ok()...) }, func(s *server) { s.data(1, false, "") }},
		{"padding", func(s *server) { s.head(1, false, ok()...) }, func(s *server) { _ = s.WriteDataPadded(3, false, nil, make([]byte, 9)) }},
		{"unknown", nil, func(s *server) { s.raw(0x44, 0, 0, "x") }},
		{"PRIORITY", nil, func(s *server) { s.raw(http2.FramePriority, 0, 1, "12345") }},
		{"WINDOW_UPDATE", nil, func(s *server) { _ = s.WriteWindowUpdate(0, 1) }},
		{"GOAWAY", nil, func(s *server) { _ = s.WriteGoAway(1, 0, nil) }},
		{"interim", nil, func(s *server) { s.head(1, false, ":status", "103") }},
		{"heads for nobody", nil, func(s *server) { s.head(3, true, ok()...) }},
		{"RST_STREAM for nobody", nil, func(s *server) { _ = s.WriteRSTStream(3, 0) }},
		{"CONTINUATION", func(s *server) { s.raw(http2.FrameHeaders, 0, 1, "") }, func(s *server) { s.raw(http2.FrameContinuation, 0, 1, "") }},
		{"a head without end", func(s *server) { s.raw(http2.FrameHeaders, 0, 1, "") }, func(s *server) {
			s.raw(http2.FrameContinuation, 0, 1, strings.Repeat("\x88", 1000))
		}},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, link := opened(t, Options{MaxStreams: 2})
			w, gone := newWitness("a", nil), newWitness("gone", nil)
			s.Start(get("/"), w)
			s.Start(get("/"), gone)
			s.Cancel(gone)
			server := newServer()
			if c.begin != nil {
				c.begin(server)
			}
			feed(t, s, server)
			for i := 0; s.dead == nil; i++ {
				if i > 2*mostQuiet {
					t.Fatal("nothing bounds it")
				}
				c.again(server)
				_ = s.Receive(server.take())
			}
			if w.over != 1 || cause(w.err) != load.CauseMalformed || link.Len() > 300_000 {
				t.Errorf("ended %d times with %v, wrote %d", w.over, w.err, link.Len())
			}
			if sent := link.frames(t); sent[len(sent)-1] != "GOAWAY ENHANCE_YOUR_CALM" {
				t.Errorf("sent %q at last", sent[len(sent)-1])
			}
		})
	}
}

// Answers that the peer does not read are bounded, even when it makes progress.
func TestUnreadAnswers(t *testing.T) {
	t.Parallel()
	s, link := opened(t, Options{})
	link.space = 100
	w := newWitness("a", nil)
	s.Start(get("/"), w)
	server := newServer().head(1, false, ok()...)
	feed(t, s, server)
	for i := 0; s.dead == nil; i++ {
		if i > 2*mostStalled {
			t.Fatal("nothing bounds it")
		}
		server.data(1, false, "x")
		_ = server.WritePing(false, [8]byte{})
		_ = s.Receive(server.take())
	}
	if cause(w.err) != load.CauseMalformed || link.Len() > 20_000 {
		t.Errorf("failed with %v, wrote %d", w.err, link.Len())
	}
}

// A slow but good exchange is no flood: each piece of it forgives what was before.
func TestNoFlood(t *testing.T) {
	t.Parallel()
	s, _ := opened(t, Options{})
	w := newWitness("a", nil)
	s.Start(get("/"), w)
	server := newServer().head(1, false, ok()...)
	for range 5 {
		for range mostQuiet - 10 {
			_ = server.WritePing(false, [8]byte{})
		}
		feed(t, s, server.data(1, false, "x"))
	}
	feed(t, s, server.data(1, true, ""))
	if w.err != nil || string(w.body) != "xxxxx" {
		t.Errorf("%v, %q", w.err, w.body)
	}
}

func TestLastMessage(t *testing.T) {
	t.Parallel()
	s, _ := opened(t, Options{MaxStreams: 5})
	m := get("/")
	m.Last = true
	s.Start(m, newWitness("a", nil))
	if s.Room() >= 0 {
		t.Errorf("room %d behind the last message", s.Room())
	}
}

func TestLastStream(t *testing.T) {
	t.Parallel()
	s, _ := opened(t, Options{MaxStreams: 5})
	s.next = lastStream
	if s.Room() != 5 {
		t.Errorf("room %d before the last stream", s.Room())
	}
	w := newWitness("a", nil)
	s.Start(get("/"), w)
	if s.Room() >= 0 {
		t.Errorf("room %d behind the last stream", s.Room())
	}
	feed(t, s, newServer().head(lastStream, true, ok()...))
	if w.err != nil || w.over != 1 {
		t.Errorf("ended %d times with %v", w.over, w.err)
	}
}

// Peers may have a table that is smaller than HTTP/2's first one from the start.
func TestTableBeforeSettings(t *testing.T) {
	t.Parallel()
	s := New(newTape(), Options{MaxStreams: 9})
	s.Start(get("/"), newWitness("a", nil))
	if len(s.encoder.entries) > 0 {
		t.Error("the peer's table is used before its SETTINGS are here")
	}
	feed(t, s, newServer().settings())
	s.Start(get("/"), newWitness("b", nil))
	if len(s.encoder.entries) == 0 {
		t.Error("the peer's table is not used")
	}
}

func TestTooLargeBody(t *testing.T) {
	t.Parallel()
	s, link := opened(t, Options{MaxBody: 10})
	w := newWitness("a", nil)
	s.Start(get("/"), w)
	link.frames(t)
	feed(t, s, newServer().head(1, false, ok()...).data(1, false, "0123456789").data(1, true, "x"))
	if cause(w.err) != load.CauseTooLarge || string(w.body) != "0123456789" {
		t.Errorf("%v, %q", w.err, w.body)
	}
	if got := link.frames(t); !slices.Equal(got, []string{"RST_STREAM 1 CANCEL"}) {
		t.Errorf("sent %q", got)
	}
}

func TestEnded(t *testing.T) {
	t.Parallel()
	s, _ := opened(t, Options{MaxStreams: 3})
	all := []*witness{newWitness("a", nil), newWitness("b", nil), newWitness("c", nil)}
	for _, w := range all {
		s.Start(get("/"), w)
	}
	all[0].onOver = func() { s.Cancel(all[2]) }
	s.Ended(io.EOF)
	s.Ended(io.EOF)
	s.Writable()
	if all[0].over != 1 || all[1].over != 1 || all[2].over != 0 || s.Busy() != 0 || s.Room() >= 0 {
		t.Errorf("%d %d %d, busy %d, room %d", all[0].over, all[1].over, all[2].over, s.Busy(), s.Room())
	}
	if err := s.Receive([]byte("x")); cause(err) != load.CauseClosed {
		t.Errorf("Receive after the end: %v", err)
	}
	s, _ = opened(t, Options{})
	s.Start(get("/"), newWitness("a", nil))
	for range 2 {
		if s.Skip(1) == nil {
			t.Error("frames may be thrown away")
		}
	}
}

// The steady state costs no memory.
func TestAllocations(t *testing.T) { // not parallel: it counts allocations
	link, r := &void{}, &bare{}
	s := New(link, Options{})
	feed(t, s, newServer().settings())
	m := post("a small body")
	answer, at := benchAnswer(1)
	n := testing.AllocsPerRun(5000, func() {
		answer[at[0]+2], answer[at[0]+3] = byte(s.next>>8), byte(s.next)
		answer[at[1]+2], answer[at[1]+3] = byte(s.next>>8), byte(s.next)
		s.Start(m, r)
		_ = s.Receive(answer)
	})
	if n > 0 || r.ends < 5000 || r.fails > 0 {
		t.Errorf("%v allocations, %d ended, %d failed", n, r.ends, r.fails)
	}
}
