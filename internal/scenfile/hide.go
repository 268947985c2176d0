package scenfile

import (
	"bytes"
	"cmp"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"onrush.dev/onrush/internal/load"
)

// Hide returns a scenario's source with its secrets masked, and all else as its
// writer wrote it, comments too. The scenario is what was read from it. Where
// that cannot be done surely, as with a secret in several lines, the scenario is
// written anew.
func Hide(source string, s load.Scenario) (string, error) {
	hidden := load.Hidden(s)
	if len(hidden) == 0 {
		return source, nil
	}
	masked := load.Masked(s)
	if text, ok := hide(source, hidden); ok {
		if read, err := Parse("", []byte(text)); err == nil && reflect.DeepEqual(read, masked) {
			return text, nil
		}
	}
	anew, err := Marshal(masked)
	return string(anew), err
}

// hide replaces values by what is shown for them.
func hide(source string, hidden []load.Shown) (text string, ok bool) {
	defer func() { // the reader panics on some malformed input
		if recover() != nil {
			ok = false
		}
	}()
	var doc yaml.Node
	if yaml.Unmarshal([]byte(source), &doc) != nil || len(doc.Content) == 0 {
		return "", false
	}
	var spots []span
	for _, shown := range hidden {
		n := nodeAt(doc.Content[0], shown.Path)
		if n == nil {
			return "", false
		}
		spot, found := spotOf(source, n)
		if !found {
			return "", false
		}
		spot.text = shown.Text
		spots = append(spots, spot)
	}
	slices.SortFunc(spots, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	spots = slices.Compact(spots) // an alias stands for the same place
	var b bytes.Buffer
	last := 0
	for _, spot := range spots {
		b.WriteString(source[last:spot.from])
		b.WriteString(strconv.Quote(spot.text)) // a bare * would begin an alias
		last = spot.to
	}
	b.WriteString(source[last:])
	return b.String(), true
}

// span is a part of the source, in bytes, and what takes its place.
type span struct {
	from, to int
	text     string
}

// nodeAt finds the scalar at a path such as flows[0].requests[1].auth.bearer.
func nodeAt(n *yaml.Node, path string) *yaml.Node {
	for part := range strings.SplitSeq(path, ".") {
		name, place, listed := strings.Cut(strings.TrimSuffix(part, "]"), "[")
		if n = memberOf(n, name); n == nil {
			return nil
		}
		if listed {
			i, err := strconv.Atoi(place)
			if err != nil || n.Kind != yaml.SequenceNode || i >= len(n.Content) {
				return nil
			}
			n = aliased(n.Content[i])
		}
	}
	if n.Kind != yaml.ScalarNode {
		return nil
	}
	return n
}

// memberOf finds a value in a mapping or in what is merged into it.
func memberOf(n *yaml.Node, name string) *yaml.Node {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	var merged *yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], aliased(n.Content[i+1])
		switch {
		case key.Value == name:
			return value
		case key.ShortTag() != "!!merge":
		case value.Kind == yaml.SequenceNode:
			for _, one := range value.Content {
				if merged == nil {
					merged = memberOf(aliased(one), name)
				}
			}
		case merged == nil:
			merged = memberOf(value, name)
		}
	}
	return merged
}

func aliased(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// spotOf finds where a scalar stands, if that is in one line.
func spotOf(source string, n *yaml.Node) (span, bool) {
	from := 0
	for range n.Line - 1 {
		next := strings.IndexByte(source[from:], '\n')
		if next < 0 {
			return span{}, false
		}
		from += next + 1
	}
	line, _, _ := strings.Cut(source[from:], "\n")
	runes := []rune(line)
	if n.Column < 1 || n.Column > len(runes) {
		return span{}, false
	}
	from += len(string(runes[:n.Column-1]))
	text := string(runes[n.Column-1:])
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0 && text[0] == '"':
		for i := 1; i < len(text); i++ {
			switch text[i] {
			case '\\':
				i++
			case '"':
				return span{from: from, to: from + i + 1}, true
			}
		}
	case n.Style&yaml.SingleQuotedStyle != 0 && text[0] == '\'':
		for i := 1; i < len(text); i++ {
			if text[i] != '\'' {
				continue
			}
			if i+1 < len(text) && text[i+1] == '\'' {
				i++
				continue
			}
			return span{from: from, to: from + i + 1}, true
		}
	case strings.HasPrefix(text, n.Value):
		return span{from: from, to: from + len(n.Value)}, true
	}
	return span{}, false
}
