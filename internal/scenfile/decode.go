package scenfile

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"onrush.dev/onrush/internal/load"
)

// decoder walks a YAML tree and a Go value side by side, strictly, and gathers
// problems instead of stopping at the first.
type decoder struct {
	problems []load.Problem
	lines    map[string]int // path of a field to its line
	nodes    int
}

func newDecoder() *decoder { return &decoder{lines: map[string]int{}} }

var (
	textType      = reflect.TypeFor[encoding.TextUnmarshaler]()
	criterionType = reflect.TypeFor[load.Criterion]()
)

func (d *decoder) decodeRoot(n *yaml.Node, scenario *load.Scenario) {
	if n.Kind != yaml.MappingNode {
		d.add(n, "", kindOf(n), "a mapping", "a scenario is a mapping of fields, it begins with name:")
		return
	}
	d.decode(n, reflect.ValueOf(scenario).Elem(), "", 0)
}

// add notes a problem.
func (d *decoder) add(n *yaml.Node, path, found, allowed, message string) {
	d.problems = append(d.problems, load.Problem{Path: path, Line: n.Line, Found: found, Allowed: allowed, Message: message})
}

// wrong notes a value of the wrong kind.
func (d *decoder) wrong(n *yaml.Node, path, allowed string) {
	d.add(n, path, kindOf(n), allowed, fmt.Sprintf("found %s, allowed is %s", kindOf(n), allowed))
}

// decode puts what n says into v.
func (d *decoder) decode(n *yaml.Node, v reflect.Value, path string, depth int) {
	if path != "" {
		d.lines[path] = n.Line
	}
	d.nodes++
	if d.nodes > maxNodes || depth > maxDepth {
		if d.nodes == maxNodes+1 || depth == maxDepth+1 {
			d.add(n, path, "", "", fmt.Sprintf("the scenario is too large or nested too deeply (at most %d values, %d levels)", maxNodes, maxDepth))
		}
		return
	}
	if n.Kind == yaml.AliasNode {
		d.decode(n.Alias, v, path, depth+1)
		return
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return // "field:" with nothing behind it says nothing
	}
	switch {
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.decode(n, v.Elem(), path, depth+1)
	case v.Type() == criterionType && n.Kind == yaml.MappingNode:
		d.decodeCriterion(n, v, path)
	case reflect.PointerTo(v.Type()).Implements(textType):
		d.decodeText(n, v, path)
	case v.Kind() == reflect.Struct:
		d.decodeStruct(n, v, path, depth)
	case v.Kind() == reflect.Slice:
		d.decodeSlice(n, v, path, depth)
	case v.Kind() == reflect.Map:
		d.decodeMap(n, v, path, depth)
	default:
		d.decodeScalar(n, v, path)
	}
}

// decodeText hands a scalar to a type that reads itself: durations, rates…
func (d *decoder) decodeText(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.ScalarNode {
		d.wrong(n, path, "a single value, e.g. "+example(v.Type()))
		return
	}
	into := v.Addr().Interface().(encoding.TextUnmarshaler)
	if err := into.UnmarshalText([]byte(n.Value)); err != nil {
		p := load.Problem{Path: path, Line: n.Line, Found: n.Value, Message: err.Error()}
		if inner := load.Problems(err); len(inner) == 1 {
			p.Found, p.Allowed, p.Message = inner[0].Found, inner[0].Allowed, inner[0].Message
		}
		d.problems = append(d.problems, p)
	}
}

// decodeCriterion reads the long form: {if: "p95 < 300ms", then: stop}.
func (d *decoder) decodeCriterion(n *yaml.Node, v reflect.Value, path string) {
	var long struct {
		If   string `json:"if"`
		Then string `json:"then,omitempty"`
	}
	before := len(d.problems)
	d.decodeStruct(n, reflect.ValueOf(&long).Elem(), path, 0)
	if len(d.problems) > before {
		return
	}
	text := long.If
	switch long.Then {
	case "stop":
		text += ", stop"
	case "", "mark":
	default:
		d.add(n, join(path, "then"), long.Then, "stop or mark", fmt.Sprintf("found %q, allowed is stop or mark", long.Then))
		return
	}
	d.decodeText(&yaml.Node{Kind: yaml.ScalarNode, Value: text, Line: n.Line}, v, path)
}

func (d *decoder) decodeStruct(n *yaml.Node, v reflect.Value, path string, depth int) {
	if n.Kind != yaml.MappingNode {
		d.wrong(n, path, "a mapping of fields: "+strings.Join(fieldNames(v.Type()), ", "))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		field, ok := fieldOf(v, key.Value)
		at := join(path, key.Value)
		if first, twice := seen[key.Value]; twice {
			d.add(key, at, key.Value, "each field once", fmt.Sprintf("stands twice, first in line %d", first))
			continue
		}
		seen[key.Value] = key.Line
		if !ok || key.Kind != yaml.ScalarNode {
			d.unknown(key, at, v.Type())
			continue
		}
		d.decode(value, field, at, depth+1)
		d.lines[at] = key.Line
	}
}

func (d *decoder) unknown(key *yaml.Node, at string, t reflect.Type) {
	names := fieldNames(t)
	message := "there is no such field"
	if near := nearest(key.Value, names); near != "" {
		message += fmt.Sprintf(", did you mean %s?", near)
	}
	message += " Allowed here: " + strings.Join(names, ", ")
	d.add(key, at, key.Value, strings.Join(names, ", "), message)
}

func (d *decoder) decodeSlice(n *yaml.Node, v reflect.Value, path string, depth int) {
	if n.Kind != yaml.SequenceNode {
		d.wrong(n, path, "a list: lines that begin with '- ', or [a, b]")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		d.decode(item, v.Index(i), fmt.Sprintf("%s[%d]", path, i), depth+1)
	}
}

func (d *decoder) decodeMap(n *yaml.Node, v reflect.Value, path string, depth int) {
	if n.Kind != yaml.MappingNode {
		d.wrong(n, path, "a mapping: lines of the form 'name: value'")
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		at := join(path, key.Value)
		name := reflect.ValueOf(key.Value)
		if v.MapIndex(name).IsValid() {
			d.add(key, at, key.Value, "each name once", "stands twice")
			continue
		}
		value := reflect.New(v.Type().Elem()).Elem()
		d.decode(n.Content[i+1], value, at, depth+1)
		v.SetMapIndex(name, value)
	}
}

func (d *decoder) decodeScalar(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.ScalarNode {
		d.wrong(n, path, scalarWord(v.Kind()))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(n.Value)
	case reflect.Bool:
		if n.Tag != "!!bool" {
			d.wrong(n, path, "true or false")
			return
		}
		v.SetBool(strings.EqualFold(n.Value, "true"))
	case reflect.Int, reflect.Int64:
		number, err := strconv.ParseInt(strings.ReplaceAll(n.Value, "_", ""), 10, v.Type().Bits())
		if n.Tag != "!!int" || err != nil {
			d.wrong(n, path, "a whole number")
			return
		}
		v.SetInt(number)
	default:
		panic("scenario has a field of a kind that files cannot hold: " + v.Type().String())
	}
}
