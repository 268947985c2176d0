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
	referenceOf(&b, reflect.TypeFor[load.Scenario](), "")
	return b.String()
}

// referenceOf writes a struct's table and then those of the structs in it.
func referenceOf(b *strings.Builder, t reflect.Type, path string) {
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
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", f.name, typeName(f.typ), standsIn, cell(f.allowedCell()), strings.ReplaceAll(f.doc, "|", `\|`))
	}
	b.WriteString("\n")
	for _, f := range fields {
		inner, below := f.typ, load.JoinPath(path, f.name)
		for inner.Kind() == reflect.Slice || inner.Kind() == reflect.Pointer {
			if inner.Kind() == reflect.Slice {
				below += "[]"
			}
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct && !isScalar(inner) {
			referenceOf(b, inner, below)
		}
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
