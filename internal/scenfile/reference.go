package scenfile

import (
	"fmt"
	"reflect"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// Reference writes the tables of all fields, as Markdown, from the types that
// Parse reads into. They stand in docs/scenario.md.
func Reference() string {
	var b strings.Builder
	referenceOf(&b, reflect.TypeFor[load.Scenario](), "", map[reflect.Type]string{})
	return b.String()
}

// referenceOf writes a struct's table and then those of the structs in it, each
// once: seen tells where.
func referenceOf(b *strings.Builder, t reflect.Type, path string, seen map[reflect.Type]string) {
	seen[t] = path
	title := "The scenario"
	if path != "" {
		title = "`" + path + "`"
	}
	fmt.Fprintf(b, "### %s\n\n| field | type | default | allowed | meaning |\n| --- | --- | --- | --- | --- |\n", title)
	fields := fieldsOf(t)
	for i := range fields {
		f := &fields[i]
		standsIn := cell(f.standsIn)
		if f.required {
			standsIn = "**required**"
		}
		doc := strings.ReplaceAll(f.doc, "|", `\|`)
		if inner, _ := structIn(f.typ, ""); inner != nil && seen[inner] != "" {
			doc += " Fields: those of `" + seen[inner] + "`."
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", f.name, typeName(f.typ), standsIn, cell(f.allowedCell()), doc)
	}
	b.WriteString("\n")
	for _, f := range fields {
		if inner, below := structIn(f.typ, load.JoinPath(path, f.name)); inner != nil && seen[inner] == "" {
			referenceOf(b, inner, below, seen)
		}
	}
}

// structIn finds the struct that a type is, or is a list or a table of, and the
// path of one of them.
func structIn(t reflect.Type, path string) (reflect.Type, string) {
	for {
		switch t.Kind() {
		case reflect.Slice:
			path += "[]"
		case reflect.Map:
			path += ".NAME"
		case reflect.Pointer:
		case reflect.Struct:
			if !isScalar(t) {
				return t, path
			}
			return nil, ""
		default:
			return nil, ""
		}
		t = t.Elem()
	}
}

func (f *field) allowedCell() string {
	bounds := f.bounds()
	if f.items != "" {
		if bounds != "" {
			bounds += "; "
		}
		bounds += "at most " + f.items + " of them"
	}
	return bounds
}

func cell(text string) string {
	switch {
	case text == "":
		return ""
	case strings.Contains(text, " "):
		return text
	}
	return "`" + text + "`"
}

// typeName names a type as the reference's section on values does.
func typeName(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[load.Duration]():
		return "duration"
	case reflect.TypeFor[load.Rate]():
		return "rate"
	case reflect.TypeFor[load.Percent]():
		return "share"
	case reflect.TypeFor[load.Bytes]():
		return "size"
	case reflect.TypeFor[load.Span]():
		return "duration or range"
	case reflect.TypeFor[load.SizeRange]():
		return "size or range"
	case reflect.TypeFor[load.StatusPattern]():
		return "status"
	case reflect.TypeFor[load.Criterion]():
		return "criterion"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.Slice:
		return plurals[typeName(t.Elem())]
	case reflect.Map:
		if t.Elem().Kind() == reflect.Struct {
			return "names with fields"
		}
		return "names with texts"
	case reflect.Struct:
		return "fields"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "whole number"
	}
	return "text"
}

var plurals = map[string]string{
	"text": "list of texts", "whole number": "list of whole numbers", "fields": "list of fields",
	"status": "list of statuses", "criterion": "list of criteria",
}
