package h2

import (
	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

const (
	// mostQuiet is how many frames may come in a row that bring no exchange
	// further. It is far more than keeping a slow answer's connection alive takes.
	mostQuiet = 10_000
	// mostStalled is how many answers the peer may demand while the link is full.
	mostStalled = 1_000
)

// incoming is what a session knows of the bytes that come.
type incoming struct {
	decoder  decoder
	heading  heading
	response proto.Head

	header  [headerSize]byte
	held    int    // bytes of header that are here, of the next frame
	frame   frame  // the one under way
	within  bool   // a frame is under way
	partial []byte // the payload of a frame that comes in pieces

	block     []byte // a packed head that comes in several frames
	blockOf   uint32 // its stream; 0: none is under way
	blockEnds bool   // the stream ends with it
	credit    int    // bytes that the peer may send on all streams
	quiet     int    // frames since the last one that brought an exchange further
	wake      bool   // windows have grown
}

// Receive implements proto.Session.
func (s *Session) Receive(p []byte) error {
	s.begin() // a server may speak first, and is answered behind our preface
	if s.dead == nil && s.doomed > 0 {
		s.reap()
	}
	for len(p) > 0 && s.dead == nil {
		if !s.within {
			p = s.receiveHeader(p)
		} else {
			p = s.receivePayload(p)
		}
	}
	if s.dead == nil && s.wake {
		s.wake = false
		s.pump()
		s.reap()
	}
	return s.dead
}

// receiveHeader takes a frame's header, or the part of it that is there.
func (s *Session) receiveHeader(p []byte) []byte {
	if s.held == 0 && len(p) >= headerSize {
		s.frame = readHeader(p)
		p = p[headerSize:]
	} else {
		n := copy(s.header[s.held:], p)
		s.held += n
		p = p[n:]
		if s.held < headerSize {
			return p
		}
		s.frame = readHeader(s.header[:])
		s.held = 0
	}
	s.count(headerSize)
	s.within = true
	s.beginFrame()
	if s.frame.length == 0 && s.dead == nil {
		s.receivePayload(nil)
	}
	return p
}

// receivePayload takes what is there of the payload of the frame under way. Only
// DATA is passed on in pieces.
func (s *Session) receivePayload(p []byte) []byte {
	f := &s.frame
	piece, rest := p[:min(len(p), f.left)], p[min(len(p), f.left):]
	f.left -= len(piece)
	s.count(len(piece))
	if f.kind == frameData {
		s.within = f.left > 0
		s.data(piece)
		return rest
	}
	if !known(f.kind) {
		s.within = f.left > 0
		return rest
	}
	if f.left > 0 || len(s.partial) > 0 {
		s.partial = append(s.partial, piece...)
		piece = s.partial
	}
	if f.left > 0 {
		return rest
	}
	s.within = false
	s.payload(piece)
	s.partial = s.partial[:0]
	return rest
}

// known says whether the payload of a frame type matters to us.
func known(kind byte) bool { return kind <= frameContinuation && kind != framePriority }

// count counts bytes that came for the stream of the frame under way.
func (s *Session) count(n int) {
	if st := s.find(s.frame.stream); st != nil {
		st.traffic.In += int64(n)
	} else {
		s.loose.In += int64(n)
	}
}

// beginFrame looks at a frame's header.
func (s *Session) beginFrame() {
	f := &s.frame
	switch {
	case !s.settled && (f.kind != frameSettings || f.has(flagAck)):
		s.broke(codeProtocol, "what the server sent is not HTTP/2: it does not begin with SETTINGS")
		return
	case f.length > leastFrame:
		s.broke(codeFrameSize, "the server sent a frame of %d bytes", f.length)
		return
	case s.blockOf != 0 && (f.kind != frameContinuation || f.stream != s.blockOf):
		s.broke(codeProtocol, "the server sent another frame within a head")
		return
	case s.blockOf == 0 && f.kind == frameContinuation:
		s.broke(codeProtocol, "the server sent CONTINUATION without a head")
		return
	}
	if f.kind == frameSettings || f.kind == framePing || f.kind == frameAway {
		if f.stream != 0 {
			s.broke(codeProtocol, "the server sent a connection's frame (type %d) on a stream", f.kind)
		}
	} else if f.kind <= frameContinuation && f.kind != frameWindow && f.stream == 0 {
		s.broke(codeProtocol, "the server sent a stream's frame (type %d) on none", f.kind)
	}
	if s.dead != nil {
		return
	}
	switch f.kind {
	case frameData:
		s.beginData()
	case framePriority:
		s.beginPriority()
	case frameHeaders, frameReset:
		s.onKnownStream()
	case framePush:
		s.broke(codeProtocol, "the server sent PUSH_PROMISE, which we do not allow")
	}
	if f.kind > frameContinuation {
		s.idleFrame()
	}
}

// onKnownStream says whether the frame under way may come on its stream. When
// not, the connection is dead.
func (s *Session) onKnownStream() bool {
	f := &s.frame
	switch {
	case s.idle(f.stream):
		s.broke(codeProtocol, "the server sent a frame (type %d) on a stream that we have not opened", f.kind)
	case f.kind <= frameHeaders && s.finished(f.stream) && s.find(f.stream) == nil:
		s.broke(codeStreamClosed, "the server sent a frame (type %d) on a stream that it has ended", f.kind)
	default:
		return true
	}
	return false
}

func (s *Session) beginPriority() {
	s.idleFrame()
	if st := s.find(s.frame.stream); st != nil && s.frame.length != 5 {
		s.fail(st, codeFrameSize, proto.Failf(load.CauseMalformed, "the server sent PRIORITY of %d bytes", s.frame.length))
	}
}

// idleFrame counts a frame that brings no exchange further.
func (s *Session) idleFrame() {
	if s.quiet++; s.quiet > mostQuiet {
		s.broke(codeCalm, "the server sent %d frames that say nothing", s.quiet)
	}
}

// broke ends a connection on which what came is not HTTP/2.
func (s *Session) broke(c code, format string, args ...any) {
	s.die(c, load.CauseMalformed, format, args...)
}

// payload takes the whole payload of a frame that is not DATA.
func (s *Session) payload(p []byte) {
	switch s.frame.kind {
	case frameHeaders:
		s.headers(p)
	case frameContinuation:
		s.continuation(p)
	case frameReset:
		s.resetByPeer(p)
	case frameSettings:
		s.settings(p)
	case framePing:
		s.ping(p)
	case frameAway:
		s.goAway(p)
	case frameWindow:
		s.windowUpdate(p)
	}
}
