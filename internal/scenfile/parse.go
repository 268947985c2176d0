// Package scenfile reads and writes scenarios as text: YAML, and JSON, which is
// YAML too. It finds all faults of a file at once and names for each the field,
// the line, what was found and what is allowed. It reads no files and decides
// nothing about loads: the rules are load.Validate's.
//
// Read parse.go first, then decode.go, which walks the text and the type of the
// scenario side by side. schema.go makes the JSON Schema from the same types.
package scenfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"go.yaml.in/yaml/v3"

	"onrush.dev/onrush/internal/load"
)

// The bounds of a scenario file. Aliases count each time they are used, so that
// a small file cannot unfold into a large one.
const (
	maxBytes = 1 << 20
	maxNodes = 100_000
	maxDepth = 64
)

// Parse reads a scenario. name is the file's name, for the error's headline.
// The error is a *load.Error of code Invalid with every problem of the text.
func Parse(name string, data []byte) (load.Scenario, error) {
	var scenario load.Scenario
	if len(data) > maxBytes {
		return scenario, load.Errorf(load.TooLarge, "the scenario %s has %d bytes, allowed are %d", name, len(data), maxBytes)
	}
	root, err := parseYAML(data)
	if err != nil {
		return scenario, fail(name, []load.Problem{yamlProblem(err)})
	}
	d := newDecoder()
	d.decodeRoot(root, &scenario)
	if len(d.problems) == 0 {
		d.addRules(load.Validate(scenario))
	}
	if len(d.problems) > 0 {
		return scenario, fail(name, d.problems)
	}
	return scenario, nil
}

// parseYAML reads one document. The YAML library panics on some malformed
// input; that is an error of the input like any other.
func parseYAML(data []byte) (root *yaml.Node, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("not YAML: %v", p)
		}
	}()
	reader := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	if err := reader.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty, a scenario is expected")
	} else if err != nil {
		return nil, err
	}
	var next yaml.Node
	if err := reader.Decode(&next); !errors.Is(err, io.EOF) {
		if err == nil {
			err = errors.New("the file holds more than one YAML document, one scenario is allowed")
		}
		return nil, err
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, errors.New("the file is empty, a scenario is expected")
	}
	return doc.Content[0], nil
}

// yamlProblem takes the line out of the YAML library's text, where it has one.
func yamlProblem(err error) load.Problem {
	p := load.Problem{Message: err.Error()}
	var line int
	if n, _ := fmt.Sscanf(p.Message, "yaml: line %d:", &line); n == 1 {
		p.Line = line
		_, rest, _ := bytes.Cut([]byte(p.Message), []byte(": "))
		_, rest, _ = bytes.Cut(rest, []byte(": "))
		p.Message = "not readable as YAML: " + string(rest)
	}
	return p
}

// fail makes the error of a file, its problems sorted by line.
func fail(name string, problems []load.Problem) error {
	slices.SortStableFunc(problems, func(a, b load.Problem) int { return a.Line - b.Line })
	more := ""
	if len(problems) > 1 {
		more = fmt.Sprintf(" (and %d more)", len(problems)-1)
	}
	if name != "" {
		name += ": "
	}
	err := load.Errorf(load.Invalid, "%s%s%s", name, problems[0], more)
	err.Problems = problems
	return err
}
