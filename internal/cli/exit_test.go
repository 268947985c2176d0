package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/load"
)

func TestVerdictError(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		outcome  load.Outcome
		verdict  load.Verdict
		requests int64
		want     int
	}{
		{load.Completed, load.Passed, 10, 0},
		{load.Completed, load.NotJudged, 10, 0},
		{load.Completed, load.Failed, 10, 2},
		{load.Degraded, load.Passed, 10, 3},
		{load.Degraded, load.NotJudged, 10, 3},
		{load.Degraded, load.Failed, 10, 2},
		{load.CouldNotRun, load.NotJudged, 0, 1},
		{load.CouldNotRun, load.Failed, 5, 1},
		{load.Cancelled, load.NotJudged, 10, 0},
		{load.Cancelled, load.Failed, 10, 2},
		{load.Cancelled, load.NotJudged, 0, 1},
	} {
		report := &load.Report{Run: load.RunFacts{Outcome: tc.outcome, Verdict: tc.verdict}, Total: load.Figures{Requests: tc.requests}}
		var said strings.Builder
		if got := exitCode(&said, verdictError(report)); got != tc.want || said.Len() > 0 {
			t.Errorf("%s, %s, %d requests: got exit code %d and %q, want %d and nothing said", tc.outcome, tc.verdict, tc.requests, got, said.String(), tc.want)
		}
	}
}

func TestExitCodeSaysEveryProblem(t *testing.T) {
	t.Parallel()
	fault := &load.Error{Code: load.Invalid, Message: "2 problems", Problems: []load.Problem{
		{Path: "load.duration", Line: 7, Message: `found "soon", allowed is a duration such as 30s`},
		{Message: "no requests"},
	}}
	for _, tc := range []struct {
		name string
		err  error
		want string
	}{
		{"in a file", inFile("a.yaml", fault), "a.yaml:7: load.duration: found \"soon\", allowed is a duration such as 30s\na.yaml: no requests\n"},
		{"wrapped", fmt.Errorf("start run: %w", inFile("a.yaml", fault)), "a.yaml:7: load.duration: found \"soon\", allowed is a duration such as 30s\na.yaml: no requests\n"},
		{"without a file", fault, "line 7: load.duration: found \"soon\", allowed is a duration such as 30s\nno requests\n"},
		{"from flags", flagFaults(fault), "load.duration: found \"soon\", allowed is a duration such as 30s\nno requests\n"},
		{"plain", errors.New("no disk"), "onrush: no disk\n"},
		{"interrupted", fmt.Errorf("watch: %w", context.Canceled), "onrush: interrupted\n"},
	} {
		var said strings.Builder
		if code := exitCode(&said, tc.err); code != exitCannot {
			t.Errorf("%s: got exit code %d, want %d", tc.name, code, exitCannot)
		}
		if said.String() != tc.want {
			t.Errorf("%s: got\n%swant\n%s", tc.name, said.String(), tc.want)
		}
	}
}
