package httpload

import (
	"fmt"
	"strings"
)

// template is a text with ${names} in it, cut into pieces once so that filling
// it in is joining. A template without names is its own value.
type template struct {
	text  string // the value, when there are no pieces
	parts []part
}

// part is a fixed text or, when lookup is set, the place of a value.
type part struct {
	text   string
	data   int // index of the data set
	column int
	lookup bool
}

// names resolves what ${…} can stand for.
type names struct {
	variables map[string]string
	data      []*dataSet
}

// parse cuts text into pieces. Variables are filled in here, since they never
// change; a name that nothing resolves is an error.
func (n *names) parse(text string) (template, error) {
	var t template
	var fixed strings.Builder
	rest := text
	for {
		before, after, found := strings.Cut(rest, "${")
		fixed.WriteString(before)
		if !found {
			break
		}
		name, tail, closed := strings.Cut(after, "}")
		if !closed {
			return t, fmt.Errorf("${ without } in %q", text)
		}
		rest = tail
		if value, ok := n.variables[name]; ok {
			fixed.WriteString(value)
			continue
		}
		p, err := n.column(name)
		if err != nil {
			return t, err
		}
		t.parts = append(t.parts, part{text: fixed.String()}, p)
		fixed.Reset()
	}
	if t.parts == nil {
		t.text = fixed.String()
		return t, nil
	}
	t.parts = append(t.parts, part{text: fixed.String()})
	return t, nil
}

// column finds the data column that name stands for: "file.column", or
// "column" when one file alone has it.
func (n *names) column(name string) (part, error) {
	found := part{lookup: true, data: -1}
	for i, d := range n.data {
		short := strings.TrimPrefix(name, d.name+".")
		c, ok := d.columns[short]
		if !ok {
			continue
		}
		if short != name {
			return part{lookup: true, data: i, column: c}, nil
		}
		if found.data >= 0 {
			return part{}, fmt.Errorf("${%s} is a column of both %s and %s: say which", name, n.data[found.data].name, d.name)
		}
		found.data, found.column = i, c
	}
	if found.data < 0 {
		return part{}, fmt.Errorf("${%s} is neither a variable nor a column of a data file", name)
	}
	return found, nil
}

// fill returns the template's value for the given rows, one per data set.
func (t *template) fill(rows [][]string) string {
	if t.parts == nil {
		return t.text
	}
	var b strings.Builder
	for _, p := range t.parts {
		if p.lookup {
			b.WriteString(rows[p.data][p.column])
			continue
		}
		b.WriteString(p.text)
	}
	return b.String()
}

// fixed says whether the value is always the same.
func (t *template) fixed() bool { return t.parts == nil }
