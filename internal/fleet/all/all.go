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
	"onrush.dev/onrush/internal/fleet/scripted"
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
		drivers = append(drivers, known(kind))
	}
	return drivers
}

// Scripted is the driver with faults, which only tests of Onrush itself use.
func Scripted() load.DriverKind { return known(scripted.Kind()) }

func known(kind fleet.Kind) load.DriverKind {
	settings := kind.Settings
	if settings == nil {
		settings = []load.Setting{}
	}
	return load.DriverKind{Name: kind.Name, Summary: kind.Summary, Settings: settings}
}

// Open makes the driver of a region.
func Open(place fleet.Place) (fleet.Driver, error) {
	if kind := scripted.Kind(); kind.Name == place.Driver { // for tests of Onrush itself: no list has it
		return kind.Open(place)
	}
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
