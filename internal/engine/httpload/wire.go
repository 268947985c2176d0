package httpload

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// wire counts the bytes of one TCP connection, below TLS: what travels, with
// TLS records and handshakes, without the headers of TCP and IP.
type wire struct {
	net.Conn
	in, out atomic.Int64
}

// Read implements net.Conn.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.in.Add(int64(n))
	return n, err
}

// Write implements net.Conn.
func (w *wire) Write(p []byte) (int, error) {
	n, err := w.Conn.Write(p)
	w.out.Add(int64(n))
	return n, err
}

// take returns the bytes since the last take. HTTP/2 sends a few frames when no
// request is under way; they are counted with the next one.
func (w *wire) take() (in, out int64) { return w.in.Swap(0), w.out.Swap(0) }

// watched remembers why reading from a connection ended, for libraries that
// read by themselves and do not tell.
type watched struct {
	net.Conn
	once  sync.Once
	ended chan struct{} // closed when err is set
	err   error
}

func newWatched(nc net.Conn) *watched { return &watched{Conn: nc, ended: make(chan struct{})} }

// Read implements net.Conn.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if err != nil {
		w.once.Do(func() { w.err = err; close(w.ended) })
	}
	return n, err
}

// Write implements net.Conn. When it fails because the peer is gone, the peer's
// last words may still be on their way through the reader, which the writer's
// error would cut short.
func (w *watched) Write(p []byte) (int, error) {
	n, err := w.Conn.Write(p)
	if err != nil {
		select {
		case <-w.ended:
		case <-time.After(50 * time.Millisecond):
		}
	}
	return n, err
}

// last is what ended the reading, or nil.
func (w *watched) last() error {
	select {
	case <-w.ended:
		return w.err
	default:
		return nil
	}
}

// maxHead bounds a response's status line and headers.
const maxHead = 1 << 20

var errHeadTooLarge = errors.New("the response's headers are larger than 1 MiB")

// headReader bounds what is read while a response's head is awaited: the
// standard parser has no bound of its own, and a hostile head has no end.
type headReader struct {
	r       io.Reader
	bounded bool
	left    int
	err     error // that ended a read of this head
}

// Read implements io.Reader.
func (h *headReader) Read(p []byte) (int, error) {
	if !h.bounded {
		return h.r.Read(p)
	}
	if h.left <= 0 {
		h.err = errHeadTooLarge
		return 0, h.err
	}
	n, err := h.r.Read(p[:min(len(p), h.left)])
	h.left -= n
	h.err = err
	return n, err
}

func (h *headReader) bound()   { h.bounded, h.left, h.err = true, maxHead, nil }
func (h *headReader) unbound() { h.bounded = false }
