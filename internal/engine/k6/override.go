package k6

import (
	"fmt"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// Override implements engine.Script. k6's flags replace all scenarios of a
// script by one of their own, so they are only used where the script has none.
func (*Engine) Override(s load.Scenario, facts load.ScriptFacts) ([]load.Override, error) {
	if err := checkEnv(s); err != nil {
		return nil, err
	}
	l := load.ScriptLoadOf(s)
	if l.None() {
		return nil, nil
	}
	if len(facts.Parts) != 1 || facts.Parts[0].Name != "default" {
		var names []string
		for _, p := range facts.Parts {
			names = append(names, p.Name)
		}
		return nil, load.Errorf(load.Invalid, "load: the script has scenarios of its own (%s), and k6 would drop them all for another load: leave load out and change the script, which can read __ENV", strings.Join(names, ", "))
	}
	part := facts.Parts[0]
	for _, stage := range l.Stages {
		if stage.Rate > 0 {
			l.Rate = stage.Rate
		}
	}
	if l.Rate > 0 {
		return nil, load.Errorf(load.Invalid, "load.rate: k6 has no flag for a rate: write a scenario with an arrival-rate executor into the script, which can read its rate from __ENV")
	}
	if why := unfaithful(l, part); why != "" {
		return nil, load.Errorf(load.Invalid, "load: %s", why)
	}
	return overrides(l, part), nil
}

// unfaithful says why k6 could not do what the scenario says.
func unfaithful(l load.ScriptLoad, part load.ScriptPart) string {
	switch {
	case len(l.Stages) > 0:
		return ""
	case len(part.Stages) > 0 && l.Duration == 0 && l.Iterations == 0:
		return "the script has stages, and users alone would change only where they begin: write stages, or users with duration"
	case len(part.Stages) > 0 && l.Users == 0:
		return "the script has stages, which a duration or iterations would replace by one user: write users too, or stages"
	case l.Duration > 0 && l.Iterations == 0 && part.Iterations > 0 && part.Kind != "constant-vus":
		return "the script ends after its iterations; with a duration alone k6 would not: write iterations with duration, or users with duration in a script without iterations"
	}
	return ""
}

// overrides lists what differs, as the plan shows it.
func overrides(l load.ScriptLoad, part load.ScriptPart) []load.Override {
	var out []load.Override
	add := func(field, script, scenario string) {
		out = append(out, load.Override{Field: field, Script: script, Scenario: scenario})
	}
	if len(l.Stages) > 0 {
		var lines []string
		for _, s := range l.Stages {
			lines = append(lines, fmt.Sprintf("to %d in %s", s.Users, s.Duration))
		}
		script := strings.Join(part.Stages, ", ")
		if script == "" {
			script = fmt.Sprintf("%d users for %s", part.Users, part.Duration)
		}
		add("stages", script, strings.Join(lines, ", "))
		return out
	}
	if l.Users > 0 {
		add("users", fmt.Sprint(part.Users), fmt.Sprint(l.Users))
	}
	if l.Duration > 0 {
		add("duration", said(part.Duration > 0, part.Duration), l.Duration.String())
	}
	if l.Iterations > 0 {
		add("iterations", said(part.Iterations > 0, part.Iterations), fmt.Sprint(l.Iterations))
	}
	return out
}

func said(is bool, v any) string {
	if !is {
		return ""
	}
	return fmt.Sprint(v)
}

// checkEnv refuses variables by which k6 itself would take another load.
func checkEnv(s load.Scenario) error {
	for _, name := range []string{"K6_VUS", "K6_DURATION", "K6_ITERATIONS", "K6_STAGES", "K6_EXECUTION_SEGMENT", "K6_EXECUTION_SEGMENT_SEQUENCE", "K6_OUT", "K6_PAUSED", "K6_ADDRESS"} {
		_, plain := s.Env[name]
		_, secret := s.Secrets[name]
		if plain || secret {
			return load.Errorf(load.Invalid, "env.%s: it would change k6's load behind the plan's back: write load.users, duration, iterations or stages instead", name)
		}
	}
	return nil
}
