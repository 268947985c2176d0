// Package all lists the fleet drivers there are. To add one, add a line to
// Open and to Names. Only package server imports it.
package all

import (
	"log/slog"
	"path/filepath"
	"strings"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/fleet/local"
	"onrush.dev/onrush/internal/load"
)

// Options are what drivers need from the server, besides the region itself.
type Options struct {
	// Dir is where drivers keep state that must survive the server; each region
	// has a folder of its own in it.
	Dir string
	// AgentCommand is the agent's program and arguments, for drivers that start
	// it on this machine.
	AgentCommand []string
	Log          *slog.Logger
}

// Names returns the words for drivers that a region may use.
func Names() []string { return []string{"local"} }

// Open makes the driver of a region.
func Open(region load.Region, options Options) (fleet.Driver, error) {
	switch region.Driver {
	case "local":
		return local.New(local.Options{
			Region:  region.Name,
			Dir:     filepath.Join(options.Dir, region.Name),
			Command: options.AgentCommand,
			Limit:   region.Limit,
			Log:     options.Log,
		})
	}
	return nil, load.Errorf(load.Invalid, "region %s: driver %q is not known, allowed: %s",
		region.Name, region.Driver, strings.Join(Names(), ", "))
}
