package load

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// checkTags checks every value that is there against its field's tags.
func checkTags(f *faults, s *Scenario) { checkFields(f, reflect.ValueOf(s).Elem(), "") }

func checkFields(f *faults, v reflect.Value, path string) {
	for i := range v.NumField() {
		tags := v.Type().Field(i).Tag
		name, _, _ := strings.Cut(tags.Get("json"), ",")
		if value := v.Field(i); name != "" && !value.IsZero() {
			checkValue(f, value, tags, JoinPath(path, name))
		}
	}
}

func checkValue(f *faults, v reflect.Value, tags reflect.StructTag, path string) {
	switch v.Kind() {
	case reflect.Pointer:
		checkValue(f, v.Elem(), tags, path)
		return
	case reflect.Slice, reflect.Map:
		if most, err := strconv.Atoi(tags.Get("items")); err == nil && v.Len() > most {
			f.add(path, strconv.Itoa(v.Len()), fmt.Sprintf("at most %d", most), "there are %d of them, at most %d are allowed", v.Len(), most)
			return // to check all of what is too much may take long
		}
		checkElements(f, v, path)
	case reflect.Struct:
		if _, text := v.Interface().(encoding.TextMarshaler); !text {
			checkFields(f, v, path)
		}
	case reflect.String:
		checkEnum(f, v.String(), tags.Get("enum"), path)
	case reflect.Int, reflect.Int64, reflect.Float64:
		checkBounds(f, v, tags.Get("least"), tags.Get("most"), path)
	}
}

func checkElements(f *faults, v reflect.Value, path string) {
	if v.Kind() == reflect.Slice {
		for i := range v.Len() {
			checkValue(f, v.Index(i), "", at(path, i))
		}
		return
	}
	keys := v.MapKeys() // all maps of a scenario are by name
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, key := range keys {
		checkValue(f, v.MapIndex(key), "", JoinPath(path, key.String()))
	}
}

func checkEnum(f *faults, found, enum, path string) {
	if enum == "" {
		return
	}
	if words := strings.Split(enum, ","); !slices.Contains(words, found) {
		allowed := strings.Join(words, ", ")
		f.add(path, found, allowed, "%q is not allowed here, it must be one of %s%s", found, allowed, didYouMean(found, words))
	}
}

// checkBounds holds a number to its bounds, which are written as the field
// itself is.
func checkBounds(f *faults, v reflect.Value, least, most, path string) {
	low, high := bound(v.Type(), least), bound(v.Type(), most)
	allowed := "at least " + least
	switch {
	case least == "" && most == "":
		allowed = "0 or more" // nothing in a scenario is negative
	case least == "":
		allowed = "at most " + most
	case most != "":
		allowed = least + " to " + most
	}
	if number := numberOf(v); number < 0 || (least != "" && number < low) || (most != "" && number > high) {
		found := fmt.Sprint(v.Interface())
		f.add(path, found, allowed, "%s is not allowed here: write %s", found, allowed)
	}
}

// bound reads a tag as a value of the field's type.
func bound(t reflect.Type, tag string) float64 {
	if tag == "" {
		return 0
	}
	v := reflect.New(t)
	if text, ok := v.Interface().(encoding.TextUnmarshaler); ok {
		_ = text.UnmarshalText([]byte(tag)) // our own tags: a test reads them all
		return numberOf(v.Elem())
	}
	n, _ := strconv.ParseFloat(tag, 64)
	return n
}

func numberOf(v reflect.Value) float64 {
	if v.Kind() == reflect.Float64 {
		return v.Float()
	}
	return float64(v.Int())
}
