package locust

import (
	"fmt"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// Override implements engine.Script. A load with users or stages replaces the
// script's own, its shape too; a duration alone only ends it.
func (*Engine) Override(s load.Scenario, facts load.ScriptFacts) ([]load.Override, error) {
	if err := checkEnv(s); err != nil {
		return nil, err
	}
	if strings.Contains(facts.Entry, ",") {
		return nil, load.Errorf(load.Invalid, "script: %q has a comma in its name, at which Locust takes names apart: rename it", facts.Entry)
	}
	l := load.ScriptLoadOf(s)
	if l.None() {
		return nil, nil
	}
	for _, stage := range l.Stages {
		if stage.Rate > 0 {
			l.Rate = stage.Rate
		}
	}
	shape, shaped := shapeOf(facts)
	switch {
	case l.Rate > 0:
		return nil, load.Errorf(load.Invalid, "load.rate: Locust has users, and no rate of arrivals: write users, and wait_time = constant_throughput(…) into the script")
	case l.Iterations > 0:
		return nil, load.Errorf(load.Invalid, "load.iterations: Locust does not count iterations: write load.duration, or let the script raise StopUser")
	case shaped && l.Users > 0 && l.Duration == 0:
		return nil, load.Errorf(load.Invalid, "load: the script's shape %s says how many users there are at which time, and users alone would replace it without an end: write users with duration, or stages", shape.Name)
	}
	return overrides(l, facts), nil
}

// overrides lists what differs, as the plan shows it.
func overrides(l load.ScriptLoad, facts load.ScriptFacts) []load.Override {
	var out []load.Override
	add := func(field, script, scenario string) {
		out = append(out, load.Override{Field: field, Script: script, Scenario: scenario})
	}
	says, rate := "", ""
	for _, p := range facts.Parts {
		switch p.Kind {
		case kindShape:
			says = fmt.Sprintf("shape %s (%s)", p.Name, strings.Join(p.Stages, ", "))
		case kindStart:
			says = fmt.Sprint(p.Users)
			rate, _, _ = strings.Cut(p.Text, ",")
		}
	}
	length := ""
	if facts.Duration > 0 {
		length = facts.Duration.String()
	}
	switch {
	case len(l.Stages) > 0:
		var lines []string
		for _, s := range l.Stages {
			lines = append(lines, fmt.Sprintf("to %d in %s", s.Users, s.Duration))
		}
		add("stages", says, strings.Join(lines, ", "))
	case l.Users > 0:
		add("users", says, fmt.Sprint(l.Users))
		if rate != "" {
			add("spawn rate", rate, "all at once")
		}
	}
	if l.Duration > 0 && len(l.Stages) == 0 {
		add("duration", length, l.Duration.String())
	}
	return out
}

// checkEnv refuses variables by which Locust itself would take another load, or
// another part in the run.
func checkEnv(s load.Scenario) error {
	for _, name := range []string{
		"LOCUST_USERS", "LOCUST_SPAWN_RATE", "LOCUST_RUN_TIME", "LOCUST_LOCUSTFILE", "LOCUST_PROCESSES", "LOCUST_MODE_MASTER",
		"LOCUST_MODE_WORKER", "LOCUST_HEADFUL", "LOCUST_AUTOSTART",
	} {
		_, plain := s.Env[name]
		_, secret := s.Secrets[name]
		if plain || secret {
			return load.Errorf(load.Invalid, "env.%s: it would change Locust's load behind the plan's back: write load.users, duration or stages instead", name)
		}
	}
	return nil
}
