package h2

import (
	"encoding/binary"
	"errors"
	"io"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

const (
	// smallBody is the largest body that goes along with its head, without asking
	// whether the link has space.
	smallBody = 4 << 10
	// largestChunk bounds a piece of a body, which is what a connection holds in
	// memory and what other streams wait for.
	largestChunk = 64 << 10
)

// outgoing is what a session knows for sending.
type outgoing struct {
	encoder     encoder
	out         []byte    // frames on their way to the link, used again
	head        []byte    // a packed head, used again
	chunk       []byte    // a piece of a file, used again
	senders     []*stream // those with a body to send, in turn
	turn        int       // index of the sender whose turn it is
	doomed      int       // streams with a file that cannot be read
	stalled     int       // answers since the link had space last
	window      int       // bytes that we may send on all streams
	firstWindow int       // of a stream
	frameSize   int       // most bytes of a frame
}

// Start implements proto.Session.
func (s *Session) Start(m *proto.Message, r proto.Receiver) {
	s.begin()
	st := s.add(r)
	st.credit, st.window = s.options.Window, s.firstWindow
	st.empty = m.Method == "HEAD"
	s.last = s.last || m.Last
	st.unsent, st.file, st.body = m.Size(), m.File, m.Body
	p := s.appendHead(s.out[:0], st, m)
	if n := len(m.Body); m.File == nil && n > 0 && n <= min(smallBody, st.window, s.window) {
		p = appendHeader(p, n, frameData, flagEndStream, st.id)
		p = append(p, m.Body...)
		s.window -= n
		st.unsent, st.body = 0, nil
	}
	s.out = p
	st.traffic.Out += int64(len(p))
	s.link.Write(p)
	if st.unsent > 0 {
		s.senders = append(s.senders, st)
		s.pump()
		if s.doomed > 0 {
			s.elicit()
		}
	}
}

// appendHead appends the frames of a request's head.
func (s *Session) appendHead(dst []byte, st *stream, m *proto.Message) []byte {
	head := s.encoder.encode(s.head[:0], m)
	s.head = head
	kind, flags := byte(frameHeaders), byte(0)
	if st.unsent == 0 {
		flags = flagEndStream
	}
	for len(head) > s.frameSize {
		dst = append(appendHeader(dst, s.frameSize, kind, flags, st.id), head[:s.frameSize]...)
		kind, flags, head = frameContinuation, 0, head[s.frameSize:]
	}
	return append(appendHeader(dst, len(head), kind, flags|flagEndHeaders, st.id), head...)
}

// Writable implements proto.Session.
func (s *Session) Writable() {
	if s.dead == nil {
		s.pump()
		s.reap()
	}
}

// pump sends bodies, a chunk of each in turn, as far as windows and link allow.
// It calls no receiver.
func (s *Session) pump() {
	for blocked := 0; blocked < len(s.senders); {
		room := min(s.window, s.link.Space())
		if room <= 0 {
			return
		}
		if s.turn >= len(s.senders) {
			s.turn = 0
		}
		st := s.senders[s.turn]
		if st.window <= 0 {
			blocked++
			s.turn++
			continue
		}
		blocked = 0
		s.sendChunk(st, int(min(st.unsent, int64(min(room, st.window, s.frameSize, largestChunk)))))
	}
}

// sendChunk sends n bytes of a stream's body and gives the turn on.
func (s *Session) sendChunk(st *stream, n int) {
	flags := byte(0)
	if int64(n) == st.unsent {
		flags = flagEndStream
	}
	if st.file != nil {
		if err := s.readChunk(st, n, flags); err != nil {
			s.spoil(st, err)
			return
		}
		s.link.Write(s.chunk)
	} else {
		s.out = appendHeader(s.out[:0], n, frameData, flags, st.id)
		s.link.Write(s.out)
		s.link.Write(st.body[:n])
		st.body = st.body[n:]
	}
	s.quiet = 0 // the peer makes us progress
	s.window -= n
	st.window -= n
	st.unsent -= int64(n)
	st.traffic.Out += int64(headerSize + n)
	if st.unsent == 0 {
		s.unqueue(st)
	} else {
		s.turn++
	}
}

// readChunk reads the next frame of a file into the chunk.
func (s *Session) readChunk(st *stream, n int, flags byte) error {
	if cap(s.chunk) < headerSize+n {
		s.chunk = make([]byte, 0, headerSize+n)
	}
	s.chunk = appendHeader(s.chunk[:0], n, frameData, flags, st.id)[:headerSize+n]
	got, err := st.file.Reader.ReadAt(s.chunk[headerSize:], st.offset)
	if got == n {
		st.offset += int64(n)
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return proto.Failf(load.CauseOther, "read body: %w", err)
}

// spoil gives a stream up whose body cannot be read. The receiver is told later,
// because we may be in a call from it.
func (s *Session) spoil(st *stream, err error) {
	s.unqueue(st)
	s.reset(st, codeCancel)
	st.unsent, st.broken = 0, err
	s.doomed++
}

// elicit makes the peer say something, so that there is a moment to tell
// receivers of what went wrong while they called us.
func (s *Session) elicit() {
	p := binary.BigEndian.AppendUint64(appendHeader(s.out[:0], 8, framePing, 0, 0), 0)
	s.out = p
	s.loose.Out += int64(len(p))
	s.link.Write(p)
}

// reap tells the receivers of spoiled streams. Those that they start meanwhile
// have to wait, or a file that cannot be read would keep us here for ever.
func (s *Session) reap() {
	end := s.next
	for i := 0; s.doomed > 0 && i < len(s.open) && s.open[i].id < end; {
		if st := s.open[i]; st.broken != nil {
			s.drop(st, st.broken)
			i = 0 // the receiver may have cancelled others
		} else {
			i++
		}
	}
}

// unqueue takes a stream off those that send.
func (s *Session) unqueue(st *stream) {
	for i := range s.senders {
		if s.senders[i] != st {
			continue
		}
		copy(s.senders[i:], s.senders[i+1:])
		s.senders[len(s.senders)-1] = nil
		if s.senders = s.senders[:len(s.senders)-1]; len(s.senders) == 0 {
			s.chunk = nil // connections are many and large bodies few
		}
		if i < s.turn {
			s.turn--
		}
		return
	}
}

// answer sends a frame that the peer makes us send, on a stream or on none. A peer
// that makes us answer and does not read the answers must not fill our memory.
func (s *Session) answer(st *stream, p []byte) {
	if s.link.Space() > 0 {
		s.stalled = 0
	} else if s.stalled++; s.stalled > mostStalled {
		s.die(codeCalm, load.CauseMalformed, "the server demands answers and does not read them")
		return
	}
	if st != nil {
		st.traffic.Out += int64(len(p))
	} else {
		s.loose.Out += int64(len(p))
	}
	s.link.Write(p)
}
