package judge

import (
	"bytes"
	"encoding/json"
	"regexp"
	"testing"
	"time"

	"onrush.dev/onrush/internal/load"
)

// bySteps and byTree are the two ways to a value; they must agree.
func bySteps(q *query, body []byte) (string, bool) {
	value := walk(body, q.steps)
	if value == nil {
		return "", false
	}
	return textOfJSON(value), true
}

func byTree(t *testing.T, q *query, body []byte) (string, bool) {
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
		q, err := parseQuery(path)
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
	q, err := parseQuery("$.*")
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		var d document
		d.begin([]byte(`{"d": 4, "b": 2, "a": 1, "c": 3}`))
		if got, _, _ := d.first(q); got != "1" {
			t.Fatalf("got %s", got)
		}
	}
}

// FuzzQuery: no body and no path hang or crash, and both ways say the same.
func FuzzQuery(f *testing.F) {
	for _, path := range []string{"$", "$.a[0]['b']", "$..a", "$.a[?@.b > 1]", "$[-1]", "$[1:5:2]", "$['\\u0061']", `$[?match(@.a, "x.*")]`} {
		f.Add(path, []byte(shop))
		f.Add(path, []byte(`{"a": [{"b": 2}, "xyz"], "a": [{"b": 0}]}`))
	}
	f.Fuzz(func(t *testing.T, path string, body []byte) {
		q, err := parseQuery(path)
		if err != nil {
			return
		}
		var d document
		d.begin(body)
		begin := time.Now()
		got, there, err := d.first(q)
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

// FuzzText: the text and the regular expression are found or not, wherever the
// body is cut, as the standard library says of the whole.
func FuzzText(f *testing.F) {
	f.Add("aab", `a+b$`, []byte("aaaaab"), uint16(3))
	f.Add("é", `(?i)É|^$`, []byte("caf\xc3\xa9"), uint16(4))
	f.Add("x", `\bfoo\b`, []byte("a foo\xff bar"), uint16(2))
	f.Fuzz(func(t *testing.T, text, pattern string, body []byte, cut uint16) {
		regex, err := regexp.Compile(pattern)
		if err != nil || text == "" || pattern == "" || len(pattern) > 200 {
			return
		}
		at := min(int(cut), len(body))
		// A second matcher is made to read runes as they come.
		var small, large matcher
		small.begin(regex)
		large.begin(regex)
		large.read()
		for _, p := range [][]byte{body[:at], body[at:]} {
			small.look(p)
			large.look(p)
		}
		if got, want := small.end(), regex.Match(body); got != want {
			t.Errorf("%q matches %q: %v, want %v", pattern, body, got, want)
		}
		if got, want := large.end(), regex.Match(body); got != want {
			t.Errorf("%q matches %q read as it comes: %v, want %v", pattern, body, got, want)
		}
		large.close()
		var j Judge
		want := "body"
		if bytes.Contains(body, []byte(text)) {
			want = "[]"
		}
		if got := verdict(&j, compile(t, load.Expect{BodyContains: text}, nil), head(200), body[:at], body[at:]); got != want {
			t.Errorf("%q in %q: %s, want %s", text, body, got, want)
		}
	})
}
