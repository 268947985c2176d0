package fleet_test

import (
	"strings"
	"testing"

	"onrush.dev/onrush/internal/fleet"
)

func TestLastLine(t *testing.T) {
	t.Parallel()
	for log, want := range map[string]string{
		"":                              "",
		"\n\n":                          "",
		"one\ntwo\n\n":                  "two",
		"a\npanic: no\n\ngoroutine 1":   "panic: no",
		"a\x1b[31mred\x07":              "a [31mred",
		strings.Repeat("é", 500):        strings.Repeat("é", 400) + "…",
		"x\nfatal error: all asleep\nb": "fatal error: all asleep",
	} {
		if got := fleet.LastLine(log); got != want {
			t.Errorf("%q: got %q, want %q", log, got, want)
		}
	}
}
