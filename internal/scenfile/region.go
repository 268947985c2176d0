package scenfile

import (
	"bytes"
	"cmp"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v3"

	"onrush.dev/onrush/internal/load"
)

// ParseRegion reads a region file: YAML or JSON with the keys of load.Region.
// The name is for messages and tells JSON from YAML, as in Parse. check says
// what else is wrong with a region that could be read; nil finds nothing.
//
// An error is as one of Parse.
func ParseRegion(name string, data []byte, check func(load.Region) []load.Problem) (load.Region, error) {
	if len(data) > MaxSize {
		return load.Region{}, load.Errorf(load.TooLarge, "the region %s has %d bytes, at most %d are allowed", name, len(data), MaxSize)
	}
	root, problem := readTree(name, bytes.TrimPrefix(data, []byte("\ufeff")))
	switch {
	case problem != nil:
	case root == nil:
		problem = &load.Problem{Line: 1, Message: "the file is empty: a region needs at least its name"}
	case root.kind != mapping:
		problem = &load.Problem{Line: root.line, Found: root.what(), Allowed: "fields", Message: "a region is a mapping of fields, such as name: eu; " + root.what() + " is found"}
	}
	if problem != nil {
		return load.Region{}, problemsError(name, []load.Problem{*problem})
	}
	region, problems := readRegion(root, check)
	if len(problems) > 0 {
		return load.Region{}, problemsError(name, problems)
	}
	return region, nil
}

// ReadRegion reads a region that is part of another YAML file, with the lines of
// that file in its problems.
func ReadRegion(part *yaml.Node, check func(load.Region) []load.Problem) (load.Region, []load.Problem) {
	b := treeBuilder{}
	root := b.node(part, 0)
	if b.problem != nil {
		return load.Region{}, []load.Problem{*b.problem}
	}
	return readRegion(root, check)
}

func readRegion(root *node, check func(load.Region) []load.Problem) (load.Region, []load.Problem) {
	var region load.Region
	d := decoder{lines: lines{"": root.line}, kind: reflect.TypeFor[load.Region]()}
	d.fields(root, reflect.ValueOf(&region).Elem(), "")
	problems := d.problems
	if check != nil {
		problems = append(problems, d.further(check(region))...)
	}
	slices.SortStableFunc(problems, func(a, b load.Problem) int { return cmp.Compare(a.Line, b.Line) })
	return region, problems
}
