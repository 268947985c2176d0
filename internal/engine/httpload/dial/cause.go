package dial

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// StreamCause finds the cause of an error of a connection that was open.
// Anything that is no error of the network is the peer's bad speech, so fallback
// says what that means at this place.
func StreamCause(err error, fallback load.Cause) load.Cause {
	var f *proto.Failure
	switch {
	case errors.As(err, &f):
		return f.Cause
	case errors.Is(err, context.Canceled):
		return load.CauseStopped
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		return load.CauseTimeout
	case errors.Is(err, syscall.ECONNREFUSED):
		return load.CauseRefused
	case errors.Is(err, syscall.ECONNRESET):
		return load.CauseReset
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, syscall.EPIPE), errors.Is(err, net.ErrClosed):
		return load.CauseClosed
	case isAlert(err):
		return load.CauseTLS
	}
	return fallback
}

// ConnectCause finds the cause of an error of opening a TCP connection.
func ConnectCause(err error) load.Cause {
	var f *proto.Failure
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &f):
		return f.Cause
	case errors.Is(err, context.Canceled):
		return load.CauseStopped
	case errors.As(err, &dns):
		return load.CauseDNS
	case errors.Is(err, syscall.ECONNREFUSED):
		return load.CauseRefused
	case errors.Is(err, syscall.ECONNRESET):
		return load.CauseReset
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return load.CauseTimeout
	}
	return load.CauseConnect
}

// ConnectFailure says in words that connecting to an address or a Unix socket
// failed.
func (d *Dialer) ConnectFailure(to string, err error) *proto.Failure {
	var f *proto.Failure
	if errors.As(err, &f) {
		return f
	}
	cause := ConnectCause(err)
	hint := ""
	switch {
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		hint = " (no local address or port is left: keep connections alive, or give more connection.local_addresses)"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		hint = " (the limit of open files is too low for so many connections)"
	}
	if d.proxy != nil {
		return proto.Failf(cause, "connect to the proxy %s at %s: %w%s", d.proxy.origin.Address(), to, err, hint)
	}
	return proto.Failf(cause, "connect to %s: %w%s", to, err, hint)
}

// handshakeCause finds the cause of an error of a TLS handshake: whatever the
// peer did there other than resetting or saying nothing is bad TLS.
func handshakeCause(err error) load.Cause {
	switch cause := StreamCause(err, load.CauseTLS); cause {
	case load.CauseStopped, load.CauseTimeout, load.CauseReset:
		return cause
	}
	return load.CauseTLS
}

// isAlert says whether err is a TLS alert or a broken record after the
// handshake: a server of TLS 1.3 refuses a client certificate only then.
func isAlert(err error) bool {
	var op *net.OpError
	var record tls.RecordHeaderError
	if errors.As(err, &record) {
		return true
	}
	return errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error")
}
