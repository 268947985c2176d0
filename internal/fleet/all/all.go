// Package all lists the kinds of fleet drivers there are. To add one, add a line
// to Kinds. Only package server imports it.
package all

import (
	"strings"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/fleet/kubernetes"
	"onrush.dev/onrush/internal/fleet/local"
	"onrush.dev/onrush/internal/load"
)

// Kinds returns the kinds of drivers that a region may use.
func Kinds() []fleet.Kind {
	return []fleet.Kind{
		local.Kind(),
		kubernetes.Kind(),
	}
}

// Open makes the driver of a region.
func Open(place fleet.Place) (fleet.Driver, error) {
	var names []string
	for _, kind := range Kinds() {
		if kind.Name == place.Driver {
			return kind.Open(place)
		}
		names = append(names, kind.Name)
	}
	return nil, load.Errorf(load.Invalid, "region %s: driver %q is not known, allowed: %s",
		place.Name, place.Driver, strings.Join(names, ", "))
}
