// Package testcount reads what test runners report (go test -json, vitest,
// TAP) and adds it up to one honest count. It runs nothing itself: package
// testrun does. Read Tally first, then gotest.go.
package testcount

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Outcome is how one test ended.
type Outcome string

// The outcomes of a test.
const (
	Passed  Outcome = "passed"
	Failed  Outcome = "failed"
	Skipped Outcome = "skipped"
)

// Test is one test that ran.
type Test struct {
	Suite   string // package or file
	Name    string
	Outcome Outcome
	Took    time.Duration
	Output  string // what it printed; kept for failed and skipped tests
}

// Tally is a set of tests that ran.
type Tally struct {
	Tests []Test
}

// Add appends the tests of another tally.
func (t *Tally) Add(other Tally) { t.Tests = append(t.Tests, other.Tests...) }

// Count says how many tests ended so.
func (t *Tally) Count(outcome Outcome) int {
	n := 0
	for _, test := range t.Tests {
		if test.Outcome == outcome {
			n++
		}
	}
	return n
}

// Line is the last line of a test run, which machines read.
func (t *Tally) Line() string {
	return fmt.Sprintf("%d passed, %d failed", t.Count(Passed), t.Count(Failed))
}

// Report writes failures with their output, skips with their reason, and the
// slowest tests.
func (t *Tally) Report(w io.Writer) {
	for _, test := range t.Tests {
		if test.Outcome == Failed {
			fmt.Fprintf(w, "\nFAILED %s %s (%.1fs)\n%s", test.Suite, test.Name, test.Took.Seconds(), indent(middleOut(test.Output)))
		}
	}
	if skipped := t.Count(Skipped); skipped > 0 {
		fmt.Fprintf(w, "\n%d skipped:\n", skipped)
		for _, test := range t.Tests {
			if test.Outcome == Skipped {
				fmt.Fprintf(w, "  %s %s: %s\n", test.Suite, test.Name, lastLine(test.Output))
			}
		}
	}
	slowest := slices.Clone(t.Tests)
	slices.SortStableFunc(slowest, func(a, b Test) int { return cmp.Compare(b.Took, a.Took) })
	fmt.Fprintln(w, "\nslowest tests:")
	for _, test := range slowest[:min(10, len(slowest))] {
		fmt.Fprintf(w, "  %6.1fs  %s %s\n", test.Took.Seconds(), test.Suite, test.Name)
	}
}

// middleOut keeps the first and last lines of a long output: what went wrong
// stands at one of its ends, and a whole document between them helps nobody.
func middleOut(s string) string {
	const keep = 60
	lines := strings.SplitAfter(s, "\n")
	if len(lines) <= 2*keep {
		return s
	}
	return strings.Join(lines[:keep], "") + fmt.Sprintf("… %d lines …\n", len(lines)-2*keep) + strings.Join(lines[len(lines)-keep:], "")
}

func indent(s string) string {
	if s == "" {
		return ""
	}
	return "    " + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n    ") + "\n"
}

// lastLine is the last line that says something: go test prints the reason of
// a skip and then its own verdict.
func lastLine(s string) string {
	last := "no reason given"
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "---") && !strings.HasPrefix(line, "===") {
			last = line
		}
	}
	return last
}
