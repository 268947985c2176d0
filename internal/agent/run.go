package agent

import (
	"context"
	"errors"
	"log/slog"

	"onrush.dev/onrush/internal/bus"
)

// Options are the things of a process that an agent uses.
type Options struct {
	Log *slog.Logger
	// Drain asks for an orderly early end when it is closed: no new requests,
	// those in flight may end. A signal of the platform, for instance.
	Drain <-chan struct{}
	// Version of the program, told to the server.
	Version string
}

// Run is the whole life of a task. It returns when the stream has the task's
// last word, or nobody is left who could hear it. Ending ctx stops the load at
// once.
func Run(ctx context.Context, ticket bus.Ticket, options Options) error {
	return errors.New("not yet")
}
