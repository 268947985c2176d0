package h3

import (
	"errors"
	"io"

	"github.com/quic-go/quic-go"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// maxSettings bounds the frames of the control stream that are kept whole.
const maxSettings = 16 << 10

// acceptStreams takes the streams that the server opens, until the connection
// ends.
func (c *Conn) acceptStreams() {
	seen := make(map[uint64]bool, 4)
	for {
		s, err := c.quic.AcceptUniStream(c.closed)
		if err != nil {
			return
		}
		r := &controlReader{src: s}
		kind, err := r.varint()
		if err != nil {
			continue // reset before it said anything, or the connection's end
		}
		if kind <= streamDecoder && kind != streamPush {
			if seen[kind] {
				c.faulted(errStreamCreation, "a second stream of type %#x", kind)
				return
			}
			seen[kind] = true
		}
		switch kind {
		case streamControl:
			go c.readControl(r)
		case streamEncoder, streamDecoder: // without dynamic tables nothing of interest
		case streamPush:
			c.faulted(errID, "a push stream, which was not allowed")
			return
		default:
			s.CancelRead(quic.StreamErrorCode(errStreamCreation))
		}
	}
}

// faulted ends the connection, from another goroutine than the loop.
func (c *Conn) faulted(code errorCode, format string, args ...any) {
	why := proto.Failf(load.CauseMalformed, format, args...)
	c.push(event{do: func() { c.fault(code, why) }})
}

// readControl reads the server's control stream to the connection's end.
func (c *Conn) readControl(r *controlReader) {
	err := controlFrames(r, func(id uint64) {
		c.push(event{do: func() { c.goAway(quic.StreamID(min(id, maxVarint))) }})
	}, func() {
		n := r.read
		r.read = 0
		c.push(event{do: func() { c.control.In += n }})
	})
	var fault *connectionError
	switch {
	case errors.As(err, &fault):
		c.faulted(fault.code, "%w", fault.why.Err)
	case c.closed.Err() == nil:
		var reset *quic.StreamError
		if errors.Is(err, io.EOF) || errors.As(err, &reset) {
			c.faulted(errClosedCriticalStream, "the server closed its control stream")
		}
	}
}

// controlFrames reads the frames of a control stream behind its type, calls
// goAway for every GOAWAY and after for every frame, and returns what ended it.
func controlFrames(r *controlReader, goAway func(id uint64), after func()) error {
	last := uint64(maxVarint)
	for first := true; ; first = false {
		kind, err := r.varint()
		if err != nil {
			return err
		}
		length, err := r.varint()
		if err != nil {
			return err
		}
		if first != (kind == frameSettings) {
			if first {
				return broken(errMissingSettings, "a control stream that does not begin with SETTINGS")
			}
			return broken(errFrameUnexpected, "SETTINGS once more")
		}
		switch kind {
		case frameSettings, frameGoAway:
			p, err := r.whole(length)
			if err != nil {
				return err
			}
			if kind == frameSettings {
				err = checkSettings(p)
			} else if last, err = checkGoAway(p, last); err == nil {
				goAway(last)
			}
			if err != nil {
				return err
			}
		case frameData, frameHeaders, framePushPromise, frameMaxPushID, 0x2, 0x6, 0x8, 0x9:
			return broken(errFrameUnexpected, "a frame of type %#x on the control stream", kind)
		default:
			if err := r.skip(length); err != nil {
				return err
			}
		}
		after()
	}
}

// checkSettings reads the SETTINGS frame. None of them matters to us.
func checkSettings(p []byte) error {
	seen := map[uint64]bool{}
	for len(p) > 0 {
		id, n := varint(p)
		_, m := varint(p[n:])
		if n == 0 || m == 0 {
			return broken(errFrame, "a SETTINGS frame that ends within a setting")
		}
		p = p[n+m:]
		if seen[id] || id >= 0x2 && id <= 0x5 && id != 0x1 {
			return broken(errSettings, "setting %#x, which may not be there", id)
		}
		seen[id] = true
	}
	return nil
}

// checkGoAway reads a GOAWAY frame; the number in it may only go down.
func checkGoAway(p []byte, last uint64) (uint64, error) {
	id, n := varint(p)
	switch {
	case n == 0 || n != len(p):
		return 0, broken(errFrame, "a GOAWAY frame of %d bytes", len(p))
	case id%4 != 0 || id > last:
		return 0, broken(errID, "GOAWAY with stream %d, after %d", id, last)
	}
	return id, nil
}

// controlReader reads a control stream.
type controlReader struct {
	src  io.Reader
	buf  [512]byte
	have []byte // of buf
	read int64  // bytes, since somebody set it to 0
}

func (r *controlReader) fill() error {
	n, err := r.src.Read(r.buf[:])
	r.have = r.buf[:n]
	r.read += int64(n)
	if n > 0 {
		return nil
	}
	return err
}

func (r *controlReader) byte() (byte, error) {
	for len(r.have) == 0 {
		if err := r.fill(); err != nil {
			return 0, err
		}
	}
	b := r.have[0]
	r.have = r.have[1:]
	return b, nil
}

func (r *controlReader) varint() (uint64, error) {
	b, err := r.byte()
	if err != nil {
		return 0, err
	}
	v := uint64(b & 0x3f)
	for range 1<<(b>>6) - 1 {
		if b, err = r.byte(); err != nil {
			return 0, err
		}
		v = v<<8 | uint64(b)
	}
	return v, nil
}

// whole reads a payload that is to be kept.
func (r *controlReader) whole(n uint64) ([]byte, error) {
	if n > maxSettings {
		return nil, broken(errExcessiveLoad, "a frame of %d bytes on the control stream", n)
	}
	p := make([]byte, 0, n)
	for uint64(len(p)) < n {
		b, err := r.byte()
		if err != nil {
			return nil, err
		}
		p = append(p, b)
	}
	return p, nil
}

func (r *controlReader) skip(n uint64) error {
	for n > 0 {
		if len(r.have) == 0 {
			if err := r.fill(); err != nil {
				return err
			}
		}
		took := min(n, uint64(len(r.have)))
		r.have = r.have[took:]
		n -= took
	}
	return nil
}
