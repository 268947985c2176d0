// Command images builds the container images without a Docker: `make images`. It
// fetches from Debian, the Go module proxy, Maven Central and the Python Package
// Index, and runs nothing of what it builds. Read package internal/images first.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"onrush.dev/onrush/internal/images"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := images.Main(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "images:", err)
		os.Exit(1)
	}
}
