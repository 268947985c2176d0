// Package h1 is HTTP/1.1 for the http engine: a session that writes requests
// and reads responses on one connection, as RFC 9110 and RFC 9112 say.
//
// Bytes come by Receive, in pieces of any size, and are read in place: only a
// head that has not come to its end is kept. Whatever the pieces, the receiver
// is told the same. What is no response is an error with its cause.
//
//	session.go   an exchange from its start to its end, and the connection's life
//	shared.go    limits and lent buffers
//	writer.go    a message to bytes
//	block.go     lines up to the empty one, to fields
//	status.go    the first of them
//	head.go      what the fields mean: length of the body, life of the connection
//	body.go      bodies: of known length, in chunks, until the end
//
// It may not know sockets, clocks or figures, may not block, and never has two
// requests under way (no pipelining). Read package proto first, then session.go.
package h1

import (
	"errors"
	"io"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// phase is what the next byte of the response is.
type phase uint8

const (
	inHead  phase = iota // of a status line, a header line, or an empty line before them
	inBody               // of a body of known length
	inRest               // of a body that ends with the connection
	inSize               // of a chunk's size
	inPad                // of spaces behind the size
	inExt                // of an extension, which may follow the size on its line
	inLine               // the line feed that ends the line of the size
	inChunk              // of a chunk
	inCR                 // the carriage return behind a chunk
	inLF                 // the line feed behind it
	inTrail              // of a trailer's line
	whole                // none: the response is complete
)

// where says in words what was awaited, for errors.
func (p phase) where() string {
	switch p {
	case inHead:
		return "head"
	case inBody, inRest:
		return "body"
	case inTrail:
		return "trailer section"
	}
	return "chunked body"
}

var (
	errUnasked = errors.New("the server sent bytes that nobody asked for")
	errSpent   = errors.New("the connection is spent")
)

// Session is a proto.Session of HTTP/1.1.
type Session struct {
	link   proto.Link
	shared *Shared
	r      proto.Receiver // nil: no exchange is under way
	t      proto.Traffic
	out    upload
	block  block

	left int64 // of a body of known length or of a chunk, whose size it is while that is read
	room int64 // how much longer a body of unknown length may become
	line int   // bytes of a chunk's line so far

	headLeft int // what heads and trailers of this exchange may still hold
	interims int

	phase   phase
	method  method
	last    bool // the request asked for the connection's end
	begun   bool // the receiver knows of the first byte
	closing bool // the connection does not outlive this response
	spent   bool // nothing may be started any more
}

// New begins a session on a connection that nothing was sent on.
func New(link proto.Link, shared *Shared) *Session {
	return &Session{link: link, shared: shared}
}

// Start implements proto.Session.
func (s *Session) Start(m *proto.Message, r proto.Receiver) {
	s.r, s.t = r, proto.Traffic{}
	s.phase, s.method, s.last = inHead, methodOf(m.Method), m.Last
	s.begun, s.closing = false, false
	s.interims, s.headLeft, s.room = 0, s.shared.maxHead, s.shared.maxBody
	s.send(m)
}

// Receive implements proto.Session.
func (s *Session) Receive(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	if s.r == nil {
		s.spent = true
		return errUnasked
	}
	s.t.In += int64(len(p))
	err := s.out.err
	for err == nil {
		p, err = s.step(p)
		switch {
		case s.r == nil: // cancelled by the receiver, within a call
			return errSpent
		case err != nil:
		case s.phase == whole:
			return s.end(len(p))
		case len(p) == 0:
			return nil
		}
	}
	return s.fail(err)
}

// step reads what it can of one part of the response.
func (s *Session) step(p []byte) ([]byte, error) {
	switch s.phase {
	case inHead, inTrail:
		return s.readBlock(p)
	case inBody:
		return s.readBody(p)
	case inRest:
		return s.readRest(p)
	default:
		return s.readChunks(p)
	}
}

// Ended implements proto.Session.
func (s *Session) Ended(err error) {
	s.spent = true
	if s.r == nil {
		return
	}
	orderly := err == nil || errors.Is(err, io.EOF)
	switch {
	case s.out.err != nil:
		err = s.out.err
	case orderly && s.phase == inRest:
		_ = s.end(0)
		return
	case orderly && s.t.In == 0:
		err = proto.Failf(load.CauseClosed, "the connection ended before anything was answered")
	case orderly:
		err = proto.Failf(load.CauseClosed, "the connection ended in the %s, after %d bytes", s.phase.where(), s.t.In)
	}
	_ = s.fail(err)
}

// Writable implements proto.Session. A body that cannot be read to its end
// fails the exchange here, so this is worth a call after every Start, too.
func (s *Session) Writable() {
	if s.r == nil {
		return
	}
	s.sendMore()
	if s.out.err != nil {
		_ = s.fail(s.out.err)
	}
}

// Cancel implements proto.Session.
func (s *Session) Cancel(r proto.Receiver) proto.Traffic {
	if s.r == nil || s.r != r {
		return proto.Traffic{}
	}
	s.spent = true
	t := s.t
	s.forget()
	return t
}

// Room implements proto.Session.
func (s *Session) Room() int {
	switch {
	case s.r != nil:
		return 0
	case s.spent:
		return -1
	}
	return 1
}

// Busy implements proto.Session.
func (s *Session) Busy() int {
	if s.r != nil {
		return 1
	}
	return 0
}

// Farewell implements proto.Session: HTTP/1.1 ends without a word.
func (s *Session) Farewell() {}

// end tells the receiver that the response is complete. Bytes behind it are
// nobody's, and after them the next response could not be told from garbage. The
// receiver may start the next exchange, so nothing is touched after it.
func (s *Session) end(surplus int) error {
	var err error
	if surplus > 0 {
		err = errUnasked
	}
	if surplus > 0 || s.closing || s.last || !s.out.done() {
		s.spent = true
	}
	r, t := s.r, s.t
	t.In -= int64(surplus)
	s.forget()
	r.End(t)
	return err
}

// fail tells the receiver that the exchange broke off.
func (s *Session) fail(err error) error {
	s.spent = true
	r, t := s.r, s.t
	s.forget()
	r.Fail(err, t)
	return err
}

// forget lets go of everything that belongs to the exchange.
func (s *Session) forget() {
	s.r, s.out = nil, upload{}
	s.drop()
}
