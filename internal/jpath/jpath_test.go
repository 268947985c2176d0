package jpath

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

const shop = `{"token": "t-1", "n": 1.50, "ok": true, "none": null, "items": [{"id": 7, "name": "Schuhe \u00e4"}, {"id": 8}], "a.b": {"c": []}}`

// bySteps and byTree are the two ways to a value; they must agree.
func bySteps(q *Path, body []byte) (string, bool) {
	value := walk(body, q.steps)
	if value == nil {
		return "", false
	}
	return textOfJSON(value), true
}

func byTree(t *testing.T, q *Path, body []byte) (string, bool) {
	t.Helper()
	tree, err := decode(body)
	if err != nil {
		t.Fatal(err)
	}
	nodes := q.path.Select(tree)
	if len(nodes) == 0 {
		return "", false
	}
	return textOf(nodes[0]), true
}

// TestTwoWaysToAValue compares walking over the bytes with the library.
func TestTwoWaysToAValue(t *testing.T) {
	t.Parallel()
	bodies := []string{
		shop, ` { "a" : [ 1 , [ 2 , { "b" : "x\"]" } ] , "y" ] , "a" : [ 3 ] } `, `[]`, `{}`, `"x"`, `0`, `[[],[{}],"[",",",-1e5,null]`,
		`{"\u0061": {"b": "\ud83d\ude00"}, "c": "\\"}`, "{\"\xff\": 1, \"\": 2}", `{"a":{"a":{"a":[{"a":1.0e+2}]}}}`, `{"<":"<&>","o":{"z":1,"a":"<"}}`,
	}
	paths := []string{
		"$", "$.a", "$.a[0]", "$.a[-1]", "$.a[1][1].b", "$.a[9]", "$.a[-9]", "$.items[1].id", "$[0]", "$[-1]", "$[2]", "$[1][0]", "$[5]", "$.a.b",
		"$['']", "$['\\uFFFD']", "$.c", "$.a.a.a[0].a", "$['<']", "$.o", "$['a.b'].c", "$.none", "$.items",
	}
	found := 0
	for _, path := range paths {
		q, err := Parse(path)
		if err != nil || q.steps == nil {
			t.Fatalf("%s: %v, %v", path, q, err)
		}
		for _, body := range bodies {
			got, there := bySteps(q, []byte(body))
			want, wanted := byTree(t, q, []byte(body))
			if got != want || there != wanted {
				t.Errorf("%s of %s: walked to %q %v, the tree has %q %v", path, body, got, there, want, wanted)
			}
			if there {
				found++
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d values were found", found)
	}
}

// TestFirstIsTheSameEachTime: objects have no order of their own.
func TestFirstIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	q, err := Parse("$.*")
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		var d Document
		d.Begin([]byte(`{"d": 4, "b": 2, "a": 1, "c": 3}`))
		if got, _, _ := d.First(q); got != "1" {
			t.Fatalf("got %s", got)
		}
	}
}

// FuzzPath: no body and no path hang or crash, and both ways say the same.
func FuzzPath(f *testing.F) {
	for _, path := range []string{"$", "$.a[0]['b']", "$..a", "$.a[?@.b > 1]", "$[-1]", "$[1:5:2]", "$['\\u0061']", `$[?match(@.a, "x.*")]`} {
		f.Add(path, []byte(shop))
		f.Add(path, []byte(`{"a": [{"b": 2}, "xyz"], "a": [{"b": 0}]}`))
	}
	f.Fuzz(func(t *testing.T, path string, body []byte) {
		q, err := Parse(path)
		if err != nil {
			return
		}
		var d Document
		d.Begin(body)
		begin := time.Now()
		got, there, err := d.First(q)
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("%q took %v for %q", path, took, body)
		}
		if (err == nil) != json.Valid(body) && q.steps != nil {
			t.Errorf("valid: %v, error %v", json.Valid(body), err)
		}
		if err != nil || q.steps == nil {
			return
		}
		if want, wanted := byTree(t, q, body); got != want || there != wanted {
			t.Errorf("%s of %s: walked to %q %v, the tree has %q %v", path, body, got, there, want, wanted)
		}
	})
}

// TestDearPathsAreRefused: a path whose work grows faster than the body.
func TestDearPathsAreRefused(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"$": true, "$.a[*].b": true, "$..a": true, "$.a[?@.b == 'c'].d": true, `$['..$..$'][?@ == "..$"]`: true, `$['\'..'].a..b`: true,
		"": false, "a": false, "$[": false, "$..a..b": false, "$..a[?@..b]": false, "$.a[?@.b == $.c]": false, "$.a[?count($..*) > 1]": false,
	} {
		if _, err := Parse(path); (err == nil) != want {
			t.Errorf("%s: error %v, want it right: %v", path, err, want)
		}
	}
}

func TestBoundsOfATree(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", maxDepth+1) + "7" + strings.Repeat("]", maxDepth+1)
	wide := `["` + strings.Repeat("x", maxTree) + `"]`
	for _, test := range []struct {
		path, body string
		want       error
	}{
		{"$..*", deep, ErrTooDeep},
		{"$..*", deep[1 : len(deep)-1], nil},
		{"$[0][0]", deep, nil},
		{"$[*]", wide, ErrTooWide},
		{"$[0]", wide, nil},
		{"$", "{", ErrNoJSON},
		{"$", "1 2", ErrNoJSON},
		{"$", "", ErrNoJSON},
	} {
		path, err := Parse(test.path)
		if err != nil {
			t.Fatal(err)
		}
		var d Document
		d.Begin([]byte(test.body))
		for range 2 { // the second time from what is kept
			if _, _, err := d.First(path); !errors.Is(err, test.want) {
				t.Errorf("%s of %.20s: error %v, want %v", test.path, test.body, err, test.want)
			}
		}
	}
}
