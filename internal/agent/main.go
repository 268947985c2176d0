package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"onrush.dev/onrush/internal/bus"
)

// errSignal ends the load at once.
var errSignal = errors.New("stopped by a second signal")

// Main is the agent as a program: the ticket comes from the environment, logs
// go to stderr. The first SIGTERM or interrupt drains, the second stops now. It
// returns the exit code.
func Main(stderr io.Writer, version string) int {
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
	ticket, err := bus.ParseTicket(os.Getenv(bus.TicketEnv))
	// What an engine starts must not inherit the secret.
	if err := errors.Join(err, os.Unsetenv(bus.TicketEnv)); err != nil {
		fmt.Fprintln(stderr, "onrush-agent:", err)
		return 2
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	drain := make(chan struct{})
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	defer signal.Stop(signals)
	go func() {
		<-signals
		log.Info("asked to end: letting requests in flight end")
		close(drain)
		<-signals
		cancel(errSignal)
	}()
	if err := Run(ctx, ticket, Options{Log: log, Output: stderr, Drain: drain, Version: version}); err != nil {
		fmt.Fprintln(stderr, "onrush-agent:", err)
		return 1
	}
	return 0
}
