package httpload

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"sync"

	"onrush.dev/onrush/internal/load"
)

// bufferSize is what one read of a body asks for. Buffers are lent out for the
// time of a body only, so memory grows with responses under way, not with users
// and not with the size of bodies.
const bufferSize = 64 << 10

type buffers struct{ pool sync.Pool }

func (b *buffers) get() *[]byte {
	if p, ok := b.pool.Get().(*[]byte); ok {
		return p
	}
	p := make([]byte, bufferSize)
	return &p
}

func (b *buffers) put(p *[]byte) { b.pool.Put(p) }

// sink reads a response's body to its end and keeps nothing of it.
type sink struct {
	buffers *buffers
	max     int64  // most bytes of the body as it travels; 0: no bound
	want    []byte // text to look for; empty: none
}

// boundedBody counts the body's bytes and keeps the error that ended it, so
// that the unpacker's own complaints can be told from the network's.
type boundedBody struct {
	r    io.Reader
	left int64 // -1: no bound
	err  error
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left >= 0 {
		if b.left -= int64(n); b.left < 0 {
			err = fail(load.CauseTooLarge, "the body is larger than max_body")
		}
	}
	if err != nil {
		b.err = err
	}
	return n, err
}

// drain reads the body and says whether the wanted text was in it. Only for
// that is a packed body unpacked.
func (s *sink) drain(r io.Reader, packed bool, length int64) (found bool, err error) {
	body := &boundedBody{r: r, left: -1}
	if s.max > 0 {
		if length > s.max {
			return false, fail(load.CauseTooLarge, "the body is to have %d bytes, more than max_body", length)
		}
		body.left = s.max
	}
	buf := s.buffers.get()
	defer s.buffers.put(buf)
	if len(s.want) > 0 {
		if found, err = s.search(body, packed, *buf); err != nil {
			return found, err
		}
	}
	for body.err == nil {
		_, _ = body.Read(*buf)
	}
	if errors.Is(body.err, io.EOF) {
		return found, nil
	}
	return found, body.err
}

// search looks for the wanted text until it is found or the body ends.
func (s *sink) search(body *boundedBody, packed bool, buf []byte) (bool, error) {
	var r io.Reader = body
	if packed {
		z, err := gzip.NewReader(body)
		if err != nil {
			return false, unpackFailure(body, err)
		}
		r = z
	}
	if need := 2 * len(s.want); need > len(buf) {
		buf = make([]byte, need) // rare: the text looked for is itself large
	}
	kept := 0 // bytes of the end of the last read, in case the text spans two
	for {
		n, err := r.Read(buf[kept:])
		if bytes.Contains(buf[:kept+n], s.want) {
			return true, nil
		}
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, unpackFailure(body, err)
		}
		kept = copy(buf, buf[max(0, kept+n-len(s.want)+1):kept+n])
	}
}

// unpackFailure tells a broken connection from a broken packing.
func unpackFailure(body *boundedBody, err error) error {
	if body.err != nil && !errors.Is(body.err, io.EOF) {
		return body.err
	}
	return fail(load.CauseMalformed, "unpack body: %w", err)
}
