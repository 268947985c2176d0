package testcount

import (
	"io"
	"strings"
	"testing"
)

func TestGoTest(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, stream, line string
		skipped            int
		shows              string // in the report
	}{
		{
			name: "a parent counts through its children",
			stream: `{"Action":"run","Package":"p","Test":"TestA"}
				{"Action":"run","Package":"p","Test":"TestA/one"}
				{"Action":"pass","Package":"p","Test":"TestA/one","Elapsed":0.1}
				{"Action":"pass","Package":"p","Test":"TestA/two","Elapsed":0.1}
				{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.2}
				{"Action":"pass","Package":"p","Test":"TestB","Elapsed":0}
				{"Action":"pass","Package":"p","Elapsed":0.3}`,
			line: "3 passed, 0 failed",
		},
		{
			name: "a failed child does not count twice",
			stream: `{"Action":"output","Package":"p","Test":"TestA/one","Output":"got 3, want 4\n"}
				{"Action":"fail","Package":"p","Test":"TestA/one"}
				{"Action":"fail","Package":"p","Test":"TestA"}
				{"Action":"fail","Package":"p"}`,
			line:  "0 passed, 1 failed",
			shows: "got 3, want 4",
		},
		{
			name: "a parent that fails by itself counts",
			stream: `{"Action":"pass","Package":"p","Test":"TestA/one"}
				{"Action":"fail","Package":"p","Test":"TestA"}
				{"Action":"fail","Package":"p"}`,
			line: "1 passed, 1 failed",
		},
		{
			name: "a package that does not build is a failure",
			stream: `{"ImportPath":"p [p.test]","Action":"build-output","Output":"x.go:1: no such name\n"}
				{"ImportPath":"p [p.test]","Action":"build-fail"}
				{"Action":"start","Package":"p"}
				{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}
				{"Action":"fail","Package":"p","Elapsed":0,"FailedBuild":"p [p.test]"}`,
			line:  "0 passed, 1 failed",
			shows: "x.go:1: no such name",
		},
		{
			name: "a test that never ended has failed",
			stream: `{"Action":"run","Package":"p","Test":"TestHang"}
				{"Action":"output","Package":"p","Test":"TestHang","Output":"panic: test timed out\n"}`,
			line:  "0 passed, 1 failed",
			shows: "panic: test timed out",
		},
		{
			name: "a skip is neither and is listed with its reason",
			stream: `{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:9: no nginx\n"}
				{"Action":"output","Package":"p","Test":"TestA","Output":"--- SKIP: TestA (0.00s)\n"}
				{"Action":"skip","Package":"p","Test":"TestA"}
				{"Action":"pass","Package":"p"}`,
			line: "0 passed, 0 failed", skipped: 1,
			shows: "a_test.go:9: no nginx",
		},
		{
			name:   "a package without tests is nothing",
			stream: `{"Action":"skip","Package":"p","Elapsed":0}`,
			line:   "0 passed, 0 failed",
		},
		{
			name: "plain words of the go command pass through",
			stream: `go: cannot find main module
				{"Action":"pass","Package":"p","Test":"TestA"}
				{"Action":"pass","Package":"p"}`,
			line: "1 passed, 0 failed",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tally, err := GoTest(strings.NewReader(tc.stream), io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			check(t, tally, tc.line, tc.skipped, tc.shows)
		})
	}
}

func TestVitest(t *testing.T) {
	t.Parallel()
	tally, err := Vitest(strings.NewReader(`{"testResults":[
		{"name":"/x/src/a.test.ts","status":"failed","assertionResults":[
			{"fullName":"adds","status":"passed","duration":3},
			{"fullName":"takes","status":"failed","failureMessages":["expected 3"]},
			{"fullName":"later","status":"todo"}]},
		{"name":"/x/src/b.test.ts","status":"failed","message":"cannot import c","assertionResults":[]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	check(t, tally, "1 passed, 2 failed", 1, "cannot import c")
}

func TestTAP(t *testing.T) {
	t.Parallel()
	tally, err := TAP("browser", strings.NewReader("TAP version 13\n1..3\nok 1 - logs in\nnot ok 2 - watches a run\n  ---\n  duration_ms: 1500.5\n  no live figure in 2 s\n  ...\nok 3 - dark mode # SKIP no screen\n"), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	check(t, tally, "1 passed, 1 failed", 1, "no live figure in 2 s")
	if took := tally.Tests[1].Took.Milliseconds(); took != 1500 {
		t.Errorf("took %d ms, want 1500", took)
	}
}

func check(t *testing.T, tally Tally, line string, skipped int, shows string) {
	t.Helper()
	if got := tally.Line(); got != line {
		t.Errorf("line: got %q, want %q", got, line)
	}
	if got := tally.Count(Skipped); got != skipped {
		t.Errorf("skipped: got %d, want %d", got, skipped)
	}
	var report strings.Builder
	tally.Report(&report)
	if !strings.Contains(report.String(), shows) {
		t.Errorf("the report lacks %q:\n%s", shows, report.String())
	}
}
