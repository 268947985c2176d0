package scenfile

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// decoder fills a scenario from a tree and notes every fault on the way.
type decoder struct {
	result   load.Scenario
	kind     reflect.Type // what is read, where a field's right place is looked for
	lines    lines
	problems []load.Problem
	tainted  []string // paths that were not read, for further
	unread   bool     // there is no scenario at all
}

// maxProblems ends the list of faults: nobody reads more, and a hostile file
// must not fill memory with them.
const maxProblems = 100

func (d *decoder) fault(path string, line int, found, allowed, format string, args ...any) {
	d.tainted = append(d.tainted, path)
	if len(d.problems) < maxProblems {
		d.problems = append(d.problems, load.Problem{Path: path, Line: line, Found: found, Allowed: allowed, Message: fmt.Sprintf(format, args...)})
	}
}

func (d *decoder) scenario(root *node) {
	d.kind = reflect.TypeFor[load.Scenario]()
	d.fields(root, reflect.ValueOf(&d.result).Elem(), "")
}

// value decodes a node into to, by to's type.
func (d *decoder) value(n *node, to reflect.Value, path string, f *field) {
	if n.kind == null {
		d.fault(path, n.line, "nothing", allowedFor(to.Type(), f), "it has no value: give it one, or leave it out")
		return
	}
	if to.Kind() == reflect.Pointer {
		value := reflect.New(to.Type().Elem())
		before := len(d.tainted)
		d.value(n, value.Elem(), path, f)
		if len(d.tainted) == before {
			to.Set(value)
		}
		return
	}
	if criterion, ok := to.Addr().Interface().(*load.Criterion); ok && n.kind == mapping {
		d.rule(n, criterion, path)
		return
	}
	if scalar, ok := to.Addr().Interface().(encoding.TextUnmarshaler); ok {
		d.scalar(n, scalar, path, allowedFor(to.Type(), f))
		return
	}
	switch to.Kind() {
	case reflect.Struct:
		d.fields(n, to, path)
	case reflect.Slice:
		d.list(n, to, path)
	case reflect.Map:
		d.table(n, to, path)
	default:
		d.basic(n, to, path, f)
	}
}

// scalar decodes a type that reads its own text.
func (d *decoder) scalar(n *node, to encoding.TextUnmarshaler, path, allowed string) {
	if n.kind == mapping || n.kind == sequence {
		d.fault(path, n.line, n.what(), allowed, "%s is found where one value is allowed", n.what())
		return
	}
	if err := to.UnmarshalText([]byte(n.text)); err != nil {
		d.fault(path, n.line, n.what(), allowed, "%s", err)
	}
}

// basic decodes text, numbers and booleans. A number may stand where text is
// wanted, since nobody writes quotes around a version; text may not stand where
// a number is wanted.
func (d *decoder) basic(n *node, to reflect.Value, path string, f *field) {
	wanted := ""
	switch to.Kind() {
	case reflect.String:
		if n.kind == text || n.kind == number || n.kind == boolean {
			to.SetString(n.text)
			return
		}
		wanted = "a text"
	case reflect.Bool:
		if n.kind == boolean {
			to.SetBool(strings.EqualFold(n.text, "true"))
			return
		}
		wanted = "true or false"
	case reflect.Float64:
		value, err := strconv.ParseFloat(n.text, 64)
		if n.kind == number && err == nil && !math.IsNaN(value) && !math.IsInf(value, 0) {
			to.SetFloat(value)
			return
		}
		wanted = "a number"
		if n.kind == text && err == nil {
			wanted += " without quotes"
		}
	default:
		value, err := strconv.ParseInt(strings.ReplaceAll(n.text, "_", ""), 10, strconv.IntSize)
		if n.kind == number && err == nil {
			to.SetInt(value)
			return
		}
		wanted = "a whole number"
		if n.kind == text && err == nil {
			wanted += " without quotes"
		}
	}
	d.fault(path, n.line, n.what(), allowedFor(to.Type(), f), "%s is found where %s is allowed", n.what(), wanted)
}

