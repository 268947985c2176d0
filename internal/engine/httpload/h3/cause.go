package h3

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"

	"github.com/quic-go/quic-go"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// dialFailure finds the cause of a connection that did not come about.
func dialFailure(ctx context.Context, err error) *proto.Failure {
	switch {
	case ctx.Err() != nil && errors.Is(context.Cause(ctx), context.DeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return proto.Failf(load.CauseTimeout, "no answer to the handshake in time")
	case errors.Is(err, context.Canceled):
		return &proto.Failure{Cause: load.CauseStopped, Err: err}
	case errors.Is(err, syscall.ECONNREFUSED):
		return proto.Failf(load.CauseRefused, "nobody listens there: %w", syscall.ECONNREFUSED)
	}
	f := failure(err)
	if f.Cause == load.CauseOther {
		f.Cause = load.CauseConnect
	}
	return f
}

// failure finds the cause of what broke a connection or a stream of it.
func failure(err error) *proto.Failure {
	var known *proto.Failure
	var app *quic.ApplicationError
	var transport *quic.TransportError
	var stream *quic.StreamError
	var timeout net.Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &app):
		return appFailure(app)
	case errors.As(err, &transport):
		return transportFailure(transport)
	case errors.As(err, &stream):
		return proto.Failf(load.CauseReset, "the server reset the stream: %v", errorCode(stream.ErrorCode))
	case errors.As(err, new(*quic.StatelessResetError)):
		return proto.Failf(load.CauseReset, "the server does not know the connection any more: %w", err)
	case errors.As(err, new(*quic.VersionNegotiationError)):
		return &proto.Failure{Cause: load.CauseConnect, Err: err}
	case errors.Is(err, syscall.ECONNREFUSED): // of a connection that was open
		return proto.Failf(load.CauseReset, "the server's port is closed: %w", syscall.ECONNREFUSED)
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, os.ErrDeadlineExceeded):
		return &proto.Failure{Cause: load.CauseTimeout, Err: err}
	case errors.Is(err, net.ErrClosed), errors.Is(err, context.Canceled):
		return &proto.Failure{Cause: load.CauseClosed, Err: err}
	}
	return &proto.Failure{Cause: load.CauseOther, Err: err}
}

func appFailure(e *quic.ApplicationError) *proto.Failure {
	code, text := errorCode(e.ErrorCode), ""
	if e.ErrorMessage != "" {
		text = ": " + e.ErrorMessage
	}
	switch {
	case !e.Remote:
		return proto.Failf(load.CauseClosed, "the connection was closed here: %v%s", code, text)
	case code == errNoError:
		return proto.Failf(load.CauseClosed, "the server closed the connection: %v%s", code, text)
	}
	return proto.Failf(load.CauseReset, "the server broke the connection off: %v%s", code, text)
}

func transportFailure(e *quic.TransportError) *proto.Failure {
	cause := load.CauseMalformed // the server's packets were found wrong here
	switch {
	case e.ErrorCode.IsCryptoError():
		cause = load.CauseTLS
	case e.ErrorCode == quic.ConnectionRefused && e.Remote:
		cause = load.CauseRefused
	case e.ErrorCode == quic.NoError:
		cause = load.CauseClosed
	case e.Remote:
		cause = load.CauseReset
	case e.ErrorCode == quic.InternalError:
		cause = load.CauseOther
	}
	return &proto.Failure{Cause: cause, Err: e}
}
