//nolint:staticcheck // x/net/http2 is frozen in favour of net/http, whose ClientConn takes no connection that we can watch
package httpload

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"

	"onrush.dev/onrush/internal/load"
)

// http2conn is HTTP/2 on one connection, with one stream at a time: every user,
// and every request of the open model, stands for somebody else's browser.
//
// The library's ClientConn is used and not its Transport, which would send a
// request again on another connection when it thinks that it may.
type http2conn struct {
	cc   *http2.ClientConn
	read *watched // what the library reads: the TLS connection, or the wire itself
	wire *wire
}

func newHTTP2(t *transport2, nc net.Conn, w *wire) (*http2conn, error) {
	read := newWatched(nc)
	cc, err := t.NewClientConn(read)
	if err != nil {
		return nil, err
	}
	return &http2conn{cc, read, w}, nil
}

// transport2 makes HTTP/2 connections out of others.
type transport2 = http2.Transport

func newHTTP2Transport(c *tls.Config) *transport2 {
	return &transport2{
		TLSClientConfig:    c,
		AllowHTTP:          true,
		DisableCompression: true, // we ask for it, or not, and unpack only to search
		MaxHeaderListSize:  maxHead,
	}
}

// exchange implements protocol.
func (h *http2conn) exchange(ctx context.Context, m *message, s *sink) (reply, error) {
	ctx, cancel := context.WithDeadline(ctx, m.deadline)
	defer cancel()
	var r reply
	// The library's reader calls back on its own goroutine, at the latest when
	// we have already given up.
	begin, first := time.Now(), new(atomic.Int64)
	trace := &httptrace.ClientTrace{GotFirstResponseByte: func() { first.Store(int64(time.Since(begin))) }}
	req, err := h.request(httptrace.WithClientTrace(ctx, trace), m)
	if err != nil {
		return r, fail(load.CauseOther, "read body: %w", err)
	}
	resp, err := h.cc.RoundTrip(req)
	if err != nil {
		return r, h.failure(err)
	}
	defer resp.Body.Close()
	r.firstByte = begin.Add(time.Duration(first.Load()))
	r.status = resp.StatusCode
	r.location = resp.Header.Get("Location")
	packed := resp.Header.Get("Content-Encoding") == "gzip"
	r.found, err = s.drain(resp.Body, packed, resp.ContentLength)
	if err != nil {
		return r, h.failure(err)
	}
	r.reusable = !m.last && h.cc.CanTakeNewRequest()
	return r, nil
}

// failure finds the cause of an error of the library. When the connection is of
// no use any more, what the library read last knows best: the peer ended it, TLS
// refused it, or the library gave it up because what came was not HTTP/2.
func (h *http2conn) failure(err error) *failure {
	f := netFailure(err, "")
	if f.cause != "" && f.cause != load.CauseClosed && f.cause != load.CauseReset {
		return f
	}
	if e := h.read.last(); e != nil && !errors.Is(e, net.ErrClosed) {
		f.cause = networkCause(e, load.CauseMalformed)
	}
	if f.cause == "" {
		f.cause = load.CauseMalformed
	}
	return f
}

func (h *http2conn) request(ctx context.Context, m *message) (*http.Request, error) {
	req := (&http.Request{
		Method:        m.method,
		URL:           m.url,
		Host:          m.host,
		Header:        make(http.Header, len(m.fields)),
		Proto:         "HTTP/2.0",
		ProtoMajor:    2,
		ContentLength: m.size(),
	}).WithContext(ctx)
	for _, f := range m.fields {
		if !perConnection(f.name) {
			req.Header.Add(f.name, f.value)
		}
	}
	if m.size() > 0 {
		body, err := m.open()
		if err != nil {
			return nil, err
		}
		req.Body = io.NopCloser(body)
		if m.file != nil {
			req.Body = body
		}
	}
	return req, nil
}

// perConnection names the headers that HTTP/2 forbids.
func perConnection(name string) bool {
	switch strings.ToLower(name) {
	case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade":
		return true
	}
	return false
}

// alive implements protocol: the library reads in the background and knows.
func (h *http2conn) alive() bool { return h.cc.CanTakeNewRequest() }

// close implements protocol.
func (h *http2conn) close(idle bool) {
	if !idle {
		_ = h.wire.Close() // first, so that no farewell can block
	}
	_ = h.cc.Close()
}

// http2Cause knows the errors of the HTTP/2 library, some of which have no type.
func http2Cause(err error, fallback load.Cause) load.Cause {
	var stream http2.StreamError
	var away http2.GoAwayError
	var conn http2.ConnectionError
	text := err.Error()
	switch {
	case errors.As(err, &stream) && stream.Cause == nil:
		return load.CauseReset // RST_STREAM from the peer; our own carry a Cause
	case errors.As(err, &away):
		return load.CauseClosed
	case errors.As(err, &conn), errors.As(err, &stream), errors.Is(err, http2.ErrFrameTooLarge):
		return load.CauseMalformed
	case strings.Contains(text, "client connection lost"),
		strings.Contains(text, "Transport received Server's graceful shutdown GOAWAY"):
		return load.CauseClosed
	}
	return fallback
}