func (d *decoder) list(n *node, to reflect.Value, path string) {
	items := n.items
	element := to.Type().Elem()
	switch {
	case n.kind == sequence:
	case n.kind != mapping && isScalar(element):
		items = []*node{n} // status: 200 is as clear as status: [200]
	case n.kind == mapping && !isScalar(element):
		d.fault(path, n.line, n.what(), "a list", "a mapping is found where a list is allowed: put a dash before each element")
		return
	default:
		d.fault(path, n.line, n.what(), "a list", "%s is found where a list is allowed", n.what())
		return
	}
	if len(items) > maxItems {
		d.fault(path, n.line, fmt.Sprint(len(items)), fmt.Sprintf("at most %d", maxItems), "the list has %d elements, at most %d are allowed", len(items), maxItems)
		return
	}
	list := reflect.MakeSlice(to.Type(), len(items), len(items))
	for i, item := range items {
		here := fmt.Sprintf("%s[%d]", path, i)
		d.lines[here] = item.line
		d.value(item, list.Index(i), here, nil)
	}
	to.Set(list)
}

// maxItems is more than any list of a scenario may have; the lists' own bounds
// are said by their tags.
const maxItems = 20_000

// table decodes a mapping of names that the scenario's writer chose.
func (d *decoder) table(n *node, to reflect.Value, path string) {
	if n.kind != mapping {
		d.fault(path, n.line, n.what(), "names with their values", "%s is found where names with their values are allowed, such as key: value", n.what())
		return
	}
	to.Set(reflect.MakeMap(to.Type()))
	first := map[string]int{}
	for _, e := range n.entries {
		here := load.JoinPath(path, e.key)
		if d.twice(first, e, here) {
			continue
		}
		d.lines[here] = e.line
		value := reflect.New(to.Type().Elem()).Elem()
		d.value(e.value, value, here, nil)
		to.SetMapIndex(reflect.ValueOf(e.key).Convert(to.Type().Key()), value)
	}
}

// twice notes a key that stood before.
func (d *decoder) twice(first map[string]int, e entry, path string) bool {
	line, twice := first[e.key]
	if !twice {
		first[e.key] = e.line
		return false
	}
	d.fault(path, e.line, e.key, "each name once", "%s stands there twice, first on line %d: leave one of them out", e.key, line)
	return true
}

// rule decodes the longer form of a criterion.
func (d *decoder) rule(n *node, to *load.Criterion, path string) {
	var long struct {
		If     string `json:"if"`
		Action string `json:"action,omitempty"`
	}
	before := len(d.tainted)
	d.fields(n, reflect.ValueOf(&long).Elem(), path)
	if len(d.tainted) > before {
		return
	}
	if long.If == "" {
		d.fault(path, n.line, "nothing", allowedText(reflect.TypeOf(*to)), "it has no rule: write if: \"p95 < 300ms\", and action: stop or mark")
		return
	}
	if err := to.SetRule(long.If, long.Action); err != nil {
		d.fault(path, n.line, short(long.If), allowedText(reflect.TypeOf(*to)), "%s", err)
	}
}

// fields decodes a mapping into a struct.
func (d *decoder) fields(n *node, to reflect.Value, path string) {
	fields := fieldsOf(to.Type())
	if n.kind != mapping {
		d.fault(path, n.line, n.what(), "fields", "%s is found where fields are allowed: %s", n.what(), namesOf(fields))
		return
	}
	first := map[string]int{}
	for _, e := range n.entries {
		here := load.JoinPath(path, e.key)
		if d.twice(first, e, here) {
			continue
		}
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == e.key })
		if i < 0 {
			d.unknown(e, here, path, fields, n.keys())
			continue
		}
		d.lines[here] = e.line
		before := len(d.tainted)
		d.value(e.value, to.Field(fields[i].index), here, &fields[i])
		if len(d.tainted) == before {
			d.zero(&fields[i], e, to.Field(fields[i].index), here)
		}
	}
}

// zero refuses a value that is the same as not saying anything, where what then
// stands for it is something else: tasks: 0 must not mean one task.
func (d *decoder) zero(f *field, e entry, value reflect.Value, path string) {
	if f.least == "" || !value.IsZero() || value.Kind() == reflect.Slice || value.Kind() == reflect.Map {
		return
	}
	d.fault(path, e.line, e.value.text, f.bounds(), "%s is not allowed here: write %s", e.value.text, f.bounds())
}
