package h2

import (
	"encoding/binary"
	"fmt"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// settings takes a SETTINGS frame and answers it.
func (s *Session) settings(p []byte) {
	s.settled = true
	s.idleFrame()
	if s.frame.has(flagAck) {
		if len(p) > 0 {
			s.broke(codeFrameSize, "the server sent an acknowledgement of SETTINGS with %d bytes", len(p))
		}
		return
	}
	if len(p)%6 != 0 {
		s.broke(codeFrameSize, "the server sent SETTINGS of %d bytes", len(p))
		return
	}
	for ; len(p) > 0 && s.dead == nil; p = p[6:] {
		s.setting(binary.BigEndian.Uint16(p), binary.BigEndian.Uint32(p[2:]))
	}
	if s.dead == nil {
		s.encoder.open = true
		s.answer(nil, appendHeader(s.out[:0], 0, frameSettings, flagAck, 0))
	}
}

func (s *Session) setting(id uint16, value uint32) {
	switch id {
	case settingTable:
		s.encoder.resize(value)
	case settingPush:
		if value != 0 {
			s.broke(codeProtocol, "the server sent SETTINGS_ENABLE_PUSH %d", value)
		}
	case settingStreams:
		s.limit = value
	case settingWindow:
		s.setWindow(value)
	case settingFrame:
		if value < leastFrame || value > 1<<24-1 {
			s.broke(codeProtocol, "the server sent SETTINGS_MAX_FRAME_SIZE %d", value)
			return
		}
		s.frameSize = int(value)
	}
}

// setWindow changes the window of streams, also of those that are open: it may
// be below 0 then, until the server opens it again.
func (s *Session) setWindow(value uint32) {
	if value > largestWindow {
		s.broke(codeFlow, "the server sent SETTINGS_INITIAL_WINDOW_SIZE %d", value)
		return
	}
	more := int(value) - s.firstWindow
	s.firstWindow = int(value)
	for _, st := range s.open {
		if st.window += more; st.window > largestWindow {
			s.broke(codeFlow, "the server made a stream's window larger than HTTP/2 allows")
			return
		}
	}
	s.wake = s.wake || more > 0
}

func (s *Session) ping(p []byte) {
	s.idleFrame()
	if len(p) != 8 {
		s.broke(codeFrameSize, "the server sent PING of %d bytes", len(p))
	}
	if s.dead == nil && !s.frame.has(flagAck) {
		s.answer(nil, append(appendHeader(s.out[:0], 8, framePing, flagAck, 0), p...))
	}
}

// goAway takes GOAWAY: streams that the server has not looked at are over, the
// others go on.
func (s *Session) goAway(p []byte) {
	s.idleFrame()
	if len(p) < 8 {
		s.broke(codeFrameSize, "the server sent GOAWAY of %d bytes", len(p))
	}
	if s.dead != nil {
		return
	}
	last := binary.BigEndian.Uint32(p) & lastStream
	s.away, s.awayCode, s.awayText = true, code(binary.BigEndian.Uint32(p[4:])), ""
	if len(p) > 8 {
		s.awayText = fmt.Sprintf(" (%.100q)", p[8:])
	}
	for i := len(s.open) - 1; i >= 0; i = min(i, len(s.open)) - 1 {
		if st := s.open[i]; st.id > last {
			s.drop(st, proto.Failf(load.CauseClosed, "the server closes the connection and did not process the request: GOAWAY with %s%s",
				s.awayCode, s.awayText))
		}
	}
}

func (s *Session) resetByPeer(p []byte) {
	if len(p) != 4 {
		s.broke(codeFrameSize, "the server sent RST_STREAM of %d bytes", len(p))
		return
	}
	st := s.find(s.frame.stream)
	if st == nil {
		s.idleFrame()
		return
	}
	s.quiet = 0
	c := code(binary.BigEndian.Uint32(p))
	format := "the server reset the stream: %s"
	if c == codeRefused {
		format = "the server reset the stream and did not process the request: %s"
	}
	s.drop(st, proto.Failf(load.CauseReset, format, c))
}

func (s *Session) windowUpdate(p []byte) {
	s.idleFrame()
	if len(p) != 4 {
		s.broke(codeFrameSize, "the server sent WINDOW_UPDATE of %d bytes", len(p))
	}
	if s.dead != nil {
		return
	}
	more := int(binary.BigEndian.Uint32(p) & largestWindow)
	id := s.frame.stream
	if id == 0 {
		s.window += more
		if more == 0 {
			s.broke(codeProtocol, "the server sent WINDOW_UPDATE of nothing")
		} else if s.window > largestWindow {
			s.broke(codeFlow, "the server made the connection's window larger than HTTP/2 allows")
		}
		s.wake = s.wake || len(s.senders) > 0
		return
	}
	if !s.onKnownStream() {
		return
	}
	st := s.find(id)
	if st == nil {
		return
	}
	if more == 0 {
		s.malformed(st, "the server sent WINDOW_UPDATE of nothing")
		return
	}
	if st.window += more; st.window > largestWindow {
		s.fail(st, codeFlow, proto.Failf(load.CauseMalformed, "the server made a stream's window larger than HTTP/2 allows"))
		return
	}
	s.wake = s.wake || st.unsent > 0
}
