package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"onrush.dev/onrush/internal/bus"
	"onrush.dev/onrush/internal/load"
)

// errSignal ends the load at once.
var errSignal = errors.New("stopped by a second signal")

// Main is the agent as a program: the ticket comes from the environment, or from
// a file that it names, and logs go to stderr. The first SIGTERM or interrupt drains, the second stops now. It
// returns the exit code.
func Main(stderr io.Writer, version string) int {
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
	ticket, err := takeTicket()
	if err != nil {
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

// takeTicket reads the ticket and takes all traces of it out of the environment:
// what an engine starts must inherit neither the secret nor the way to it.
func takeTicket() (bus.Ticket, error) {
	encoded, path := os.Getenv(bus.TicketEnv), os.Getenv(bus.TicketFileEnv)
	if err := errors.Join(os.Unsetenv(bus.TicketEnv), os.Unsetenv(bus.TicketFileEnv)); err != nil {
		return bus.Ticket{}, err
	}
	switch {
	case path == "":
		return bus.ParseTicket(encoded)
	case encoded != "":
		return bus.Ticket{}, load.Errorf(load.Invalid, "both %s and %s are set: a task has one ticket", bus.TicketEnv, bus.TicketFileEnv)
	}
	file, err := os.Open(path)
	if err != nil {
		return bus.Ticket{}, load.Errorf(load.Invalid, "%s: %w", bus.TicketFileEnv, err)
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, 4*bus.MaxTicket))
	if err != nil {
		return bus.Ticket{}, load.Errorf(load.Invalid, "%s: %w", bus.TicketFileEnv, err)
	}
	ticket, err := bus.ParseTicket(strings.TrimSpace(string(content)))
	if err != nil {
		return ticket, load.Errorf(load.Invalid, "%s: %w", bus.TicketFileEnv, err)
	}
	return ticket, nil
}
