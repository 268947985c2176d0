package h2

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2"

	"onrush.dev/onrush/internal/engine/httpload/proto"
)

// script is what a peer says to a client, and what must come of it, however the
// bytes are cut.
type script struct {
	name     string
	options  Options
	messages []*proto.Message // nil: one GET
	peer     func(s *server)  // behind its SETTINGS
	bare     bool             // without SETTINGS
	ended    error            // the connection ends with it; nil: it stays open
	events   []string
	sent     []string // behind the requests and the acknowledgement of SETTINGS
	room     int
	fatal    bool // Receive says that the connection is of no use any more
}

func (c *script) bytes() []byte {
	s := newServer()
	if !c.bare {
		s.settings()
	}
	c.peer(s)
	return s.take()
}

// play runs a script with its bytes cut before the given positions.
func (c *script) play(t *testing.T, cuts ...int) {
	t.Helper()
	link := newTape()
	s := New(link, c.options)
	var events []string
	messages := c.messages
	if messages == nil {
		messages = []*proto.Message{get("/")}
	}
	var all []*witness
	for i, m := range messages {
		w := newWitness(string(rune('a'+i)), &events)
		all = append(all, w)
		s.Start(m, w)
	}
	out := int64(link.Len())
	link.frames(t)
	p := c.bytes()
	in, at := int64(len(p)), 0
	var err error
	for _, cut := range append(cuts, len(p)) {
		if err = s.Receive(p[at:cut]); err != nil {
			break
		}
		at = cut
	}
	if c.ended != nil {
		s.Ended(c.ended)
	}
	out += int64(link.Len())
	if (err != nil) != c.fatal {
		t.Fatalf("cut at %v: Receive returns %v", cuts, err)
	}
	if !slices.Equal(events, c.events) {
		t.Fatalf("cut at %v:\ngot  %s\nwant %s", cuts, strings.Join(events, "\n     "), strings.Join(c.events, "\n     "))
	}
	sent := link.frames(t)
	if len(sent) > 0 && sent[0] == "SETTINGS ack" {
		sent = sent[1:]
	}
	if !slices.Equal(sent, c.sent) {
		t.Fatalf("cut at %v: sent %q, want %q", cuts, sent, c.sent)
	}
	if room := s.Room(); room != c.room {
		t.Fatalf("cut at %v: room %d, want %d", cuts, room, c.room)
	}
	c.account(t, s, all, in, out)
}

// account compares the traffic of the exchanges with what went over the wire.
func (c *script) account(t *testing.T, s *Session, all []*witness, in, out int64) {
	t.Helper()
	sum := s.loose
	for _, w := range all {
		if w.over > 1 {
			t.Fatalf("%s ended %d times", w.name, w.over)
		}
		sum.In, sum.Out = sum.In+w.traffic.In, sum.Out+w.traffic.Out
	}
	for _, st := range s.open {
		sum.In, sum.Out = sum.In+st.traffic.In, sum.Out+st.traffic.Out
	}
	if !c.fatal && sum.In != in || sum.Out != out {
		t.Fatalf("counted %v, travelled %d and %d", sum, in, out)
	}
}

func TestScripts(t *testing.T) {
	t.Parallel()
	for _, c := range slices.Concat(goodScripts(), goodStreamScripts(), badStreamScripts(), badConnectionScripts()) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.play(t)
			n := len(c.bytes())
			if n > 4000 {
				c.play(t, n/3, n/2)
				return
			}
			every := make([]int, 0, n)
			for i := range n {
				c.play(t, i)
				every = append(every, i)
			}
			c.play(t, every...)
		})
	}
}

func ok(fields ...string) []string { return append([]string{":status", "200"}, fields...) }

