package scenfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"onrush.dev/onrush/internal/load"
)

// node is a value in a file, whatever it is written in.
type node struct {
	kind    kind
	text    string // of a scalar, as written, without quotes
	line    int
	entries []entry // of a mapping
	items   []*node // of a sequence
}

// keys are the names that stand in a mapping.
func (n *node) keys() map[string]bool {
	keys := map[string]bool{}
	for _, e := range n.entries {
		keys[e.key] = true
	}
	return keys
}

// entry is one key of a mapping with its value.
type entry struct {
	key   string
	line  int
	value *node
}

type kind int

const (
	null kind = iota
	text
	number
	boolean
	mapping
	sequence
)

// what names a node in messages.
func (n *node) what() string {
	switch n.kind {
	case null:
		return "nothing"
	case mapping:
		return "a mapping"
	case sequence:
		return "a list"
	case text:
		return strconv.Quote(short(n.text))
	}
	return short(n.text)
}

// short cuts what is shown of a long value.
func short(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

const (
	// maxNodes bounds a tree with its aliases written out: a few lines of
	// aliases to aliases can stand for millions of values.
	maxNodes = 200_000
	// maxDepth is far more than a scenario has.
	maxDepth = 50
)

// yamlLine finds the line in the messages of the YAML reader.
var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(?:.*: line \d+: )?(.*)$`)

// readYAML makes a tree from YAML. The reader panics on some malformed input;
// that is a fault of the input like any other.
func readYAML(data []byte) (root *node, problem *load.Problem) {
	defer func() {
		if p := recover(); p != nil {
			root, problem = nil, &load.Problem{Line: 1, Message: fmt.Sprintf("this is no YAML: %v", p)}
		}
	}()
	var doc yaml.Node
	reader := yaml.NewDecoder(bytes.NewReader(data))
	err := reader.Decode(&doc)
	if errors.Is(err, io.EOF) {
		return nil, nil // comments only
	}
	if err != nil {
		return nil, yamlProblem(data, err)
	}
	var second yaml.Node
	if err := reader.Decode(&second); !errors.Is(err, io.EOF) {
		if err != nil {
			return nil, yamlProblem(data, err)
		}
		line := second.Line
		if len(second.Content) > 0 {
			line = second.Content[0].Line
		}
		return nil, &load.Problem{Line: line, Found: "a second document", Allowed: "one scenario", Message: "a second document begins after ---: write one scenario in a file"}
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) == 0 {
		return nil, nil
	}
	b := treeBuilder{}
	root = b.node(doc.Content[0], 0)
	if b.problem != nil {
		return nil, b.problem
	}
	if root.kind == null {
		return nil, nil
	}
	return root, nil
}

// yamlProblem turns what the YAML reader says into words for people.
func yamlProblem(data []byte, err error) *load.Problem {
	p := &load.Problem{Line: 1, Message: "this is no YAML: " + err.Error()}
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		p.Message = "this is no YAML: " + m[2]
		if line, err := strconv.Atoi(m[1]); err == nil {
			p.Line = min(line, bytes.Count(data, []byte("\n"))+1)
		}
	}
	switch {
	case strings.Contains(p.Message, "cannot start any token") && bytes.Contains(data, []byte("\t")):
		p.Message += " (YAML is indented with spaces, not tabs)"
	case strings.Contains(p.Message, "mapping values are not allowed"):
		p.Message += " (a text that holds ': ' needs quotes, and fields of one mapping the same indentation)"
	case strings.Contains(p.Message, "did not find expected"):
		p.Message += " (look at the indentation and the quotes on this line and above it)"
	}
	return p
}

// treeBuilder copies YAML's nodes with aliases and merges written out.
type treeBuilder struct {
	nodes   int
	problem *load.Problem
}

func (b *treeBuilder) fail(line int, format string, args ...any) *node {
	if b.problem == nil {
		b.problem = &load.Problem{Line: line, Message: fmt.Sprintf(format, args...)}
	}
	return &node{line: line}
}

func (b *treeBuilder) node(y *yaml.Node, depth int) *node {
	b.nodes++
	switch {
	case b.problem != nil:
		return &node{line: y.Line}
	case b.nodes > maxNodes:
		return b.fail(y.Line, "the file stands for more than %d values with its aliases written out", maxNodes)
	case depth > maxDepth:
		return b.fail(y.Line, "values are nested more than %d deep, or an alias stands for something that it is part of", maxDepth)
	}
	n := &node{line: y.Line, text: y.Value}
	switch y.Kind {
	case yaml.AliasNode:
		n = b.node(y.Alias, depth+1)
		n.line = y.Line
	case yaml.MappingNode:
		n.kind = mapping
		b.entries(n, y, depth)
	case yaml.SequenceNode:
		n.kind = sequence
		for _, item := range y.Content {
			n.items = append(n.items, b.node(item, depth+1))
		}
	default:
		n.kind = scalarKind(y)
	}
	return n
}

func scalarKind(y *yaml.Node) kind {
	switch y.ShortTag() {
	case "!!null":
		return null
	case "!!bool":
		return boolean
	case "!!int", "!!float":
		return number
	}
	return text
}

func (b *treeBuilder) entries(n *node, y *yaml.Node, depth int) {
	var merges []*node
	for i := 0; i+1 < len(y.Content); i += 2 {
		key, value := y.Content[i], b.node(y.Content[i+1], depth+1)
		for key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		switch {
		case key.Kind != yaml.ScalarNode:
			b.fail(key.Line, "a key must be one word")
		case key.ShortTag() == "!!merge":
			merges = append(merges, merged(value)...)
		default:
			n.entries = append(n.entries, entry{key.Value, y.Content[i].Line, value})
		}
	}
	for _, m := range merges { // what stands in the mapping itself goes first
		if m.kind != mapping {
			b.fail(m.line, "<< takes in a mapping, here it is %s", m.what())
		}
		own := map[string]bool{}
		for _, e := range n.entries {
			own[e.key] = true
		}
		for _, e := range m.entries {
			if !own[e.key] {
				n.entries = append(n.entries, e)
			}
		}
	}
}

func merged(value *node) []*node {
	if value.kind == sequence {
		return value.items
	}
	return []*node{value}
}
