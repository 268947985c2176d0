package scenfile

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"

	"onrush.dev/onrush/internal/load"
)

// object is a JSON object whose keys are written sorted.
type object = map[string]any

// Schema returns the JSON Schema (2020-12) of scenarios, for editors. It is
// made from the types that Parse reads into, so the two cannot differ.
func Schema() []byte {
	root := typeSchema(reflect.TypeFor[load.Scenario]())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "Onrush scenario"
	root["$defs"] = object{"request": structSchema(reflect.TypeFor[load.Request]())}
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic("scenario schema: " + err.Error()) // maps of plain values always marshal
	}
	return append(text, '\n')
}

func typeSchema(t reflect.Type) object {
	if known := scalarSchema(t); known != nil {
		return known
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeSchema(t.Elem())
	case reflect.Slice:
		list := object{"type": "array", "items": typeSchema(t.Elem())}
		if isScalar(t.Elem()) { // one value may stand without its list
			return object{"anyOf": []object{list, typeSchema(t.Elem())}}
		}
		return list
	case reflect.Map:
		if element := t.Elem(); element.Kind() == reflect.Struct {
			return object{"type": "object", "additionalProperties": typeSchema(element)}
		}
		return object{"type": "object", "additionalProperties": object{"type": []string{"string", "number", "boolean"}}}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer", "minimum": 0}
	case reflect.Struct:
		if t == reflect.TypeFor[load.Request]() { // it stands in requests and in flows
			return object{"$ref": "#/$defs/request"}
		}
		return structSchema(t)
	}
	return object{"type": "string"}
}

func structSchema(t reflect.Type) object {
	properties := object{}
	var required []string
	for _, f := range fieldsOf(t) {
		properties[f.name] = f.schema()
		if f.required {
			required = append(required, f.name)
		}
	}
	schema := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}

func (f *field) schema() object {
	schema := typeSchema(f.typ)
	if f.doc != "" {
		schema["description"] = f.doc
	}
	if f.enum != nil {
		schema["enum"] = f.enumSchema()
		delete(schema, "type")
	}
	if f.standsIn != "" {
		schema["default"] = plainValue(f.typ, f.standsIn)
	}
	bound := func(key, text string) {
		if n, err := strconv.Atoi(text); err == nil && schema["type"] == "integer" {
			schema[key] = n
		}
	}
	bound("minimum", f.least)
	bound("maximum", f.most)
	if n, err := strconv.Atoi(f.items); err == nil {
		if schema["type"] == "array" {
			schema["maxItems"] = n
		} else if schema["type"] == "object" {
			schema["maxProperties"] = n
		}
	}
	return schema
}

// enumSchema lists the words, and the numbers that a word like 1.1 is when it
// has no quotes.
func (f *field) enumSchema() []any {
	var values []any
	for _, word := range f.enum {
		values = append(values, word)
		if n, err := strconv.ParseFloat(word, 64); err == nil {
			values = append(values, n)
		}
	}
	return values
}

func plainValue(t reflect.Type, text string) any {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if n, err := strconv.Atoi(text); err == nil && slices.Contains([]reflect.Kind{reflect.Int, reflect.Int64}, t.Kind()) {
		return n
	}
	if b, err := strconv.ParseBool(text); err == nil && t.Kind() == reflect.Bool {
		return b
	}
	return text
}

// scalarSchema describes the types that read themselves.
func scalarSchema(t reflect.Type) object {
	text := func(pattern string, examples ...string) object {
		return object{"type": "string", "pattern": pattern, "examples": examples}
	}
	const (
		number   = `[0-9]+(\.[0-9]+)?`
		duration = `(` + number + `(ns|us|µs|ms|s|m|h|d) ?)+`
		size     = number + ` ?([KMGTkmgt]i?)?[Bb]? ?`
		status   = `[1-5][0-9][0-9]`
	)
	switch t {
	case reflect.TypeFor[load.Duration]():
		return object{"anyOf": []object{text(`^`+duration+`$`, "90s", "1m30s", "500ms"), {"const": 0}, {"const": "0"}}}
	case reflect.TypeFor[load.Rate]():
		return object{"anyOf": []object{{"type": "number", "minimum": 0}, text(`^`+number+` ?(/ ?(s|sec|second|m|min|minute|h|hour))?$`, "200/s", "6000/m")}}
	case reflect.TypeFor[load.Percent]():
		return text(`^`+number+` ?%$`, "60%")
	case reflect.TypeFor[load.Bytes]():
		return object{"anyOf": []object{{"type": "integer", "minimum": 0}, text(`^`+number+` ?([KMGTkmgt]i?)?[Bb]?$`, "10MB", "64KiB")}}
	case reflect.TypeFor[load.SizeRange]():
		return object{"anyOf": []object{{"type": "integer", "minimum": 0}, text(`^`+size+`(- ?`+size+`)?$`, "64KiB", "1KiB-2KiB")}}
	case reflect.TypeFor[load.Span]():
		return text(`^`+duration+`(- ?`+duration+`)?$`, "1s", "1s-3s")
	case reflect.TypeFor[load.StatusPattern]():
		return object{"anyOf": []object{{"type": "integer", "minimum": 100, "maximum": 599}, text(`^([1-5]xx|`+status+`(-`+status+`)?)$`, "2xx", "200-299")}}
	case reflect.TypeFor[load.Criterion]():
		rule := object{"type": "string", "examples": []string{"p95 < 300ms", "failures < 1% for 10s, stop"}}
		return object{"anyOf": []object{rule, {
			"type": "object", "additionalProperties": false, "required": []string{"if"}, "properties": object{
				"if":     object{"type": "string", "description": "The rule, e.g. p95 < 300ms."},
				"action": object{"enum": []string{load.ActionMark, load.ActionStop}, "default": load.ActionMark, "description": "What a breach does: mark the run as failed, or stop it too."},
			},
		}}}
	}
	return nil
}
