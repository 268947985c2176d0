package scenfile

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"

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
		return object{"type": "array", "items": typeSchema(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": object{"type": []string{"string", "number", "boolean"}}}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer", "minimum": 0}
	case reflect.Struct:
		return structSchema(t)
	}
	return object{"type": "string"}
}

func structSchema(t reflect.Type) object {
	properties := object{}
	var required []string
	for i := range t.NumField() {
		field := t.Field(i)
		name := tagName(field)
		if name == "" {
			continue
		}
		schema := typeSchema(field.Type)
		if doc := field.Tag.Get("doc"); doc != "" {
			schema["description"] = doc
		}
		if enum := field.Tag.Get("enum"); enum != "" {
			schema["enum"] = strings.Split(enum, ",")
		}
		if value, ok := field.Tag.Lookup("default"); ok {
			schema["default"] = defaultValue(field.Type, value)
		}
		if !strings.Contains(field.Tag.Get("json"), "omitempty") {
			required = append(required, name)
		}
		properties[name] = schema
	}
	schema := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}

func defaultValue(t reflect.Type, text string) any {
	if number, err := strconv.Atoi(text); err == nil && (t.Kind() == reflect.Int || t.Kind() == reflect.Int64) {
		return number
	}
	return text
}

// scalarSchema describes the types that read themselves.
func scalarSchema(t reflect.Type) object {
	text := func(pattern string) object {
		return object{"type": "string", "pattern": pattern, "examples": []string{example(t)}}
	}
	const number = `[0-9]+(\.[0-9]+)?`
	switch t {
	case reflect.TypeFor[load.Duration]():
		return object{"anyOf": []object{text(`^(` + number + `(us|ms|s|m|h|d))+$`), {"const": 0}, {"const": "0"}}}
	case reflect.TypeFor[load.Rate]():
		return object{"anyOf": []object{{"type": "number", "minimum": 0}, text(`^` + number + `(/(s|m|h))?$`)}}
	case reflect.TypeFor[load.Percent]():
		return text(`^` + number + `%$`)
	case reflect.TypeFor[load.Bytes]():
		return object{"anyOf": []object{{"type": "integer", "minimum": 0}, text(`^` + number + ` ?(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB)?$`)}}
	case reflect.TypeFor[load.Span]():
		return text(`^[0-9a-z.]+(-[0-9a-z.]+)?$`)
	case reflect.TypeFor[load.StatusPattern]():
		return object{"anyOf": []object{{"type": "integer", "minimum": 100, "maximum": 599}, text(`^([1-5]xx|[1-5][0-9][0-9](-[1-5][0-9][0-9])?)$`)}}
	case criterionType:
		long := object{"type": "object", "additionalProperties": false, "required": []string{"if"}, "properties": object{
			"if":   object{"type": "string", "description": "The rule, e.g. p95 < 300ms."},
			"then": object{"type": "string", "enum": []string{"mark", "stop"}, "description": "What a breach does: mark the run as failed, or stop it too."},
		}}
		return object{"anyOf": []object{{"type": "string", "examples": []string{example(t)}}, long}}
	}
	return nil
}
