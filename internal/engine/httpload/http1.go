package httpload

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"onrush.dev/onrush/internal/load"
)

// wholeWrite is the largest body that is sent before the response is awaited. A
// larger one is sent beside the reading, because a server may answer, and stop
// reading, before it has all.
const wholeWrite = 64 << 10

// http1 is HTTP/1.1 on one connection.
type http1 struct {
	nc    net.Conn // the TLS connection, or the wire itself
	wire  *wire
	head  headReader
	in    *bufio.Reader
	out   []byte
	files *buffers
}

func newHTTP1(nc net.Conn, w *wire, b *buffers) *http1 {
	h := &http1{nc: nc, wire: w, files: b}
	h.head.r = nc
	h.in = bufio.NewReaderSize(&h.head, 4<<10)
	return h
}

// longAgo as a deadline interrupts reads and writes that are under way.
var longAgo = time.Unix(1, 0)

// exchange implements protocol.
func (h *http1) exchange(ctx context.Context, m *message, s *sink) (reply, error) {
	_ = h.nc.SetDeadline(m.deadline)
	stop := context.AfterFunc(ctx, func() { _ = h.wire.SetDeadline(longAgo) })
	defer stop()

	h.out = appendHead(h.out[:0], m)
	if m.size() > wholeWrite {
		return h.exchangeLarge(m, s)
	}
	body, err := m.read()
	if err != nil {
		return reply{}, fail(load.CauseOther, "read body: %w", err)
	}
	h.out = append(h.out, body...)
	_, writeErr := h.nc.Write(h.out)
	// A server may have answered and closed before it read all of the request:
	// its answer counts, so it is looked for even after a failed write. Without
	// one, reading tells best what happened: TLS says why it refuses.
	r, err := h.read(m, s)
	r.reusable = r.reusable && writeErr == nil
	return r, err
}

// exchangeLarge sends the body while the response is awaited.
func (h *http1) exchangeLarge(m *message, s *sink) (reply, error) {
	written := make(chan error, 1)
	go func() {
		err := h.writeLarge(m)
		if err != nil && networkCause(err, "") == "" {
			_ = h.wire.SetDeadline(longAgo) // our own fault: nothing will be answered
			err = fail(load.CauseOther, "read body: %w", err)
		}
		written <- err
	}()
	r, err := h.read(m, s)
	if err != nil {
		_ = h.wire.SetDeadline(longAgo)
		var own *failure
		if e := <-written; errors.As(e, &own) {
			return r, own
		}
		return r, err
	}
	select {
	case e := <-written:
		r.reusable = r.reusable && e == nil
	default: // answered before all was sent
		r.reusable = false
		_ = h.wire.SetDeadline(longAgo)
		<-written //nolint:errcheck // that it was broken off is our own doing
	}
	return r, nil
}

func (h *http1) writeLarge(m *message) error {
	if _, err := h.nc.Write(h.out); err != nil {
		return err
	}
	r, err := m.open()
	if err != nil {
		return err
	}
	defer r.Close()
	buf := h.files.get()
	defer h.files.put(buf)
	_, err = io.CopyBuffer(struct{ io.Writer }{h.nc}, struct{ io.Reader }{r}, *buf)
	return err
}

// read reads the response, after any interim ones.
func (h *http1) read(m *message, s *sink) (reply, error) {
	var r reply
	for {
		resp, first, err := h.readHead(m) //nolint:bodyclose // closing would read an endless body to its end; drain reads it
		if err != nil {
			return r, err
		}
		if code := resp.StatusCode; code < 200 && code != http.StatusSwitchingProtocols {
			continue
		}
		r.firstByte, r.status = first, resp.StatusCode
		r.location = resp.Header.Get("Location")
		packed := resp.Header.Get("Content-Encoding") == "gzip"
		r.found, err = s.drain(resp.Body, packed, resp.ContentLength)
		if err != nil {
			return r, netFailure(err, load.CauseMalformed)
		}
		r.reusable = !resp.Close && !m.last && h.in.Buffered() == 0 && r.status != http.StatusSwitchingProtocols
		return r, nil
	}
}

func (h *http1) readHead(m *message) (*http.Response, time.Time, error) {
	h.head.bound()
	defer h.head.unbound()
	_, err := h.in.Peek(1)
	first := time.Now()
	if err != nil {
		return nil, first, netFailure(err, load.CauseMalformed)
	}
	// Garbage that ends without a line would look like a connection closed too
	// early, so the first bytes are judged before the parser asks for more.
	const magic = "HTTP/"
	start, _ := h.in.Peek(min(h.in.Buffered(), len(magic)))
	if !strings.HasPrefix(magic, string(start)) {
		return nil, first, fail(load.CauseMalformed, "the response begins with %q", start)
	}
	resp, err := http.ReadResponse(h.in, &http.Request{Method: m.method})
	if err != nil && h.head.err != nil {
		err = h.head.err // the parser judges a head cut short as if it were whole
	}
	if err != nil {
		return nil, first, netFailure(err, load.CauseMalformed)
	}
	return resp, first, nil
}

// alive implements protocol. The peer must not have sent anything: neither the
// end of the connection nor bytes nobody asked for. TLS may hold a message of
// its own, which is read; it leaves nothing for us.
func (h *http1) alive() bool {
	switch pending(h.wire.Conn) {
	case pendingNothing:
		return true
	case pendingEnd:
		return false
	}
	if _, secure := h.nc.(*tls.Conn); !secure {
		return false
	}
	_ = h.nc.SetReadDeadline(time.Now().Add(5 * time.Millisecond))
	_, err := h.in.Peek(1)
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// close implements protocol. A connection that is not idle is cut below TLS,
// whose farewell could block.
func (h *http1) close(idle bool) {
	if idle {
		_ = h.nc.Close()
		return
	}
	_ = h.wire.Close()
}

// appendHead writes the request line and headers.
func appendHead(b []byte, m *message) []byte {
	b = append(b, m.method...)
	b = append(b, ' ')
	if m.absolute {
		b = append(b, m.url.Scheme+"://"+m.url.Host...)
	}
	b = append(b, m.url.RequestURI()...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, m.host...)
	b = append(b, "\r\n"...)
	for _, f := range m.fields {
		b = append(b, f.name...)
		b = append(b, ": "...)
		b = append(b, f.value...)
		b = append(b, "\r\n"...)
	}
	if size := m.size(); size > 0 || takesBody(m.method) {
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, size, 10)
		b = append(b, "\r\n"...)
	}
	if m.last {
		b = append(b, "Connection: close\r\n"...)
	}
	return append(b, "\r\n"...)
}

// takesBody says whether servers expect a length even of an empty body.
func takesBody(method string) bool {
	return method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch
}

// open returns the body as a stream.
func (m *message) open() (io.ReadCloser, error) {
	if m.file != nil {
		return m.file.open()
	}
	return io.NopCloser(bytes.NewReader(m.body)), nil
}

// read returns the body in one piece; only for small ones.
func (m *message) read() ([]byte, error) {
	if m.file == nil {
		return m.body, nil
	}
	r, err := m.file.open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}
