package scenfile

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"onrush.dev/onrush/internal/load"
)

// fieldOf returns the field of struct v with this name in files.
func fieldOf(v reflect.Value, name string) (reflect.Value, bool) {
	for i := range v.NumField() {
		if tagName(v.Type().Field(i)) == name && name != "" {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

// fieldNames returns a struct's names in files, in the order of the struct.
func fieldNames(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		if name := tagName(t.Field(i)); name != "" {
			names = append(names, name)
		}
	}
	return names
}

func tagName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "-" {
		return ""
	}
	return name
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// kindOf says in words what stands in the file.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	if len(n.Value) > 60 {
		return fmt.Sprintf("%q…", n.Value[:60])
	}
	return fmt.Sprintf("%q", n.Value)
}

func scalarWord(k reflect.Kind) string {
	switch k {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	}
	return "a whole number"
}

// example is a value of a type that reads itself.
func example(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[load.Duration]():
		return "30s"
	case reflect.TypeFor[load.Rate]():
		return "200/s"
	case reflect.TypeFor[load.Percent]():
		return "60%"
	case reflect.TypeFor[load.Bytes]():
		return "10MB"
	case reflect.TypeFor[load.Span]():
		return "1s-3s"
	case reflect.TypeFor[load.StatusPattern]():
		return "2xx"
	case criterionType:
		return "p95 < 300ms"
	}
	return "text"
}

// addRules takes problems of the rules and gives them the lines of their
// fields, or of the nearest field around them that stands in the file.
func (d *decoder) addRules(problems []load.Problem) {
	for _, p := range problems {
		for path := p.Path; p.Line == 0 && path != ""; path = parent(path) {
			p.Line = d.lines[path]
		}
		if p.Line == 0 {
			p.Line = 1
		}
		d.problems = append(d.problems, p)
	}
}

func parent(path string) string {
	return path[:max(strings.LastIndexAny(path, ".["), 0)]
}

// nearest returns the name closest to what was written, if it is close: a
// third of its letters may differ.
func nearest(written string, names []string) string {
	best, distance := "", len(written)/3+1
	for _, name := range names {
		if got := edits(strings.ToLower(written), name); got <= distance && got < len(name) {
			if best == "" || got < distance {
				best, distance = name, got
			}
		}
	}
	return best
}

// edits is the Levenshtein distance of two short words, with a bound for long
// ones.
func edits(a, b string) int {
	if len(a) > 64 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := slices.Clone(row)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
		}
	}
	return row[len(b)]
}
