package dial

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// What ALPN calls the protocols that Speak ends with.
const (
	HTTP1 = "http/1.1"
	HTTP2 = "h2"
)

// Spoken is a connection that is ready for requests.
type Spoken struct {
	Conn     net.Conn
	TLS      *tls.Conn // Conn, when it is one: towards the target, or to a proxy that forwards
	Protocol string    // HTTP1 or HTTP2
	Times    Times
}

// Times are parts of opening a connection; 0: there was no such part.
type Times struct {
	Tunnel time.Duration // through the proxy, TLS with the proxy itself included
	TLS    time.Duration // with the target
}

// Speak makes a connection that is open, to one of the targets of o, ready for
// requests: the proxy's tunnel, TLS, the protocol. It reads and writes nc on the
// calling goroutine alone, sets no deadlines and does not close it: whoever wants
// it to end makes nc fail. ctx is looked at between the steps. Errors are
// *proto.Failure.
func (d *Dialer) Speak(ctx context.Context, nc net.Conn, o Origin) (Spoken, error) {
	s := Spoken{Conn: nc, Protocol: HTTP1}
	if o.Scheme != "https" && d.version == load.HTTP2 {
		s.Protocol = HTTP2
	}
	if o.Scheme != "https" && d.proxy == nil {
		return s, nil
	}
	at := d.place(nc, o)
	if d.proxy != nil {
		begin := time.Now()
		if err := d.pass(ctx, &s, o, at); err != nil {
			return Spoken{}, ended(ctx, err)
		}
		if !d.Absolute(o) || d.proxy.tls != nil {
			s.Times.Tunnel = time.Since(begin)
		}
		at = o.Host + " through " + at
	}
	if o.Scheme != "https" {
		return s, nil
	}
	if err := ctx.Err(); err != nil {
		return Spoken{}, ended(ctx, err)
	}
	begin := time.Now()
	tc, err := handshake(s.Conn, d.tls.target(o.Host, nil), at)
	if err != nil {
		return Spoken{}, ended(ctx, err)
	}
	s.Conn, s.TLS, s.Times.TLS = tc, tc, time.Since(begin)
	got := tc.ConnectionState().NegotiatedProtocol
	if got == HTTP2 {
		s.Protocol = HTTP2
	} else if d.version == load.HTTP2 {
		return Spoken{}, proto.Failf(load.CauseTLS, "%s does not speak HTTP/2 (it chose %q by ALPN): say connection.http: auto", at, got)
	}
	return s, nil
}

// pass gets by the proxy: through a tunnel, or merely to it when it forwards.
func (d *Dialer) pass(ctx context.Context, s *Spoken, o Origin, at string) error {
	if d.proxy.tls != nil {
		tc, err := handshake(s.Conn, d.proxy.tls, at)
		if err != nil {
			return err
		}
		s.Conn = tc
		if d.Absolute(o) {
			s.TLS = tc
		}
	}
	if d.Absolute(o) {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return d.proxy.tunnel(s.Conn, o)
}

// place names the peer of a connection for errors.
func (d *Dialer) place(nc net.Conn, o Origin) string {
	name := o.Host
	if d.proxy != nil {
		name = "the proxy " + d.proxy.origin.Host
	}
	if a := nc.RemoteAddr(); a != nil {
		return fmt.Sprintf("%s (%s)", name, a)
	}
	return name
}

// ended prefers why somebody ended the connection to how that looked.
func ended(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return &proto.Failure{Cause: load.CauseStopped, Err: fmt.Errorf("cut off: %w", err)}
	}
	return proto.AsFailure(err, StreamCause(err, load.CauseConnect))
}

func handshake(nc net.Conn, config *tls.Config, at string) (*tls.Conn, error) {
	tc := tls.Client(nc, config)
	// Not HandshakeContext, which would watch its context on another goroutine.
	if err := tc.Handshake(); err != nil {
		return nil, proto.Failf(handshakeCause(err), "TLS with %s: %s%w", at, explain(err, config), err)
	}
	return tc, nil
}

// explain puts what a fault means before what the library calls it.
func explain(err error, config *tls.Config) string {
	var record tls.RecordHeaderError
	var unknown x509.UnknownAuthorityError
	text := err.Error()
	switch {
	case errors.As(err, &record):
		return fmt.Sprintf("it does not speak TLS (its first bytes are %q): ", record.RecordHeader[:])
	case errors.As(err, &unknown):
		return "its certificate is of an authority that is not trusted (connection.tls.ca names others): "
	case strings.Contains(text, "failed to verify certificate"):
		return "its certificate is not accepted: "
	case strings.Contains(text, "protocol version"):
		return fmt.Sprintf("no TLS version in common (ours are %s): ", versions(config))
	case strings.Contains(text, "no application protocol"):
		return fmt.Sprintf("no protocol in common (ours are %s): ", strings.Join(config.NextProtos, ", "))
	case strings.Contains(text, "remote error: tls: certificate required"),
		len(config.Certificates) == 0 && strings.Contains(text, "remote error: tls: bad certificate"):
		return "it demands a client certificate (connection.tls.certificate): "
	case len(config.Certificates) == 0 && strings.Contains(text, "remote error: tls: handshake failure"):
		return "it refuses, as those do who demand a client certificate (connection.tls.certificate) or know none of our ciphers: "
	case strings.HasPrefix(text, "remote error: "):
		return "it refuses: "
	case strings.HasSuffix(text, "EOF"):
		return "it closed the connection in the middle of the handshake: "
	}
	return ""
}

func versions(c *tls.Config) string {
	switch {
	case c.MaxVersion == tls.VersionTLS12:
		return "1.2"
	case c.MinVersion == tls.VersionTLS13:
		return "1.3"
	}
	return "1.2 and 1.3"
}
