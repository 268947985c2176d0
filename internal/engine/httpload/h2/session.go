// Package h2 is HTTP/2 for the http engine: a client's side of one connection as
// a proto.Session, by RFC 9113 and, for the packing of heads, RFC 7541.
//
// It is written for two things. One is truth: whatever the peer sends, every
// exchange ends once, with the cause that is to blame, and all bytes are counted.
// The other is speed: requests and responses of a load test repeat, so in the
// steady state an exchange allocates nothing and a request's head is a few bytes.
//
// What the peer can make us keep is bounded: one frame or one packed head of at
// most MaxHead, a table of 4 KiB, and answers only as long as it takes them.
//
// It may not read or write a connection, start goroutines, or know time. Read
// session.go first, then receive.go (what comes in) and send.go (what goes out).
package h2

import (
	"errors"
	"io"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// Options are what a session is made for. The zero value is good.
type Options struct {
	MaxStreams int   // exchanges at once; 0: one
	Window     int   // bytes that the peer may send ahead on a stream; 0: 8 MiB
	MaxHead    int   // bytes of a response's head, as RFC 9113, 6.5.2 counts them; 0: 1 MiB
	MaxBody    int64 // bytes of a response's body; 0: no bound
}

const (
	defaultWindow = 8 << 20
	defaultHead   = 1 << 20
	// firstStreams is how many streams we dare to open before the peer has said
	// how many it allows: RFC 9113 asks it to allow no fewer.
	firstStreams = 100
)

func (o Options) filled() Options {
	if o.MaxStreams <= 0 {
		o.MaxStreams = 1
	}
	if o.Window <= 0 {
		o.Window = defaultWindow
	}
	o.Window = min(o.Window, largestWindow)
	if o.MaxHead <= 0 {
		o.MaxHead = defaultHead
	}
	return o
}

// Session implements proto.Session.
type Session struct {
	link    proto.Link
	options Options
	dead    error // the connection is of no use any more, and why
	begun   bool  // our preface is sent
	last    bool  // a message asked for the end of the connection
	loose   proto.Traffic
	streams
	incoming
	outgoing

	// What the peer has said.
	settled  bool   // its first frame, SETTINGS, is here
	limit    uint32 // streams that it allows at once
	away     bool   // it has sent GOAWAY
	awayCode code
	awayText string
}

// The session is what it says it is.
var _ proto.Session = (*Session)(nil)

// New returns a session over a connection on which nothing was sent yet. It
// writes nothing before the first exchange.
func New(link proto.Link, o Options) *Session {
	s := &Session{link: link, options: o.filled(), limit: firstStreams}
	s.next = 1
	c := shared()
	s.decoder.c, s.decoder.max = c, tableSize
	s.encoder.c, s.encoder.max = c, tableSize
	s.frameSize, s.window, s.firstWindow = leastFrame, firstWindow, firstWindow
	s.credit = s.connectionWindow()
	return s
}

// connectionWindow is how much the peer may send ahead on all streams together.
// It cannot be smaller than what HTTP/2 begins with.
func (s *Session) connectionWindow() int {
	return max(firstWindow, min(2*s.options.Window, largestWindow))
}

// begin says what a client says first.
func (s *Session) begin() {
	if s.begun {
		return
	}
	s.begun = true
	p := append(s.out[:0], preface...)
	p = appendHeader(p, 3*6, frameSettings, 0, 0)
	p = appendSetting(p, settingPush, 0)
	p = appendSetting(p, settingWindow, uint32(s.options.Window))
	p = appendSetting(p, settingList, uint32(min(s.options.MaxHead, largestWindow)))
	if more := s.connectionWindow() - firstWindow; more > 0 {
		p = appendNumber(p, frameWindow, 0, uint32(more))
	}
	s.out = p
	s.loose.Out += int64(len(p))
	s.link.Write(p)
}

// Busy implements proto.Session.
func (s *Session) Busy() int { return len(s.open) }

// Room implements proto.Session.
func (s *Session) Room() int {
	if s.dead != nil || s.away || s.last || s.next > lastStream {
		return -1
	}
	return max(0, min(s.options.MaxStreams, int(min(s.limit, lastStream)))-len(s.open))
}

// Skippable implements proto.Session: HTTP/2 frames its bodies.
func (s *Session) Skippable() int64 { return 0 }

// Skip implements proto.Session.
func (s *Session) Skip(n int64) error {
	if n > 0 && s.dead == nil {
		s.die(codeProtocol, load.CauseOther, "%d bytes of frames were thrown away", n)
	}
	return s.dead
}

// Farewell implements proto.Session.
func (s *Session) Farewell() {
	if s.begun && s.dead == nil {
		s.writeAway(codeNone)
	}
}

// Ended implements proto.Session.
func (s *Session) Ended(err error) {
	if s.dead != nil {
		return
	}
	s.loose.In += int64(s.held)
	if err == nil || errors.Is(err, io.EOF) {
		err = s.closed()
	}
	s.bury(err)
}

// closed is the failure of exchanges that the end of the connection cut off.
func (s *Session) closed() error {
	if s.away {
		return proto.Failf(load.CauseClosed, "the server closed the connection before the whole response was there: GOAWAY with %s%s",
			s.awayCode, s.awayText)
	}
	return proto.Failf(load.CauseClosed, "the connection ended before the whole response was there")
}

// die ends a connection on which the peer broke the rules.
func (s *Session) die(c code, cause load.Cause, format string, args ...any) {
	if s.dead != nil {
		return
	}
	s.writeAway(c)
	s.bury(proto.Failf(cause, format, args...))
}

func (s *Session) writeAway(c code) {
	p := appendHeader(s.out[:0], 8, frameAway, 0, 0)
	p = append(p, 0, 0, 0, 0, 0, 0, 0, byte(c)) // the peer opened no streams
	s.out = p
	s.loose.Out += int64(len(p))
	s.link.Write(p)
}

// bury fails all exchanges: nothing comes or goes any more.
func (s *Session) bury(err error) {
	s.dead = err
	s.partial, s.block = nil, nil
	for len(s.open) > 0 {
		st := s.open[0]
		fault := err
		if st.broken != nil {
			fault = st.broken
		}
		s.drop(st, fault)
	}
}
