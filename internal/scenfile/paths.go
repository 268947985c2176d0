package scenfile

import (
	"maps"
	"slices"
	"strings"

	"onrush.dev/onrush/internal/jpath"
	"onrush.dev/onrush/internal/load"
)

// checkPaths finds JSONPaths that are none, which the nouns cannot tell: that
// takes a library.
func checkPaths(s *load.Scenario) []load.Problem {
	var problems []load.Problem
	check := func(path, text string) {
		if !strings.HasPrefix(text, "$") {
			return // told already
		}
		if _, err := jpath.Parse(text); err != nil {
			problems = append(problems, load.Problem{
				Path: path, Found: short(text), Allowed: "a JSONPath (RFC 9535), such as $.items[0].id", Message: err.Error(),
			})
		}
	}
	s.EachRequest(func(path string, r *load.Request) {
		for _, text := range slices.Sorted(maps.Keys(r.Expect.JSON)) {
			check(load.JoinPath(path+".expect.json", text), text)
		}
		for _, name := range slices.Sorted(maps.Keys(r.Extract)) {
			check(load.JoinPath(path+".extract", name)+".json", r.Extract[name].JSON)
		}
	})
	return problems
}