func goodScripts() []script {
	return []script{
		{name: "a response", peer: func(s *server) {
			s.head(1, false, ok("content-length", "5", "server", "nginx")...).data(1, true, "hello")
		}, events: []string{"a first", "a head 200 5 content-length=5 server=nginx", `a end 5 of "hello"`}, room: 1},
		{name: "no length, several frames, an empty one at the end", peer: func(s *server) {
			s.head(1, false, ok()...).data(1, false, "he").data(1, false, "llo").data(1, true, "")
		}, events: []string{"a first", "a head 200 -1", `a end 5 of "hello"`}, room: 1},
		{
			name: "no body", peer: func(s *server) { s.head(1, true, ok()...) },
			events: []string{"a first", "a head 200 0", `a end 0 of ""`}, room: 1,
		},
		{
			name: "204", peer: func(s *server) { s.head(1, true, ":status", "204") },
			events: []string{"a first", "a head 204 0", `a end 0 of ""`}, room: 1,
		},
		{
			name: "304 with a length", peer: func(s *server) { s.head(1, true, ":status", "304", "content-length", "9") },
			events: []string{"a first", "a head 304 0 content-length=9", `a end 0 of ""`}, room: 1,
		},
		{
			name: "204 that ends with an empty frame", peer: func(s *server) { s.head(1, false, ":status", "204").data(1, true, "") },
			events: []string{"a first", "a head 204 0", `a end 0 of ""`}, room: 1,
		},
		{
			name: "HEAD with a length", messages: []*proto.Message{{Method: "HEAD", Scheme: "http", Authority: "x", Path: "/"}},
			peer:   func(s *server) { s.head(1, true, ok("content-length", "9")...) },
			events: []string{"a first", "a head 200 0 content-length=9", `a end 0 of ""`}, room: 1,
		},
		{name: "trailers", peer: func(s *server) {
			s.head(1, false, ok()...).data(1, false, "x").head(1, true, "grpc-status", "0")
		}, events: []string{"a first", "a head 200 -1", `a end 1 of "x"`}, room: 1},
		{name: "interim heads", peer: func(s *server) {
			s.head(1, false, ":status", "100").head(1, false, ":status", "103", "link", "</x>").head(1, true, ok()...)
		}, events: []string{"a interim 100", "a interim 103", "a first", "a head 200 0", `a end 0 of ""`}, room: 1},
		{name: "padding and priority", peer: func(s *server) {
			_ = s.WriteHeaders(http2.HeadersFrameParam{
				StreamID: 1, BlockFragment: s.pack(ok()...), EndHeaders: true, PadLength: 9,
				Priority: http2.PriorityParam{StreamDep: 3, Weight: 7},
			})
			_ = s.WriteDataPadded(1, false, []byte("hel"), make([]byte, 200))
			_ = s.WriteDataPadded(1, false, nil, make([]byte, 7))
			s.raw(http2.FrameData, http2.FlagDataPadded, 1, "\x00l")
			_ = s.WriteDataPadded(1, true, []byte("o"), make([]byte, 1))
		}, events: []string{"a first", "a head 200 -1", `a end 5 of "hello"`}, room: 1},
		{name: "a head in pieces", peer: func(s *server) {
			block := s.pack(ok("server", "x", "date", "today")...)
			s.raw(http2.FrameHeaders, 0, 1, string(block[:1]))
			s.raw(http2.FrameContinuation, 0, 1, string(block[1:9])).raw(http2.FrameContinuation, 0, 1, "")
			s.raw(http2.FrameContinuation, http2.FlagContinuationEndHeaders, 1, string(block[9:]))
			// Trailers that are nothing but a priority.
			s.raw(http2.FrameHeaders, http2.FlagHeadersEndStream|http2.FlagHeadersEndHeaders|http2.FlagHeadersPriority, 1, "12345")
		}, events: []string{"a first", "a head 200 -1 server=x date=today", `a end 0 of ""`}, room: 1},
		{name: "a table that shrinks and grows", peer: func(s *server) {
			s.head(1, false, ok("server", "x")...)
			s.hpack.SetMaxDynamicTableSize(0)
			s.hpack.SetMaxDynamicTableSize(100)
			s.head(1, true, "server", "x")
		}, events: []string{"a first", "a head 200 -1 server=x", `a end 0 of ""`}, room: 1},
		{name: "frames of other kinds", peer: func(s *server) {
			s.raw(0x10, 0xff, 1, "who knows").raw(0xfa, 0, 0, "").raw(http2.FramePriority, 0, 5, "\x00\x00\x00\x01\x00")
			_ = s.WritePing(false, [8]byte{1, 2, 3})
			_ = s.WritePing(true, [8]byte{4})
			_ = s.WriteSettingsAck()
			s.settings(0xf000, 7)
			_ = s.WriteWindowUpdate(0, 5)
			_ = s.WriteWindowUpdate(1, 5)
			s.head(1, true, ok()...)
		}, events: []string{"a first", "a head 200 0", `a end 0 of ""`}, sent: []string{"PING 0102030000000000 ack", "SETTINGS ack"}, room: 1},
		{
			name: "a connection that ends in time", ended: io.EOF, peer: func(s *server) { s.head(1, true, ok()...) },
			events: []string{"a first", "a head 200 0", `a end 0 of ""`}, room: -1,
		},
		{name: "a reserved bit is set", peer: func(s *server) {
			s.raw(http2.FrameHeaders, http2.FlagHeadersEndHeaders|http2.FlagHeadersEndStream, 1<<31|1, string(s.pack(ok()...)))
		}, events: []string{"a first", "a head 200 0", `a end 0 of ""`}, room: 1},
		{
			name: "the same length twice", peer: func(s *server) { s.head(1, true, ok("content-length", "0", "content-length", "0")...) },
			events: []string{"a first", "a head 200 0 content-length=0 content-length=0", `a end 0 of ""`}, room: 1,
		},
	}
}

