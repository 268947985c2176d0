package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"go.yaml.in/yaml/v3"
)

// output is how a read is printed; every command that reads embeds it.
type output struct {
	Output string `short:"o" enum:"table,json,yaml" default:"table" placeholder:"FORMAT" help:"table, json or yaml."`
	JSON   bool   `name:"json" help:"Same as -o json."`
}

// print writes a value in the wanted format; table draws it for people.
func (o output) print(w io.Writer, value any, table func(io.Writer) error) error {
	switch {
	case o.JSON || o.Output == "json":
		return writeJSON(w, value)
	case o.Output == "yaml":
		return writeYAML(w, value)
	}
	return table(w)
}

func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false) // "p95 < 300ms" must stay readable
	return encoder.Encode(value)
}

// writeYAML writes the JSON form of a value as YAML: same keys, same order.
func writeYAML(w io.Writer, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	var node yaml.Node
	if err := yaml.Unmarshal(text, &node); err != nil { // JSON is YAML
		return err
	}
	unquote(&node)
	encoder := yaml.NewEncoder(w)
	encoder.SetIndent(2)
	if err := encoder.Encode(&node); err != nil {
		return err
	}
	return encoder.Close()
}

// unquote takes JSON's flow style and quotes off a node and all below it.
func unquote(node *yaml.Node) {
	node.Style = 0
	for _, below := range node.Content {
		unquote(below)
	}
}

// columns writes rows under a head, aligned.
func columns(w io.Writer, head string, rows [][]string) error {
	tabs := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tabs, strings.ReplaceAll(head, " ", "\t"))
	for _, row := range rows {
		fmt.Fprintln(tabs, strings.Join(row, "\t"))
	}
	return tabs.Flush()
}

// facts writes names and values, aligned; rows without a value are left out.
func facts(w io.Writer, rows [][2]string) error {
	tabs := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		if row[1] != "" {
			fmt.Fprintf(tabs, "%s\t%s\n", row[0], row[1])
		}
	}
	return tabs.Flush()
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
