package server

import (
	"log/slog"
	"net/netip"
	"time"

	"onrush.dev/onrush/internal/control"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/regions"
)

// Config is what a server needs to know. The zero value of a field takes the
// default named at it.
type Config struct {
	// DataDir keeps all that must survive: database, messages, files, keys.
	// Required. One server at a time may use it.
	DataDir string
	// Listen is the address of console and API. Default 127.0.0.1:0, any port.
	Listen string
	// PublicURL is how agents and people reach the console and API, when that
	// is not the address listened on.
	PublicURL string
	// PublicCA is a file of authorities (PEM) that agents trust for https URLs,
	// beside their system's own.
	PublicCA string
	// TLSCert and TLSKey are files (PEM) with which console and API are served
	// over HTTPS. They are read anew when they change.
	TLSCert, TLSKey string
	// BusListen is the address that agents of this machine dial, and others too
	// when it is not loopback. Default 127.0.0.1, and a port that stays the same
	// over restarts.
	BusListen string
	// BusURLs are the host[:port] at which other machines' agents reach
	// BusListen. Default: this machine's addresses, when it listens there.
	BusURLs []string
	// DSN is the database. Default: SQLite in DataDir.
	DSN string
	// AgentCommand is the program of local tasks. Default: onrush-agent beside
	// the running program, else the running program with the argument "agent".
	AgentCommand []string
	// Regions are made, or made anew, at the start. Default: a region "local",
	// when the database has none.
	Regions []load.Region
	// Scripted lets Regions have the driver "scripted", for tests of Onrush itself.
	Scripted bool
	// Ephemeral says that tasks must not outlive this process: it is the
	// in-process server of one command.
	Ephemeral bool
	// NoLogin says that nobody will be shown the first login: it is left to the
	// next server on this folder.
	NoLogin bool
	// AdminPassword is the password that the first user, admin, gets when this
	// start makes it; it is then shown nowhere. Once there are users it changes
	// nothing. Empty: a random one, which FirstLogin tells.
	AdminPassword string
	// TrustedProxies are the addresses of proxies in front of this server, whose
	// X-Forwarded-For and X-Forwarded-Proto are believed. Nobody else's are.
	TrustedProxies []netip.Prefix
	// MaxUpload bounds one uploaded file, in bytes. Default 1 GiB.
	MaxUpload int64
	// Limits bound the phases of runs.
	Limits control.Limits
	// CheckBounds bound the steps of a region's check.
	CheckBounds regions.Bounds
	// Sweep says when orphans are looked for.
	Sweep Sweep
	// LinkLife is how long an agent's link to a file holds. Default 1 hour.
	LinkLife time.Duration
	Version  string
	Log      *slog.Logger
}

// Sweep says when and how orphans are looked for; zero values take the defaults
// of control.SweepOptions.
type Sweep struct {
	First, Every, Grace time.Duration
}

func (c Config) withDefaults() Config {
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	if c.BusListen == "" {
		c.BusListen = "127.0.0.1:0"
	}
	if c.MaxUpload == 0 {
		c.MaxUpload = 1 << 30
	}
	if c.LinkLife == 0 {
		c.LinkLife = time.Hour
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}
