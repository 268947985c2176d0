package api

import (
	"os"
	"slices"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// serverSecret begins the names of the only environment variables of the server
// that a scenario may ask for: all others are the server's own.
const serverSecret = "ONRUSH_SECRET_"

// secretsOf puts the values of a scenario's secrets together: those that the
// caller gave, and those that the server itself has for scenarios.
func secretsOf(s load.Scenario, given map[string]string) (map[string]string, error) {
	var problems []load.Problem
	values := map[string]string{}
	for name, secret := range s.Secrets {
		value, ok := given[name]
		if !ok && strings.HasPrefix(secret.Env, serverSecret) {
			value, ok = os.LookupEnv(secret.Env)
		}
		if !ok {
			problems = append(problems, load.Problem{
				Path: "secrets." + name, Found: "nothing", Allowed: "a value in the request's secrets",
				Message: "its value is not known here: start the run where it is (onrush run, onrush runs start), or let the server have it as " + serverSecret + "… and name that",
			})
			continue
		}
		values[name] = value
	}
	for name := range given {
		if _, known := s.Secrets[name]; !known {
			problems = append(problems, load.Problem{Path: "secrets." + name, Message: "the scenario has no secret of this name"})
		}
	}
	if len(problems) == 0 {
		return values, nil
	}
	slices.SortFunc(problems, func(a, b load.Problem) int { return strings.Compare(a.Path, b.Path) })
	return nil, withProblems(problems)
}
