package h2

import (
	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// headers takes a HEADERS frame.
func (s *Session) headers(p []byte) {
	f := &s.frame
	p, ok := unpad(f, p)
	if f.has(flagPriority) {
		if ok = ok && len(p) >= 5; ok {
			p = p[5:]
		}
	}
	if !ok {
		s.broke(codeProtocol, "the server sent HEADERS that are smaller than their padding")
		return
	}
	if f.has(flagEndHeaders) {
		s.headBlock(f.stream, f.has(flagEndStream), p)
		return
	}
	s.block = append(s.block[:0], p...)
	s.blockOf, s.blockEnds = f.stream, f.has(flagEndStream)
}

// continuation takes a CONTINUATION frame. Nothing says how many there may be, so
// we bound the packed head, and count the frames that add nothing to it.
func (s *Session) continuation(p []byte) {
	if len(p) == 0 {
		s.idleFrame()
	}
	if len(s.block)+len(p) > s.options.MaxHead {
		s.broke(codeCalm, "the response's headers are larger than %d bytes", s.options.MaxHead)
	}
	if s.dead != nil {
		return
	}
	s.block = append(s.block, p...)
	if !s.frame.has(flagEndHeaders) {
		return
	}
	id := s.blockOf
	s.blockOf = 0
	s.headBlock(id, s.blockEnds, s.block)
	if cap(s.block) > 4*leastFrame {
		s.block = nil
	}
}

// headBlock takes a whole packed head. It is unpacked even if nobody waits for
// it, because it changes the table.
func (s *Session) headBlock(id uint32, ends bool, p []byte) {
	h := &s.heading
	h.reset(s.options.MaxHead)
	if err := s.decoder.decode(p, h); err != nil {
		s.broke(codeCompression, "unpack headers: %w", err)
		return
	}
	st := s.find(id)
	if st == nil {
		s.idleFrame()
		return
	}
	st.ended = ends
	switch {
	case st.headed:
		s.trailers(st, h)
	case h.fault == "" && h.status >= 100 && h.status < 200:
		s.interim(st, h)
	default:
		s.finalHead(st, h)
	}
}

func (s *Session) trailers(st *stream, h *heading) {
	if h.status != 0 {
		h.fault = "the response has a status in its trailers"
	} else if !st.ended && h.fault == "" {
		h.fault = "the response goes on behind its trailers"
	}
	if h.fault != "" {
		s.malformed(st, h.fault)
		return
	}
	s.complete(st)
}

func (s *Session) interim(st *stream, h *heading) {
	switch {
	case h.status == 101:
		s.malformed(st, "the response has status 101, which HTTP/2 does not have")
	case st.ended:
		s.malformed(st, "the response ends with an interim status")
	default:
		s.idleFrame()
		if s.dead == nil {
			st.r.Interim(h.status)
		}
	}
}

func (s *Session) finalHead(st *stream, h *heading) {
	s.quiet = 0
	id, r := st.id, st.r
	r.FirstByte()
	if st.id != id {
		return
	}
	if h.fault == "" && h.status == 0 {
		h.fault = "the response has no status"
	}
	if h.fault != "" {
		s.malformed(st, h.fault)
		return
	}
	st.headed, st.length = true, h.length
	if st.empty || h.status == 204 || h.status == 304 {
		st.length = 0
	}
	s.response = proto.Head{Status: h.status, Fields: h.fields, Length: st.length}
	if st.ended && st.length < 0 {
		s.response.Length = 0
	}
	err := r.Head(&s.response)
	switch {
	case st.id != id:
	case err != nil:
		s.fail(st, codeCancel, err)
	case s.options.MaxBody > 0 && st.length > s.options.MaxBody:
		s.tooLarge(st, st.length)
	case st.ended:
		s.complete(st)
	}
}

func (s *Session) malformed(st *stream, fault string) {
	s.fail(st, codeProtocol, proto.Failf(load.CauseMalformed, "%s", fault))
}

func (s *Session) tooLarge(st *stream, size int64) {
	s.fail(st, codeCancel, proto.Failf(load.CauseTooLarge, "the body has %d bytes or more, and %d are allowed", size, s.options.MaxBody))
}

// complete ends an exchange whose response is all here.
func (s *Session) complete(st *stream) {
	if st.length >= 0 && st.got != st.length {
		s.fail(st, codeProtocol, proto.Failf(load.CauseMalformed,
			"the response's body has %d bytes, and its content-length says %d", st.got, st.length))
		return
	}
	if st.unsent > 0 {
		s.reset(st, codeNone) // answered early: the rest of the body is of no use
	}
	s.quiet = 0
	r := st.r
	r.End(s.forget(st))
}

// beginData looks at the header of a DATA frame. The whole frame counts for flow
// control, whoever wants it. We never hold bodies back, so windows are opened
// again as soon as they are half used.
func (s *Session) beginData() {
	if !s.onKnownStream() {
		return
	}
	f := &s.frame
	if f.has(flagPadded) && f.length == 0 {
		s.broke(codeProtocol, "the server sent DATA that is smaller than its padding")
		return
	}
	if f.has(flagPadded) {
		f.content = -1
	}
	if s.credit -= f.length; s.credit < 0 {
		s.broke(codeFlow, "the server sent more than the connection's window")
		return
	}
	if size := s.connectionWindow(); s.credit <= size/2 {
		s.answer(nil, appendNumber(s.out[:0], frameWindow, 0, uint32(size-s.credit)))
		s.credit = size
	}
	st := s.find(f.stream)
	if f.length == 0 && !f.has(flagEndStream) || st == nil {
		s.idleFrame()
	}
	if st == nil || s.dead != nil {
		return
	}
	if !st.headed {
		s.malformed(st, "the response's body comes before its head")
		return
	}
	if st.credit -= f.length; st.credit < 0 {
		s.broke(codeFlow, "the server sent more than the stream's window")
		return
	}
	if size := s.options.Window; st.credit <= size/2 && !f.has(flagEndStream) {
		s.answer(st, appendNumber(s.out[:0], frameWindow, st.id, uint32(size-st.credit)))
		st.credit = size
	}
}

// data takes a piece of a DATA frame.
func (s *Session) data(p []byte) {
	f := &s.frame
	if f.content < 0 && len(p) > 0 {
		if f.content = f.length - 1 - int(p[0]); f.content < 0 {
			s.broke(codeProtocol, "the server sent DATA that is smaller than its padding")
			return
		}
		p = p[1:]
	}
	st := s.find(f.stream)
	if st == nil {
		return
	}
	p = p[:min(len(p), f.content)]
	f.content -= len(p)
	if len(p) > 0 && !s.body(st, p) {
		return
	}
	if f.left == 0 && f.has(flagEndStream) {
		st.ended = true
		s.complete(st)
	}
}

// body hands a piece of a body over and says whether the exchange goes on. Of a
// body that is too large the receiver gets what is allowed, so that it does not
// matter how the bytes were cut.
func (s *Session) body(st *stream, p []byte) bool {
	s.quiet = 0
	id, allowed := st.id, int64(len(p))
	if st.length >= 0 {
		allowed = min(allowed, st.length-st.got)
	}
	if s.options.MaxBody > 0 {
		allowed = min(allowed, s.options.MaxBody-st.got)
	}
	all := allowed == int64(len(p))
	if allowed > 0 {
		err := s.handOver(st, p[:allowed])
		if st.id != id {
			return false
		}
		if err != nil {
			s.fail(st, codeCancel, err)
			return false
		}
	}
	switch {
	case all:
		return true
	case st.got == st.length:
		s.malformed(st, "the response's body is larger than its head says")
	default:
		s.tooLarge(st, st.got+1)
	}
	return false
}

func (s *Session) handOver(st *stream, p []byte) error {
	st.got += int64(len(p))
	if st.r.WantsBody() {
		return st.r.Body(p)
	}
	return st.r.Skipped(int64(len(p)))
}
