package httpload

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
	"time"

	"onrush.dev/onrush/internal/load"
)

// dialer opens connections: name, TCP, proxy, TLS, protocol.
type dialer struct {
	resolver *resolver
	local    []netip.Addr // source addresses, in turn; none: the system chooses
	turn     atomic.Uint64
	proxy    *url.URL
	tls      *tls.Config
	version  string // auto, 1.1 or 2
	timeout  time.Duration
	h2       *transport2
	buffers  *buffers
}

// open opens a connection to o. The traffic of a failed attempt is in the
// returned wire, which is never nil.
func (d *dialer) open(ctx context.Context, o origin, deadline time.Time) (*conn, *wire, error) {
	w := new(wire)
	limit := time.Now().Add(d.timeout)
	if deadline.Before(limit) {
		limit = deadline
	}
	ctx, cancel := context.WithDeadline(ctx, limit)
	defer cancel()
	nc, err := d.connect(ctx, o, w)
	if err != nil {
		return nil, w, err
	}
	_ = nc.SetDeadline(limit)
	stop := context.AfterFunc(ctx, func() { _ = nc.SetDeadline(longAgo) })
	c, err := d.speak(ctx, o, w)
	stop()
	if err != nil {
		_ = w.Close()
		return nil, w, err
	}
	_ = nc.SetDeadline(time.Time{})
	return c, w, nil
}

// connect opens the TCP connection, to the origin or to the proxy.
func (d *dialer) connect(ctx context.Context, o origin, w *wire) (net.Conn, error) {
	host, port := o.host, o.port
	if d.proxy != nil {
		p := originOf(d.proxy)
		host, port = p.host, p.port
	}
	addrs, err := d.resolver.addresses(ctx, host, port)
	if err != nil {
		return nil, err
	}
	var last error
	for i, addr := range addrs {
		nc, err := d.connectOne(ctx, addr, len(addrs)-i)
		if err == nil {
			w.Conn = nc
			return nc, nil
		}
		last = err
		if ctx.Err() != nil {
			break
		}
	}
	return nil, &failure{connectCause(last), last}
}

// connectOne tries one address, with its part of the time left.
func (d *dialer) connectOne(ctx context.Context, to netip.AddrPort, left int) (net.Conn, error) {
	if limit, ok := ctx.Deadline(); ok && left > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(limit)/time.Duration(left))
		defer cancel()
	}
	var nd net.Dialer
	if len(d.local) > 0 {
		from, ok := d.source(to.Addr())
		if !ok {
			return nil, fmt.Errorf("connect %s: no local address of its family", to)
		}
		nd.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))
	}
	return nd.DialContext(ctx, "tcp", to.String())
}

// source returns the next local address that can reach to.
func (d *dialer) source(to netip.Addr) (netip.Addr, bool) {
	for range d.local {
		a := d.local[(d.turn.Add(1)-1)%uint64(len(d.local))]
		if a.Is4() == to.Is4() {
			return a, true
		}
	}
	return netip.Addr{}, false
}

// speak makes the connection ready for requests: tunnel, TLS, protocol.
func (d *dialer) speak(ctx context.Context, o origin, w *wire) (*conn, error) {
	secure := o.scheme == "https"
	if d.proxy != nil && (secure || d.version == "2") {
		if err := d.tunnel(o, w); err != nil {
			return nil, err
		}
	}
	var nc net.Conn = w
	use2 := d.version == "2"
	if secure {
		tc, err := d.handshake(ctx, o, w)
		if err != nil {
			return nil, err
		}
		nc = tc
		got := tc.ConnectionState().NegotiatedProtocol
		if use2 && got != "h2" {
			return nil, fail(load.CauseTLS, "the server does not speak HTTP/2 (ALPN: %q)", got)
		}
		use2 = got == "h2"
	}
	c := &conn{origin: o, wire: w}
	if !use2 {
		c.protocol = newHTTP1(nc, w, d.buffers)
		return c, nil
	}
	h2, err := newHTTP2(d.h2, nc, w)
	if err != nil {
		return nil, netFailure(err, load.CauseMalformed)
	}
	c.protocol = h2
	return c, nil
}

func (d *dialer) handshake(ctx context.Context, o origin, w *wire) (*tls.Conn, error) {
	config := d.tls.Clone()
	if config.ServerName == "" {
		config.ServerName = o.host
	}
	tc := tls.Client(w, config)
	if err := tc.HandshakeContext(ctx); err != nil {
		return nil, &failure{handshakeCause(err), err}
	}
	return tc, nil
}

// tunnel asks the proxy for a way through.
func (d *dialer) tunnel(o origin, w *wire) error {
	to := net.JoinHostPort(o.host, o.port)
	ask := "CONNECT " + to + " HTTP/1.1\r\nHost: " + to + "\r\n"
	if v := basicAuth(d.proxy.User); v != "" {
		ask += "Proxy-Authorization: " + v + "\r\n"
	}
	if _, err := w.Write([]byte(ask + "\r\n")); err != nil {
		return netFailure(err, load.CauseConnect)
	}
	// One byte at a time: what follows the answer belongs to the tunnel.
	//nolint:bodyclose // the answer has none: what follows is the tunnel
	resp, err := http.ReadResponse(bufio.NewReader(oneByte{w}), &http.Request{Method: http.MethodConnect})
	if err != nil {
		return netFailure(err, load.CauseMalformed)
	}
	if resp.StatusCode != http.StatusOK {
		return fail(load.CauseConnect, "the proxy answers %s", resp.Status)
	}
	return nil
}

type oneByte struct{ net.Conn }

func (r oneByte) Read(p []byte) (int, error) { return r.Conn.Read(p[:min(1, len(p))]) }

// basicAuth is the header value for a URL's user and password, if it has them.
func basicAuth(u *url.Userinfo) string {
	if u == nil {
		return ""
	}
	password, _ := u.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+password))
}
