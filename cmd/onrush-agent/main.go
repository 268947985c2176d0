// Command onrush-agent is the program inside a task. Fleet drivers start it
// with a ticket in its environment. See package agent.
package main

import (
	"os"

	"onrush.dev/onrush/internal/agent"
)

// version is stamped by the Makefile.
var version string

func main() { os.Exit(agent.Main(os.Stderr, version)) }
