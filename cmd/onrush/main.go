// Command onrush is the whole product in one program: server, console, command
// line. See package cli.
package main

import (
	"context"
	"os"

	"onrush.dev/onrush/internal/cli"
)

// version is stamped by the Makefile.
var version string

func main() {
	os.Exit(cli.Main(cli.Env{
		Context: context.Background(),
		In:      os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Version: version,
	}, os.Args[1:]))
}
