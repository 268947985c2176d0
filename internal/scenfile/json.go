package scenfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"onrush.dev/onrush/internal/load"
)

// looksLikeJSON tells JSON from YAML, of which it is nearly a part: YAML would
// not take its tabs.
func looksLikeJSON(text []byte) bool { return text[0] == '{' && json.Valid(text) }

// readJSON makes a tree from JSON, with lines, which encoding/json does not
// keep, and with keys that stand twice, which it does not mind.
func readJSON(data []byte) (*node, *load.Problem) {
	r := jsonReader{data: data, tokens: json.NewDecoder(bytes.NewReader(data)), line: 1}
	r.tokens.UseNumber()
	root, err := r.value(0)
	if err == nil {
		if _, more := r.tokens.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows after the end of the scenario")
		}
	}
	if err != nil {
		return nil, r.problem(err)
	}
	return root, nil
}

type jsonReader struct {
	data   []byte
	tokens *json.Decoder
	offset int // up to which lines are counted
	line   int
}

// here is the line at which the last token ended.
func (r *jsonReader) here() int {
	to := min(int(r.tokens.InputOffset()), len(r.data))
	if to > r.offset {
		r.line += bytes.Count(r.data[r.offset:to], []byte("\n"))
		r.offset = to
	}
	return r.line
}

func (r *jsonReader) problem(err error) *load.Problem {
	line := r.here()
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		line = 1 + bytes.Count(r.data[:min(int(syntax.Offset), len(r.data))], []byte("\n"))
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		err = errors.New("it ends in the middle: a bracket or quote is not closed")
		line = 1 + bytes.Count(bytes.TrimSpace(r.data), []byte("\n"))
	}
	return &load.Problem{Line: line, Message: "this is no JSON: " + err.Error()}
}

func (r *jsonReader) value(depth int) (*node, error) {
	token, err := r.tokens.Token()
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("values are nested more than %d deep", maxDepth)
	}
	n := &node{line: r.here()}
	switch t := token.(type) {
	case json.Delim:
		if t == '[' {
			n.kind = sequence
			err = r.items(n, depth)
		} else {
			n.kind = mapping
			err = r.entries(n, depth)
		}
		if err == nil {
			_, err = r.tokens.Token() // the closing bracket
		}
	case string:
		n.kind, n.text = text, t
	case json.Number:
		n.kind, n.text = number, t.String()
	case bool:
		n.kind, n.text = boolean, fmt.Sprint(t)
	}
	return n, err
}

func (r *jsonReader) items(n *node, depth int) error {
	for r.tokens.More() {
		item, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		n.items = append(n.items, item)
	}
	return nil
}

func (r *jsonReader) entries(n *node, depth int) error {
	for r.tokens.More() {
		token, err := r.tokens.Token()
		if err != nil {
			return err
		}
		key, _ := token.(string) // the decoder lets nothing else be a key
		line := r.here()
		value, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		n.entries = append(n.entries, entry{key, line, value})
	}
	return nil
}
