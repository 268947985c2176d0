package h3

import (
	"errors"
	"io"

	"github.com/quic-go/quic-go"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// flow is one exchange: it reads the frames of its stream and tells the
// receiver. All of it happens on the loop.
type flow struct {
	conn     *Conn
	receiver proto.Receiver // nil when the exchange is over
	index    int            // in conn.flows
	stream   *quic.Stream   // nil while the server allows none
	early    []byte         // what to send when it does
	upload   *upload
	in, out  int64

	header  frameHeader
	payload payload // what the bytes are that come next
	left    uint64  // of the payload
	section []byte  // a field section that comes in pieces

	headOnly bool // the request was HEAD
	head     bool // the final head is there
	trailed  bool // the trailers are there
	wants    bool // the receiver looks at the body
	bodiless bool // by its status or method
	interims int
	length   int64 // of the body, as the head says; -1: it does not
	body     int64 // bytes of it so far
}

// payload is what a frame holds.
type payload int

const (
	noPayload payload = iota // a frame's head comes next
	sectionPayload
	dataPayload
	skippedPayload
)

// maxInterims bounds a server that never comes to the point.
const maxInterims = 64

// streamError is a fault of one response: the stream is reset.
type streamError struct {
	code errorCode
	why  *proto.Failure
}

func (e *streamError) Error() string { return e.why.Error() }

// connectionError is a fault that ends the connection.
type connectionError struct {
	code errorCode
	why  *proto.Failure
}

func (e *connectionError) Error() string { return e.why.Error() }

func malformed(code errorCode, format string, args ...any) error {
	return &streamError{code, proto.Failf(load.CauseMalformed, format, args...)}
}

func broken(code errorCode, format string, args ...any) error {
	return &connectionError{code, proto.Failf(load.CauseMalformed, format, args...)}
}

// feed takes bytes of the stream.
func (f *flow) feed(p []byte) {
	f.in += int64(len(p))
	if err := f.parse(p); err != nil && f.receiver != nil {
		f.refuse(err)
	}
}

// refuse ends the exchange, and the connection where that must be.
func (f *flow) refuse(err error) {
	var conn *connectionError
	var stream *streamError
	switch {
	case errors.As(err, &conn):
		f.conn.fault(conn.code, conn.why)
	case errors.As(err, &stream):
		f.fail(stream.code, stream.why)
	default: // the receiver's own
		f.fail(errRequestCancelled, err)
	}
}

func (f *flow) parse(p []byte) error {
	for len(p) > 0 && f.receiver != nil {
		if f.payload == noPayload {
			kind, length, n, ok := f.header.take(p)
			p = p[n:]
			if !ok {
				return nil
			}
			if err := f.frame(kind, length); err != nil {
				return err
			}
			continue
		}
		n := int(min(f.left, uint64(len(p))))
		f.left -= uint64(n)
		if err := f.take(p[:n]); err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// frame begins a frame.
func (f *flow) frame(kind, length uint64) error {
	switch kind {
	case frameData:
		if !f.head || f.trailed {
			return broken(errFrameUnexpected, "DATA where it may not be")
		}
		f.payload = dataPayload
		if err := f.expect(length); err != nil {
			return err
		}
	case frameHeaders:
		if f.trailed {
			return broken(errFrameUnexpected, "HEADERS behind the trailers")
		}
		if length > uint64(f.conn.dec.max) {
			return &streamError{errExcessiveLoad, tooLargeHead(f.conn.dec.max)}
		}
		f.payload, f.section = sectionPayload, f.section[:0]
		if length == 0 {
			return broken(errDecompression, "an empty field section")
		}
	case framePushPromise:
		return broken(errID, "PUSH_PROMISE, which was not allowed")
	case frameCancelPush, frameSettings, frameGoAway, frameMaxPushID, 0x2, 0x6, 0x8, 0x9:
		return broken(errFrameUnexpected, "a frame of type %#x on a request's stream", kind)
	default: // those that nobody knows are to be passed over
		f.payload = skippedPayload
	}
	if f.left = length; length == 0 {
		f.payload = noPayload
	}
	return nil
}

// expect says whether so much more body may come.
func (f *flow) expect(n uint64) error {
	switch body := uint64(f.body) + n; {
	case n == 0:
	case f.bodiless:
		return malformed(errMessage, "a body where there may be none")
	case f.length >= 0 && body > uint64(f.length):
		return malformed(errMessage, "a body of more than the %d bytes of content-length", f.length)
	case f.conn.maxBody > 0 && body > uint64(f.conn.maxBody):
		return &streamError{errExcessiveLoad, proto.Failf(load.CauseTooLarge, "the body is larger than %d bytes", f.conn.maxBody)}
	}
	return nil
}

func tooLargeHead(most int) *proto.Failure {
	return proto.Failf(load.CauseTooLarge, "the head is larger than %d bytes", most)
}

// take handles bytes of a frame's payload; f.left is what remains behind them.
func (f *flow) take(p []byte) error {
	kind := f.payload
	if f.left == 0 {
		f.payload = noPayload
	}
	switch kind {
	case sectionPayload:
		if f.left > 0 || len(f.section) > 0 {
			f.section = append(f.section, p...)
			p = f.section
		}
		if f.left > 0 {
			return nil
		}
		return f.fields(p)
	case dataPayload:
		f.body += int64(len(p))
		if f.wants {
			return f.receiver.Body(p)
		}
		return f.receiver.Skipped(int64(len(p)))
	}
	return nil
}

// fields handles a whole field section.
func (f *flow) fields(block []byte) error {
	if f.head {
		f.trailed = true
		return f.refused(f.conn.dec.trailers(block))
	}
	h, err := f.conn.dec.section(block)
	if err != nil {
		return f.refused(err)
	}
	if h.Status < 200 {
		if f.interims++; h.Status == 101 || f.interims > maxInterims {
			return malformed(errMessage, "status %d, or too many before the final one", h.Status)
		}
		f.receiver.Interim(h.Status)
		return nil
	}
	f.head = true
	f.bodiless = f.headOnly || h.Status == 204 || h.Status == 304
	if !f.bodiless {
		f.length = h.Length
		if f.conn.maxBody > 0 && h.Length > f.conn.maxBody {
			return &streamError{errExcessiveLoad, proto.Failf(load.CauseTooLarge,
				"the body is to have %d bytes; allowed are %d", h.Length, f.conn.maxBody)}
		}
	}
	f.receiver.FirstByte()
	if f.receiver == nil {
		return nil
	}
	if err := f.receiver.Head(h); err != nil || f.receiver == nil {
		return err
	}
	f.wants = f.receiver.WantsBody()
	return nil
}

// refused says what an error of the decoder means.
func (f *flow) refused(err error) error {
	var compression *compressionError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errTooLarge):
		return &streamError{errExcessiveLoad, tooLargeHead(f.conn.dec.max)}
	case errors.As(err, &compression):
		return broken(errDecompression, "%w", err)
	}
	return malformed(errMessage, "%w", err)
}

// finish takes the end of the stream: io.EOF, or what broke it.
func (f *flow) finish(err error) {
	if err != io.EOF { //nolint:errorlint // the library returns it as it is
		f.fail(errRequestCancelled, failure(err))
		return
	}
	switch {
	case f.payload != noPayload || f.header.n > 0:
		f.refuse(broken(errFrame, "the stream ended within a frame"))
	case !f.head:
		f.refuse(malformed(errMessage, "the stream ended before a response"))
	case f.length >= 0 && f.body != f.length:
		f.refuse(malformed(errMessage, "the body ended after %d bytes; content-length said %d", f.body, f.length))
	default:
		r := f.receiver
		if f.upload != nil && !f.upload.done.Load() { // answered early
			f.stream.CancelWrite(quic.StreamErrorCode(errRequestCancelled))
		}
		r.End(f.leave())
	}
}

// fail ends the exchange badly.
func (f *flow) fail(code errorCode, err error) {
	if r := f.receiver; r != nil {
		r.Fail(err, f.stop(code))
	}
}

// stop resets the stream and forgets the exchange.
func (f *flow) stop(code errorCode) proto.Traffic {
	if s := f.stream; s != nil {
		s.CancelRead(quic.StreamErrorCode(code))
		s.CancelWrite(quic.StreamErrorCode(code))
	} else {
		f.out = 0
		for i, w := range f.conn.waiting {
			if w == f {
				f.conn.waiting = append(f.conn.waiting[:i:i], f.conn.waiting[i+1:]...)
				break
			}
		}
	}
	return f.leave()
}

// leave takes the exchange out of its session and returns its traffic.
func (f *flow) leave() proto.Traffic {
	c := f.conn
	f.receiver = nil
	last := len(c.flows) - 1
	c.flows[f.index] = c.flows[last]
	c.flows[f.index].index = f.index
	c.flows[last] = nil
	c.flows = c.flows[:last]
	t := proto.Traffic{In: f.in + c.control.In, Out: f.out + c.control.Out}
	if f.upload != nil {
		t.Out += f.upload.sent.Load()
	}
	c.control = proto.Traffic{}
	return t
}
