package judge

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// What a body may become when it is unpacked. Texts pack to a fifth; a thousand
// to one is a body of zeros, or made to do harm.
const (
	maxUnpacked = 16 << 20 // always allowed
	maxRatio    = 100      // beyond that
)

// maxCodings is how many times a body may be packed.
const maxCodings = 3

// windowZstd is what the format's RFC asks every receiver to allow.
const windowZstd = 8 << 20

// codingsOf lists how a body is packed, in the order in which that was done.
func codingsOf(fields []proto.HeadField) ([]string, *proto.Failure) {
	var codings []string
	for i := range fields {
		if !isNamed(&fields[i], "Content-Encoding") {
			continue
		}
		for word := range strings.SplitSeq(string(fields[i].Value), ",") {
			switch word = strings.ToLower(strings.TrimSpace(word)); word {
			case "", "identity":
			case "gzip", "x-gzip", "deflate", "br", "zstd":
				codings = append(codings, word)
			default:
				return nil, proto.Failf(load.CauseMalformed, "the body is packed as %q, which cannot be unpacked", word)
			}
		}
	}
	if len(codings) > maxCodings {
		return nil, proto.Failf(load.CauseMalformed, "the body is packed %d times", len(codings))
	}
	return codings, nil
}

// tools are unpackers and buffers that wait for their next body.
type tools struct{ gzip, brotli, zstd, buffers sync.Pool }

// pieceSize is how much is unpacked at a time.
const pieceSize = 32 << 10

// unpacker unpacks a body that comes in pieces.
type unpacker struct {
	tools    *tools
	input    *feed
	packed   int64 // bytes that came
	unpacked int64
	failure  *proto.Failure
	giveBack []func()
}

// newUnpacker shows what it unpacks to look, until that says that it is enough.
func newUnpacker(t *tools, codings []string, look func([]byte) bool) *unpacker {
	u := &unpacker{tools: t}
	u.input = newFeed(func(r io.Reader) {
		if err := u.unpack(r, codings, look); err != nil {
			u.failure = proto.AsFailure(fmt.Errorf("unpack body: %w", err), load.CauseMalformed)
		}
	})
	return u
}

func (u *unpacker) feed(p []byte) {
	u.packed += int64(len(p))
	u.input.give(p)
}

// end unpacks what is left. A body without a byte is not packed.
func (u *unpacker) end() {
	if u.packed > 0 {
		u.input.end()
	}
}

// close ends an unpacker; its tools go back.
func (u *unpacker) close() {
	u.input.close()
	for _, back := range u.giveBack {
		back()
	}
	u.giveBack = nil
}

// unpack runs as a coroutine.
func (u *unpacker) unpack(r io.Reader, codings []string, look func([]byte) bool) error {
	for i := len(codings) - 1; i >= 0; i-- {
		var err error
		if r, err = u.open(codings[i], r); err != nil {
			return cut(err)
		}
	}
	kept, ok := u.tools.buffers.Get().(*[pieceSize]byte)
	if !ok {
		kept = new([pieceSize]byte)
	}
	defer u.tools.buffers.Put(kept)
	buf := kept[:]
	for {
		n, err := r.Read(buf)
		u.unpacked += int64(n)
		if u.unpacked > maxUnpacked+maxRatio*u.packed {
			return proto.Failf(load.CauseTooLarge, "%d bytes become more than %d", u.packed, u.unpacked)
		}
		if n > 0 && !look(buf[:n]) {
			return nil
		}
		switch {
		case errors.Is(err, io.EOF):
			// What follows the packed body is no body, but no fault either.
			_, _ = io.Copy(io.Discard, u.input)
			return nil
		case err != nil:
			return cut(err)
		}
	}
}

// cut names the fault of a body that ends in its middle.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (u *unpacker) open(coding string, r io.Reader) (io.Reader, error) {
	switch coding {
	case "br":
		z, ok := u.tools.brotli.Get().(*brotli.Reader)
		if !ok {
			z = new(brotli.Reader)
		}
		u.giveBack = append(u.giveBack, func() { u.tools.brotli.Put(z) })
		return z, z.Reset(r)
	case "zstd":
		return u.openZstd(r)
	case "deflate":
		return openDeflate(r)
	}
	z, ok := u.tools.gzip.Get().(*gzip.Reader)
	if !ok {
		z = new(gzip.Reader)
	}
	u.giveBack = append(u.giveBack, func() { u.tools.gzip.Put(z) })
	return z, z.Reset(r)
}

func (u *unpacker) openZstd(r io.Reader) (io.Reader, error) {
	z, ok := u.tools.zstd.Get().(*zstd.Decoder)
	if !ok {
		var err error
		// One at a time: everything happens on the caller's goroutine.
		if z, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(windowZstd), zstd.WithDecoderLowmem(true)); err != nil {
			return nil, err
		}
	}
	u.giveBack = append(u.giveBack, func() {
		_ = z.Reset(nil)
		u.tools.zstd.Put(z)
	})
	return z, z.Reset(r)
}

// openDeflate takes the zlib format, which the standard means, and the bare one,
// which some servers send.
func openDeflate(r io.Reader) (io.Reader, error) {
	b := bufio.NewReader(r)
	head, err := b.Peek(2)
	if err != nil {
		return nil, err
	}
	if head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		return zlib.NewReader(b)
	}
	return flate.NewReader(b), nil
}
