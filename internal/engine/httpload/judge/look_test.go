package judge

import (
	"bytes"
	"regexp"
	"testing"

	"onrush.dev/onrush/internal/load"
)

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
