package cli

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"time"

	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/load"
)

// healthCmd is `onrush health`, for containers that have no other program to ask
// with.
type healthCmd struct {
	Server string `placeholder:"URL" env:"ONRUSH_SERVER" help:"The server. Default: the one that listens at ONRUSH_LISTEN on this machine."`
	Listen string `hidden:"" env:"ONRUSH_LISTEN"`
}

// Help is the long text under --help.
func (healthCmd) Help() string {
	return "Ends with exit code 0 when the server and its database answer, else with 1. It needs no login."
}

// Run implements the command.
func (c *healthCmd) Run(env *Env) error {
	server := c.Server
	if server == "" {
		host, port, err := net.SplitHostPort(cmp.Or(c.Listen, "127.0.0.1:8080"))
		if err != nil {
			return load.Errorf(load.Invalid, "ONRUSH_LISTEN: found %q, allowed is HOST:PORT", c.Listen)
		}
		if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
			host = "127.0.0.1"
		}
		server = "http://" + net.JoinHostPort(host, port)
	}
	if !isURL(server) {
		return load.Errorf(load.Invalid, "--server: found %q, allowed is a URL, e.g. http://127.0.0.1:8080", server)
	}
	ctx, cancel := context.WithTimeout(env.Context, 5*time.Second)
	defer cancel()
	health, err := client.New(server, "").Health(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(env.Out, health.Status)
	return nil
}
