package scenfile

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// field is what the tags of load.Scenario say of one field.
type field struct {
	index    int
	name     string
	typ      reflect.Type
	doc      string
	enum     []string
	standsIn string // the default
	least    string
	most     string
	items    string // most elements of a list
	required bool
}

func fieldsOf(t reflect.Type) []field {
	fields := make([]field, 0, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		one := field{
			index: i, name: name, typ: f.Type, doc: f.Tag.Get("doc"), standsIn: f.Tag.Get("default"),
			least: f.Tag.Get("least"), most: f.Tag.Get("most"), items: f.Tag.Get("items"),
			required: !strings.Contains(options, "omit"),
		}
		if enum := f.Tag.Get("enum"); enum != "" {
			one.enum = strings.Split(enum, ",")
		}
		fields = append(fields, one)
	}
	return fields
}

// bounds are what may stand in the field, in words.
func (f *field) bounds() string {
	switch {
	case f.enum != nil:
		return strings.Join(f.enum, ", ")
	case f.least != "" && f.most != "":
		return f.least + " to " + f.most
	case f.least != "":
		return "at least " + f.least
	case f.most != "":
		return "at most " + f.most
	}
	return ""
}

// isScalar says whether values of a type are one text or number.
func isScalar(t reflect.Type) bool {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return true
	}
	switch t.Kind() {
	case reflect.Pointer:
		return isScalar(t.Elem())
	case reflect.Struct, reflect.Slice, reflect.Map:
		return false
	}
	return true
}

func namesOf(fields []field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return strings.Join(names, ", ")
}

// otherWords are what people write who come from other tools, or are in a hurry.
var otherWords = map[string]string{
	"vus": "users", "concurrency": "users", "virtual_users": "users", "threads": "users", "connections": "users",
	"threshold": "criteria", "thresholds": "criteria", "criterion": "criteria", "checks": "criteria", "sla": "criteria",
	"rps": "rate", "qps": "rate", "arrival_rate": "rate", "throughput": "rate",
	"ramp": "ramp_up", "rampup": "ramp_up", "hold": "hold_for", "pause": "think_time", "sleep": "think_time", "think": "think_time",
	"steps": "requests", "scenario": "requests", "target": "url", "uri": "url", "endpoint": "url", "path": "url",
	"verb": "method", "header": "headers", "payload": "body", "json": "body", "title": "name", "locations": "regions",
	"insecure": "verify", "cert": "certificate", "sni": "server_name", "dns": "resolvers", "csv": "data", "feeders": "data",
	"vars": "variables", "environment": "env", "workers": "tasks", "instances": "tasks", "count": "tasks", "percent": "share",
	"total": "total_users", "stage": "stages", "status_code": "status", "gzip": "compression", "keepalive": "keep_alive",
}

// unknown notes a field that does not exist, with the one that was meant, here
// or elsewhere in the scenario.
func (d *decoder) unknown(e entry, here, path string, fields []field, present map[string]bool) {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	near := load.Nearest(e.key, names)
	if other := otherWords[strings.ReplaceAll(strings.ToLower(e.key), "-", "_")]; near == "" && slices.Contains(names, other) {
		near = other
	}
	hint := "allowed are " + namesOf(fields)
	if near != "" {
		hint = fmt.Sprintf("did you mean %s?", near)
		if !present[near] { // else it was read, and its own faults count
			d.tainted = append(d.tainted, load.JoinPath(path, near))
		}
	} else if elsewhere := findField(d.kind, "", e.key); elsewhere != "" {
		hint = fmt.Sprintf("did you mean %s?", elsewhere)
		d.tainted = append(d.tainted, strings.ReplaceAll(elsewhere, "[]", ""))
	}
	d.fault(here, e.line, e.key, strings.Join(names, ", "), "there is no field %s here; %s", e.key, hint)
}

// findField finds a field by name anywhere in a scenario: users to
// "load.users", url to "requests[].url". The one highest up wins.
func findField(t reflect.Type, path, name string) string {
	fields, plain := fieldsOf(t), strings.ReplaceAll(strings.ToLower(name), "-", "_")
	for _, f := range fields {
		if f.name == name || f.name == plain || f.name == otherWords[plain] {
			return load.JoinPath(path, f.name)
		}
	}
	for _, f := range fields {
		inner, below := f.typ, load.JoinPath(path, f.name)
		for inner.Kind() == reflect.Slice || inner.Kind() == reflect.Pointer {
			if inner.Kind() == reflect.Slice {
				below += "[]"
			}
			inner = inner.Elem()
		}
		if inner.Kind() != reflect.Struct || isScalar(inner) || f.name == "scripted" {
			continue
		}
		if found := findField(inner, below, name); found != "" {
			return found
		}
	}
	return ""
}

// allowedText says what a type that reads its own text wants.
func allowedText(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[load.Duration]():
		return "a duration with its unit: 500ms, 90s, 1m30s, 1.5h, 2d"
	case reflect.TypeFor[load.Rate]():
		return "requests a second: 200, 200/s, 6000/m, 360000/h"
	case reflect.TypeFor[load.Percent]():
		return "0% to 100%"
	case reflect.TypeFor[load.Bytes]():
		return "a size: 1048576, 64KB, 10MB, 64KiB, 10MiB"
	case reflect.TypeFor[load.Span]():
		return "a duration or a range of them: 1s, 1s-3s"
	case reflect.TypeFor[load.SizeRange]():
		return "a size or a range of them: 1KiB, 1KiB-2KiB"
	case reflect.TypeFor[load.StatusPattern]():
		return "200, 2xx, 200-299"
	case reflect.TypeFor[load.Criterion]():
		return "a rule: p95 < 300ms, failures < 1% for 10s, stop"
	}
	return "one value"
}

// allowedFor says what may stand in a value of type t, of field f when it has
// one.
func allowedFor(t reflect.Type, f *field) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if f != nil && f.bounds() != "" {
		return f.bounds()
	}
	if isScalar(t) {
		switch t.Kind() {
		case reflect.Bool:
			return "true or false"
		case reflect.String:
			return "a text"
		case reflect.Float64:
			return "a number"
		case reflect.Int, reflect.Int64:
			if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
				break
			}
			return "a whole number"
		}
		return allowedText(t)
	}
	switch t.Kind() {
	case reflect.Slice:
		return "a list"
	case reflect.Map:
		return "names with their values"
	}
	return "the fields " + namesOf(fieldsOf(t))
}
