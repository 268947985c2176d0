package scenfile

import (
	"bytes"
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// MaxSize is the largest scenario file, in bytes. Bodies and data of more than
// that stand in files of their own.
const MaxSize = 1 << 20

// Parse reads a scenario file. The name is for messages, and tells JSON from
// YAML where the text itself does not; it may be empty. The scenario is as written, without
// defaults.
//
// An error is of code load.Invalid (load.TooLarge for a file over MaxSize) and
// carries all problems, sorted by line.
func Parse(name string, data []byte) (load.Scenario, error) {
	if len(data) > MaxSize {
		return load.Scenario{}, load.Errorf(load.TooLarge,
			"the scenario %s has %d bytes, at most %d are allowed: put large bodies and data into files of their own (body_file, data)", name, len(data), MaxSize)
	}
	d := decoder{lines: lines{}}
	if root := d.read(name, bytes.TrimPrefix(data, []byte("\ufeff"))); root != nil {
		d.scenario(root)
	}
	problems := d.problems
	if !d.unread {
		problems = append(problems, d.further(append(load.Validate(d.result), checkPaths(&d.result)...))...)
	}
	if len(problems) == 0 {
		return d.result, nil
	}
	slices.SortStableFunc(problems, func(a, b load.Problem) int { return cmp.Compare(a.Line, b.Line) })
	return load.Scenario{}, problemsError(name, problems)
}

// read makes the tree of a file, or notes why it cannot.
func (d *decoder) read(name string, data []byte) *node {
	root, problem := readTree(name, data)
	if problem == nil && root == nil {
		problem = &load.Problem{Line: 1, Message: "the file is empty: a scenario needs at least name, requests and load"}
	}
	if problem == nil && root.kind != mapping {
		problem = &load.Problem{Line: root.line, Found: root.what(), Allowed: "fields", Message: "a scenario is a mapping of fields, such as name: shop; " + root.what() + " is found"}
	}
	if problem != nil {
		d.unread = true
		d.problems = append(d.problems, *problem)
		return nil
	}
	return root
}

func readTree(name string, data []byte) (*node, *load.Problem) {
	text := bytes.TrimSpace(data)
	switch {
	case len(text) == 0:
		return nil, nil
	case strings.EqualFold(path.Ext(name), ".json"), looksLikeJSON(text):
		return readJSON(data)
	}
	return readYAML(data)
}

func problemsError(name string, problems []load.Problem) *load.Error {
	message := problems[0].String()
	if len(problems) > 1 {
		message = fmt.Sprintf("%d faults, the first on %s", len(problems), message)
	}
	if name != "" {
		message = name + ": " + message
	}
	e := load.Errorf(load.Invalid, "%s", message)
	e.Problems = problems
	return e
}
