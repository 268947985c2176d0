package h3

import (
	"errors"
	"io"
	"sync/atomic"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// smallBody is the largest body that goes with its head at once, from the loop.
const smallBody = 16 << 10

// upload sends a large body, or a small one that the server's windows did not
// take at once, from a goroutine of its own. When the exchange ends, its stream
// is reset, after which the library does not touch the body any more; a read
// from a file may still be under way then, and nobody sees what it says.
type upload struct {
	head []byte // sent first, when it could not be sent at once
	body []byte
	file *proto.File
	size int64
	sent atomic.Int64 // bytes of the body
	done atomic.Bool  // all is written
}

func (u *upload) run(f *flow) {
	s := f.stream
	if _, err := s.Write(u.head); err != nil {
		return // the worker reads the same from the stream
	}
	write := u.body
	for u.file != nil && u.sent.Load() < u.size {
		if !u.piece(f) {
			return
		}
	}
	for len(write) > 0 && u.file == nil {
		n, err := s.Write(write[:min(len(write), largeChunk)])
		u.sent.Add(int64(n))
		write = write[n:]
		if err != nil {
			return
		}
	}
	u.done.Store(true)
	_ = s.Close()
}

// piece sends the next piece of a file and says whether to go on.
func (u *upload) piece(f *flow) bool {
	at := u.sent.Load()
	k := f.conn.group.chunk(true)
	defer f.conn.group.put(k)
	p := k.buf[:min(int64(len(k.buf)), u.size-at)]
	n, err := u.file.Reader.ReadAt(p, at)
	if n < len(p) {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		why := proto.Failf(load.CauseOther, "read body: %w", err)
		f.conn.push(event{do: func() { f.fail(errRequestCancelled, why) }})
		return false
	}
	n, err = f.stream.Write(p)
	u.sent.Add(int64(n))
	return err == nil
}
