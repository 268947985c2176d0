package script

import (
	"bytes"
	"cmp"
	"path"
	"slices"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// Guess says which engine a file is for by its name; "" when that does not
// tell, as for a zip.
func Guess(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".js", ".ts", ".mjs", ".cjs":
		return load.EngineK6
	case ".jmx":
		return load.EngineJMeter
	case ".py":
		return load.EngineLocust
	}
	return ""
}

// GuessOf says which engine a bundle's files are for: a test plan of JMeter is
// one whatever lies beside it, and a locustfile too.
func GuessOf(names []string) string {
	for _, engine := range []string{load.EngineJMeter, load.EngineLocust, load.EngineK6} {
		if slices.ContainsFunc(names, func(n string) bool { return candidate(engine, n) }) {
			return engine
		}
	}
	return ""
}

// hidden says that a file is no script that somebody wrote to be run.
func hidden(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") || strings.HasPrefix(part, "_") || part == "node_modules" || part == "venv" {
			return true
		}
	}
	return false
}

// candidate says whether a file can be an engine's entry by its name.
func candidate(engine, name string) bool {
	base := strings.ToLower(path.Base(name))
	if hidden(name) {
		return false
	}
	switch engine {
	case load.EngineK6:
		return Guess(base) == load.EngineK6 && !strings.HasSuffix(base, ".d.ts") && !strings.Contains(base, ".config.")
	case load.EngineJMeter:
		return strings.HasSuffix(base, ".jmx")
	case load.EngineLocust:
		return strings.HasSuffix(base, ".py") && base != "__init__.py" && base != "setup.py" && base != "conftest.py"
	}
	return false
}

// Entries lists the files that could be the one that is run, the likeliest
// first: near the top before deep, TypeScript before JavaScript, locustfile.py
// before all else, and what its text shows to be a test before a helper. read
// returns the beginning of a file.
func Entries(engine string, names []string, read func(name string) []byte) []string {
	type scored struct {
		name  string
		score int
	}
	var found []scored
	tests := false
	for _, name := range names {
		if !candidate(engine, name) {
			continue
		}
		test := isTest(engine, read(name))
		tests = tests || test
		found = append(found, scored{name, score(engine, name, test)})
	}
	slices.SortFunc(found, func(a, b scored) int {
		return cmp.Or(cmp.Compare(a.score, b.score), cmp.Compare(a.name, b.name))
	})
	var entries []string
	for _, f := range found {
		if tests && f.score >= helper { // a helper is no choice beside a test
			continue
		}
		entries = append(entries, f.name)
	}
	return entries
}

// helper is added to what does not look like a test.
const helper = 1000

func score(engine, name string, test bool) int {
	score := 10 * strings.Count(name, "/")
	if !test {
		score += helper
	}
	base := strings.ToLower(path.Base(name))
	switch {
	case base == "locustfile.py":
		score -= 9
	case engine == load.EngineK6 && strings.HasSuffix(base, ".ts"):
		score -= 5
	}
	return score
}

// isTest looks for what only a file that is run has.
func isTest(engine string, text []byte) bool {
	var signs []string
	switch engine {
	case load.EngineK6:
		signs = []string{"export default", "export const options", "export let options", "exports.default", "as default"}
	case load.EngineLocust:
		signs = []string{"User)", "LoadTestShape)", "TaskSet)"}
	default:
		return true
	}
	return slices.ContainsFunc(signs, func(s string) bool { return bytes.Contains(text, []byte(s)) })
}
