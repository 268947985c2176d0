// Package all lists the kinds of fleet drivers there are. To add one, add a line
// to Kinds. Only package server imports it.
package all

import (
	"strings"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/fleet/docker"
	"onrush.dev/onrush/internal/fleet/ecs"
	"onrush.dev/onrush/internal/fleet/kubernetes"
	"onrush.dev/onrush/internal/fleet/local"
	"onrush.dev/onrush/internal/load"
)

// Kinds returns the kinds of drivers that a region may use.
func Kinds() []fleet.Kind {
	return []fleet.Kind{
		local.Kind(),
		docker.Kind(),
		kubernetes.Kind(),
		ecs.Kind(),
	}
}

// Drivers are the kinds as those know them who do not open any.
func Drivers() []load.DriverKind {
	var drivers []load.DriverKind
	for _, kind := range Kinds() {
		settings := kind.Settings
		if settings == nil {
			settings = []load.Setting{}
		}
		drivers = append(drivers, load.DriverKind{Name: kind.Name, Summary: kind.Summary, Settings: settings})
	}
	return drivers
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
