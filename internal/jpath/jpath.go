// Package jpath finds the first value at a JSONPath (RFC 9535) in a JSON text
// that a stranger wrote: with bounds, and without a tree where that can be.
//
// The syntax and paths that may find several values are a library's; a path that
// names a single place, as nearly all do, is walked over the bytes (walk.go).
// Both ways mean the same. It may import no other package of ours: whoever
// reads scenarios and whoever judges responses share it.
package jpath

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/theory/jsonpath"
	"github.com/theory/jsonpath/spec"
)

// Path is a compiled JSONPath.
type Path struct {
	text  string
	path  *jsonpath.Path
	steps []step // nil: the path may find several values
}

// step goes into an object by name or, when there is no name, into a list by
// place.
type step struct {
	name  string
	named bool
	index int
}

// Parse compiles a path. It refuses those whose work grows faster than the text
// they look into, since a stranger writes that.
func Parse(text string) (*Path, error) {
	path, err := jsonpath.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%q is no JSONPath: %s", text, strings.TrimPrefix(err.Error(), "jsonpath: "))
	}
	q := &Path{text: text, path: path}
	if path.Query().Singular() == nil {
		return q, q.affordable()
	}
	q.steps = []step{}
	for _, segment := range path.Query().Segments() {
		switch s := segment.Selectors()[0].(type) {
		case spec.Name:
			q.steps = append(q.steps, step{name: string(s), named: true})
		case spec.Index:
			q.steps = append(q.steps, step{index: int(s)})
		}
	}
	return q, nil
}

func (q *Path) affordable() error {
	plain := outsideQuotes(q.path.String())
	if strings.Count(plain, "..") > 1 {
		return fmt.Errorf("%q searches all levels (..) more than once", q.text)
	}
	if strings.Count(plain, "$") > 1 {
		return fmt.Errorf("%q begins at the root ($) within a filter", q.text)
	}
	return nil
}

// outsideQuotes is a path without the texts in it.
func outsideQuotes(path string) string {
	var b strings.Builder
	quote, escaped := rune(0), false
	for _, c := range path {
		switch {
		case escaped:
			escaped = false
		case quote != 0 && c == '\\':
			escaped = true
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
		case c == '"' || c == '\'':
			quote = c
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// String is the path as it was written.
func (q *Path) String() string { return q.text }

// Document is a JSON text, read as far as paths need it. Its zero value is an
// empty text.
type Document struct {
	body    []byte
	checked bool
	err     error
	tree    any
	treeErr error
	grown   bool
}

// Bounds of a tree: it takes many times the memory of its text.
const (
	maxTree  = 256 << 10
	maxDepth = 64
)

// What keeps a path from being looked for.
var (
	ErrNoJSON  = errors.New("the body is no JSON")
	ErrTooDeep = fmt.Errorf("the body is nested more than %d deep", maxDepth)
	ErrTooWide = fmt.Errorf("the body is larger than the %d KiB in which a path may look for several values", maxTree>>10)
)

// Begin takes a text, which must not change while it is looked into.
func (d *Document) Begin(body []byte) { *d = Document{body: body} }

// First is the first value that a path finds, as text: in lists by place, in
// objects by name. Texts are without their quotes, numbers as they are written,
// lists and objects without spaces.
func (d *Document) First(q *Path) (text string, there bool, err error) {
	if !d.checked {
		d.checked = true
		if !json.Valid(d.body) {
			d.err = ErrNoJSON
		}
	}
	if d.err != nil {
		return "", false, d.err
	}
	if q.steps != nil {
		value := walk(d.body, q.steps)
		if value == nil {
			return "", false, nil
		}
		return textOfJSON(value), true, nil
	}
	if err := d.grow(); err != nil {
		return "", false, err
	}
	nodes := q.path.SelectLocated(d.tree)
	if len(nodes) == 0 {
		return "", false, nil
	}
	nodes.Sort()
	return textOf(nodes[0].Node), true, nil
}

// grow makes the tree.
func (d *Document) grow() error {
	if d.grown {
		return d.treeErr
	}
	d.grown = true
	switch {
	case len(d.body) > maxTree:
		d.treeErr = ErrTooWide
	case depthOf(d.body) > maxDepth:
		d.treeErr = ErrTooDeep
	default:
		d.tree, d.treeErr = decode(d.body)
	}
	return d.treeErr
}

func decode(text []byte) (value any, err error) {
	r := json.NewDecoder(bytes.NewReader(text))
	r.UseNumber() // numbers are compared as they are written
	if err = r.Decode(&value); errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return value, err
}

// textOf is a value as people compare it: a text without its quotes, everything
// else as JSON writes it, without spaces and the names of objects sorted.
func textOf(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	var b strings.Builder
	w := json.NewEncoder(&b)
	w.SetEscapeHTML(false)
	_ = w.Encode(value) // what was decoded encodes
	return strings.TrimSuffix(b.String(), "\n")
}

// textOfJSON is textOf for a value that is not decoded yet.
func textOfJSON(value []byte) string {
	switch value[0] {
	case '"', '{', '[':
		decoded, _ := decode(value) // a part of what is valid
		return textOf(decoded)
	}
	return string(value)
}
