// Package report renders a run's report for people and for other tools: a
// terminal table, JSON, YAML and JUnit XML. Its functions are pure: the same
// report and options give the same bytes. It may not fetch, compute or judge
// anything; that is done in package collect.
//
// Read table.go first; docs/report.md describes the keys of the JSON form.
package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"

	"onrush.dev/onrush/internal/load"
)

// JSON writes the report as indented JSON.
func JSON(w io.Writer, r *load.Report) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false) // labels are full of & and <
	if err := e.Encode(filled(r)); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// YAML writes the report as YAML, with the keys and their order of the JSON
// form.
func YAML(w io.Writer, r *load.Report) error {
	var doc yaml.Node
	var text bytes.Buffer
	if err := JSON(&text, r); err != nil {
		return err
	}
	if err := yaml.Unmarshal(text.Bytes(), &doc); err != nil { // JSON is YAML
		return fmt.Errorf("write report: %w", err)
	}
	plain(&doc)
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	if err := e.Encode(&doc); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return e.Close()
}

// plain takes JSON's braces and quotes off a document, where YAML can do
// without them.
func plain(n *yaml.Node) {
	n.Style = 0
	for _, child := range n.Content {
		plain(child)
	}
	if len(n.Content) == 0 && (n.Kind == yaml.MappingNode || n.Kind == yaml.SequenceNode) {
		n.Style = yaml.FlowStyle // {} and []
	}
}

// filled returns the report with its lists and maps there, if only empty: a
// tool that reads regions.x must not trip over null.
func filled(r *load.Report) *load.Report {
	out := *r
	if out.Regions == nil {
		out.Regions = map[string]load.Figures{}
	}
	if out.Labels == nil {
		out.Labels = map[string]load.Figures{}
	}
	if out.Tasks == nil {
		out.Tasks = map[string]load.TaskFigures{}
	}
	if out.Criteria == nil {
		out.Criteria = []load.CriterionResult{}
	}
	if out.Total.StatusCodes == nil {
		out.Total.StatusCodes = map[string]int64{}
	}
	if out.Total.FailureCauses == nil {
		out.Total.FailureCauses = map[string]int64{}
	}
	return &out
}
