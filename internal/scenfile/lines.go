package scenfile

import (
	"strings"

	"onrush.dev/onrush/internal/load"
)

// lines are the lines of the fields of a file, by path.
type lines map[string]int

// of is the line of a path, or of the nearest thing above it that stands in the
// file: a missing field is shown where it would stand.
func (l lines) of(path string) int {
	for {
		if line, ok := l[path]; ok {
			return line
		}
		if path == "" {
			return 1
		}
		path = parent(path)
	}
}

// parent is the path without its last part.
func parent(path string) string {
	if strings.HasSuffix(path, `"]`) { // a quoted key may hold anything
		if i := strings.LastIndex(path, `["`); i >= 0 {
			return path[:i]
		}
	}
	i := strings.LastIndexAny(path, ".[")
	if i < 0 {
		return ""
	}
	return path[:i]
}

// within says whether path is other or below it.
func within(path, other string) bool {
	rest, ok := strings.CutPrefix(path, other)
	return ok && (rest == "" || other == "" || rest[0] == '.' || rest[0] == '[')
}

// further puts Validate's problems on lines, and leaves those out that only
// follow from what could not be read: a load.users that is no number must not
// also be called missing.
func (d *decoder) further(found []load.Problem) []load.Problem {
	var problems []load.Problem
	for _, p := range found {
		follows := false
		for _, unread := range d.tainted {
			follows = follows || within(p.Path, unread) || (p.Path != "" && within(unread, p.Path))
		}
		if !follows {
			p.Line = d.lines.of(p.Path)
			problems = append(problems, p)
		}
	}
	return problems
}