func goodStreamScripts() []script {
	three := []*proto.Message{get("/1"), get("/2"), get("/3")}
	return []script{
		{name: "streams in any order", messages: three, options: Options{MaxStreams: 5}, peer: func(s *server) {
			s.head(5, false, ok()...).head(1, false, ok()...).data(5, false, "five").head(3, true, ":status", "404")
			s.data(1, true, "one").data(5, true, "5")
		}, events: []string{
			"c first", "c head 200 -1", "a first", "a head 200 -1", "b first", "b head 404 0", `b end 0 of ""`,
			`a end 3 of "one"`, `c end 5 of "five5"`,
		}, room: 5},
		{name: "GOAWAY of some", messages: three, options: Options{MaxStreams: 5}, peer: func(s *server) {
			_ = s.WriteGoAway(3, http2.ErrCodeNo, []byte("bye"))
			s.head(1, true, ok()...).head(5, true, ok()...).head(3, true, ok()...)
		}, events: []string{
			`c fail after 0: closed: the server closes the connection and did not process the request: GOAWAY with NO_ERROR ("bye")`,
			"a first", "a head 200 0", `a end 0 of ""`, "b first", "b head 200 0", `b end 0 of ""`,
		}, room: -1},
		{name: "GOAWAY twice", messages: three, options: Options{MaxStreams: 5}, peer: func(s *server) {
			_ = s.WriteGoAway(1<<31-1, http2.ErrCodeNo, nil)
			_ = s.WriteGoAway(1, http2.ErrCodeEnhanceYourCalm, nil)
			s.head(1, true, ok()...)
		}, events: []string{
			"c fail after 0: closed: the server closes the connection and did not process the request: GOAWAY with ENHANCE_YOUR_CALM",
			"b fail after 0: closed: the server closes the connection and did not process the request: GOAWAY with ENHANCE_YOUR_CALM",
			"a first", "a head 200 0", `a end 0 of ""`,
		}, room: -1},
		{name: "GOAWAY and the end", ended: io.EOF, peer: func(s *server) {
			_ = s.WriteGoAway(1, http2.ErrCodeInternal, nil)
		}, events: []string{
			"a fail after 0: closed: the server closed the connection before the whole response was there: GOAWAY with INTERNAL_ERROR",
		}, room: -1},
		{name: "reset by the peer", messages: three, options: Options{MaxStreams: 5}, peer: func(s *server) {
			_ = s.WriteRSTStream(1, http2.ErrCodeRefusedStream)
			s.head(3, false, ok()...).data(3, false, "abc")
			_ = s.WriteRSTStream(3, http2.ErrCodeInternal)
			s.data(3, true, "late").head(1, true, ok()...)
			_ = s.WriteWindowUpdate(3, 7)
			_ = s.WriteRSTStream(3, http2.ErrCode(99))
			_ = s.WriteRSTStream(5, http2.ErrCode(99))
		}, events: []string{
			"a fail after 0: reset: the server reset the stream and did not process the request: REFUSED_STREAM",
			"b first", "b head 200 -1", "b fail after 3: reset: the server reset the stream: INTERNAL_ERROR",
			"c fail after 0: reset: the server reset the stream: an unknown error code",
		}, room: 5},
		{
			name: "fewer streams than wished", options: Options{MaxStreams: 9}, peer: func(s *server) { s.settings(3, 4) },
			sent: []string{"SETTINGS ack"}, room: 3,
		},
		{
			name: "no streams", options: Options{MaxStreams: 9}, peer: func(s *server) { s.settings(3, 0) },
			sent: []string{"SETTINGS ack"},
		},
		{
			name: "more streams than before SETTINGS", options: Options{MaxStreams: 500}, peer: func(s *server) { s.settings(3, 1<<32-1) },
			sent: []string{"SETTINGS ack"}, room: 499,
		},
		{name: "an early answer", messages: []*proto.Message{post(strings.Repeat("x", 70_000))}, peer: func(s *server) {
			s.head(1, true, ":status", "413")
			_ = s.WriteRSTStream(1, http2.ErrCodeNo)
			_ = s.WriteWindowUpdate(1, 9)
		}, events: []string{"a first", "a head 413 0", `a end 0 of ""`}, sent: []string{"RST_STREAM 1 NO_ERROR"}, room: 1},
	}
}

func TestBeforeSettings(t *testing.T) {
	t.Parallel()
	s := New(newTape(), Options{MaxStreams: 500})
	if s.Room() != 100 {
		t.Errorf("room for %d before the peer has said how many", s.Room())
	}
	if fmt.Sprint(s.Skippable(), s.Skip(0), s.Busy()) != "0 <nil> 0" {
		t.Error("a new session is not idle")
	}
}
