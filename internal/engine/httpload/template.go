package httpload

import (
	"fmt"
	"slices"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// template is a text with ${names} in it, cut into pieces once so that filling
// it in is joining. A template without names is its own value.
type template struct {
	text  string // the value, when there are no pieces
	parts []part
}

// part is a fixed text or the place of a value.
type part struct {
	text   string // fixed; of a value, its name
	data   int    // index of the data set; else below 0
	column int
	slot   int // number of an extracted value; else below 0
}

func (p *part) lookup() bool { return p.data >= 0 || p.slot >= 0 }

// names resolves what ${…} can stand for.
type names struct {
	variables map[string]string
	data      []*dataSet
	extracted map[string]int
}

// extract gives numbers to the values that a request takes from its response.
func (n *names) extract(r *load.Request) {
	if n.extracted == nil {
		n.extracted = map[string]int{}
	}
	sorted := make([]string, 0, len(r.Extract))
	for name := range r.Extract {
		sorted = append(sorted, name)
	}
	slices.Sort(sorted)
	for _, name := range sorted {
		if _, known := n.extracted[name]; !known {
			n.extracted[name] = len(n.extracted)
		}
	}
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
		p, err := n.place(name)
		if err != nil {
			return t, err
		}
		t.parts = append(t.parts, part{text: fixed.String(), data: -1, slot: -1}, p)
		fixed.Reset()
	}
	if t.parts == nil {
		t.text = fixed.String()
		return t, nil
	}
	t.parts = append(t.parts, part{text: fixed.String(), data: -1, slot: -1})
	return t, nil
}

// place finds what name stands for: an extracted value or a data column,
// "file.column", or "column" when one file alone has it.
func (n *names) place(name string) (part, error) {
	if slot, ok := n.extracted[name]; ok {
		return part{text: name, data: -1, slot: slot}, nil
	}
	found := part{data: -1, slot: -1}
	for i, d := range n.data {
		short := strings.TrimPrefix(name, d.name+".")
		c, ok := d.columns[short]
		if !ok {
			continue
		}
		if short != name {
			return part{data: i, column: c, slot: -1}, nil
		}
		if found.data >= 0 {
			return part{}, fmt.Errorf("${%s} is a column of both %s and %s: say which", name, n.data[found.data].name, d.name)
		}
		found.data, found.column = i, c
	}
	if found.data < 0 {
		return part{}, errNoValue(name)
	}
	return found, nil
}

// fill returns the template's value.
func (t *template) fill(v *values) string {
	if t.parts == nil {
		return t.text
	}
	var b strings.Builder
	for i := range t.parts {
		p := &t.parts[i]
		switch {
		case p.slot >= 0:
			b.WriteString(v.vars[p.slot].text)
		case p.data >= 0:
			b.WriteString(v.rows[p.data][p.column])
		default:
			b.WriteString(p.text)
		}
	}
	return b.String()
}

// fixed says whether the value is always the same.
func (t *template) fixed() bool { return t.parts == nil }
