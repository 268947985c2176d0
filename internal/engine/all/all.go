// Package all lists the engines. It is the only place that names them all; a
// new engine adds its line here and a call of package enginetest in its own
// folder. Read New.
package all

import (
	"strings"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/engine/httpload"
	"onrush.dev/onrush/internal/engine/jmeter"
	"onrush.dev/onrush/internal/engine/k6"
	"onrush.dev/onrush/internal/engine/locust"
	"onrush.dev/onrush/internal/engine/scripted"
	"onrush.dev/onrush/internal/load"
)

// Names are the words that scenarios may use, the default first.
func Names() []string {
	return []string{httpload.Name, k6.Name, jmeter.Name, locust.Name, scripted.Name}
}

// New returns a new engine of the given name. The empty name stands for the
// default.
func New(name string) (engine.Engine, error) {
	switch name {
	case httpload.Name, "":
		return httpload.New(), nil
	case k6.Name:
		return k6.New(), nil
	case jmeter.Name:
		return jmeter.New(), nil
	case locust.Name:
		return locust.New(), nil
	case scripted.Name:
		return scripted.New(), nil
	}
	return nil, load.Errorf(load.Invalid, "engine: found %q, allowed: %s", name, strings.Join(Names(), ", "))
}
