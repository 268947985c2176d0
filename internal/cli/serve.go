package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/lmittmann/tint"

	"onrush.dev/onrush/internal/server"
)

// urlFile, in a data folder, says where its server can be reached: commands on
// the same machine find it there.
const urlFile = "url"

// adminPassword names the variable that holds the first login's password.
const adminPassword = "ONRUSH_ADMIN_PASSWORD" //nolint:gosec // a name, not a password

// serveCmd is `onrush serve`.
type serveCmd struct {
	Config    string         `env:"ONRUSH_CONFIG" placeholder:"FILE" help:"YAML file with the long names of these flags as keys, and regions as a list of region files."`
	Data      string         `env:"ONRUSH_DATA" placeholder:"DIR" help:"Folder for all that must survive. Default: ${data}."`
	Listen    string         `env:"ONRUSH_LISTEN" placeholder:"HOST:PORT" help:"Where console and API listen. Default: 127.0.0.1:8080."`
	PublicURL string         `env:"ONRUSH_PUBLIC_URL" name:"public-url" placeholder:"URL" help:"How people and tasks of other machines reach the server, when that differs from --listen: console, API, and the bus at its path /bus."`
	PublicCA  string         `env:"ONRUSH_PUBLIC_CA" name:"public-ca" placeholder:"FILE" help:"Authorities (PEM) that tasks trust for https URLs beside their system's own."`
	TLSCert   string         `env:"ONRUSH_TLS_CERT" name:"tls-cert" placeholder:"FILE" help:"Certificate (PEM) to serve console and API over HTTPS; read anew when it changes."`
	TLSKey    string         `env:"ONRUSH_TLS_KEY" name:"tls-key" placeholder:"FILE" help:"Its private key (PEM)."`
	PlainHTTP bool           `env:"ONRUSH_INSECURE_HTTP" name:"insecure-http" help:"Listen for other machines without HTTPS: passwords and tokens then travel in the clear."`
	BusListen string         `env:"ONRUSH_BUS_LISTEN" placeholder:"HOST:PORT" help:"Where tasks dial the bus itself, with TLS. Default: 127.0.0.1, a port that stays the same over restarts."`
	BusURL    []string       `env:"ONRUSH_BUS_URL" name:"bus-url" placeholder:"HOST[:PORT]" help:"How tasks of other machines reach --bus-listen; repeatable. Default: this machine's addresses, when it listens there."`
	Proxies   []netip.Prefix `env:"ONRUSH_TRUSTED_PROXIES" name:"trusted-proxies" placeholder:"CIDR" help:"Addresses of proxies in front of this server, whose X-Forwarded-For and X-Forwarded-Proto are believed. Default: none."`
	DSN       string         `env:"ONRUSH_DSN" placeholder:"DSN" help:"Database: sqlite:PATH or postgres://… Default: SQLite in the data folder."`
	Region    []serveRegion  `env:"ONRUSH_REGION" placeholder:"NAME[:LIMIT]" help:"A region on this machine and how many tasks it holds at most; repeatable. Default: local."`
	LogFormat string         `env:"ONRUSH_LOG_FORMAT" placeholder:"FORMAT" help:"text or json. Default: text."`
	LogLevel  string         `env:"ONRUSH_LOG_LEVEL" placeholder:"LEVEL" help:"debug, info, warn or error. Default: info."`
}

// Help is the long text under --help.
func (serveCmd) Help() string {
	return `Tasks of other machines need one URL, --public-url: behind a load balancer or an
Ingress with HTTPS it is all that has to be open. Listening for other machines
takes HTTPS: --tls-cert and --tls-key, or a proxy before the server and its
https URL as --public-url.

A flag wins over its variable, a variable over the file. The first start makes
the user admin and prints the password once. Where nobody reads what it prints,
the variable ONRUSH_ADMIN_PASSWORD (10 characters or more) says the password of
that user instead; once there are users it changes nothing.

Ctrl-C ends the server in order; runs that are not over go on, and a server
started on the same folder takes them up again.`
}

// Run implements the command.
func (c *serveCmd) Run(env *Env) error {
	config, err := c.config(env)
	if err != nil {
		return err
	}
	ctx, stop := untilInterrupt(env.Context)
	defer stop()
	s, err := server.Start(ctx, config)
	if err != nil {
		return err
	}
	closed := func() error {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
		defer cancel()
		return s.Close(ending)
	}
	if err := os.WriteFile(filepath.Join(config.DataDir, urlFile), []byte(s.LocalURL()+"\n"), 0o600); err != nil {
		_ = closed()
		return fmt.Errorf("say in the data folder where the server is: %w", err)
	}
	greet(env.Out, s)
	select {
	case <-ctx.Done():
	case err := <-s.Failed():
		_ = closed()
		return err
	}
	return closed()
}

// greet says where the console is and how to log in, in one write: whoever
// waits for the first line has the second as well.
func greet(w io.Writer, s *server.Server) {
	text := fmt.Sprintf("console  %s\n", s.URL())
	if name, password, ok := s.FirstLogin(); ok {
		text += fmt.Sprintf("login    %s, password %s (shown this once)\n", name, password)
	}
	fmt.Fprint(w, text)
}

// newLog is a server's log on standard error.
func newLog(w io.Writer, format string, level slog.Level) *slog.Logger {
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
	}
	_, tty := terminal(w)
	return slog.New(tint.NewTextHandler(w, &tint.Options{Level: level, NoColor: !tty, TimeFormat: time.DateTime}))
}
