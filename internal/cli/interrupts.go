package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// interrupts delivers Ctrl-C and a polite kill, each as one value. It also
// works when a parent (a shell script's "&") made us ignore them: Notify
// installs the handler anew.
func interrupts() (<-chan os.Signal, func()) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	return signals, func() { signal.Stop(signals) }
}

// untilInterrupt is a context that ends with the first interrupt. The second
// one ends the program at once, for when the orderly end takes too long.
func untilInterrupt(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(parent)
	signals, stop := interrupts()
	go func() {
		select {
		case <-ctx.Done():
			return
		case <-signals:
		}
		cancel()
		<-signals
		os.Exit(exitCannot)
	}()
	return ctx, func() { stop(); cancel() }
}
