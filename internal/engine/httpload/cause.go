package httpload

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"onrush.dev/onrush/internal/load"
)

// failure is why a request did not succeed. The place that sees a fault knows
// its cause best, so causes are set where they arise; err is for the log.
type failure struct {
	cause load.Cause
	err   error
}

// Error implements error.
func (f *failure) Error() string { return fmt.Sprintf("%s: %v", f.cause, f.err) }

// Unwrap returns the underlying error.
func (f *failure) Unwrap() error { return f.err }

// fail makes a failure of a known cause.
func fail(cause load.Cause, format string, args ...any) *failure {
	return &failure{cause, fmt.Errorf(format, args...)}
}

// netFailure finds the cause of an error of a connection that was open.
// Anything that is no error of the network is the peer's bad HTTP, so fallback
// says what that means at this place.
func netFailure(err error, fallback load.Cause) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	return &failure{networkCause(err, fallback), err}
}

func networkCause(err error, fallback load.Cause) load.Cause {
	switch {
	case errors.Is(err, context.Canceled):
		return load.CauseStopped
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
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
	return http2Cause(err, fallback)
}

// connectCause finds the cause of an error of opening a TCP connection.
func connectCause(err error) load.Cause {
	var dns *net.DNSError
	var timeout net.Error
	switch {
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

// handshakeCause finds the cause of an error of a TLS handshake: whatever the
// peer did there other than resetting or saying nothing is bad TLS.
func handshakeCause(err error) load.Cause {
	switch cause := networkCause(err, load.CauseTLS); cause {
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
