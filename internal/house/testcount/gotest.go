package testcount

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// goEvent is one line of go test -json; see "go doc test2json".
type goEvent struct {
	Action      string
	Package     string
	ImportPath  string // of build output
	Test        string
	Elapsed     float64
	Output      string
	FailedBuild string
}

// goPackage is a package while its tests run.
type goPackage struct {
	tests  map[string]*Test
	order  []string
	output strings.Builder // that belongs to no test
}

// GoTest reads the output of go test -json, writes one line to progress for
// each package that is done, and returns its tests. A test with subtests
// counts through them, unless it failed and none of them did. A package that
// does not build or dies outside a test counts as one failed test.
func GoTest(r io.Reader, progress io.Writer) (Tally, error) {
	var tally Tally
	packages := map[string]*goPackage{}
	builds := map[string]*strings.Builder{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var event goEvent
		if json.Unmarshal(lines.Bytes(), &event) != nil {
			// The go command speaks plainly when it cannot even list packages.
			fmt.Fprintln(progress, lines.Text())
			continue
		}
		if event.Action == "build-output" {
			if builds[event.ImportPath] == nil {
				builds[event.ImportPath] = &strings.Builder{}
			}
			builds[event.ImportPath].WriteString(event.Output)
			continue
		}
		if event.Package == "" {
			continue
		}
		p := packages[event.Package]
		if p == nil {
			p = &goPackage{tests: map[string]*Test{}}
			packages[event.Package] = p
		}
		if event.Test != "" {
			p.test(event)
			continue
		}
		switch event.Action {
		case "output":
			p.output.WriteString(event.Output)
		case "pass", "fail", "skip":
			if built := builds[event.FailedBuild]; built != nil {
				p.output.WriteString(built.String())
			}
			done := p.finish(event)
			delete(packages, event.Package)
			tally.Add(done)
			if len(done.Tests) > 0 {
				fmt.Fprintf(progress, "%-4s %4d tests %6.1fs  %s\n", event.Action, len(done.Tests), event.Elapsed, event.Package)
			}
		}
	}
	for name, p := range packages { // the runner was killed
		tally.Add(p.finish(goEvent{Action: "fail", Package: name}))
	}
	return tally, lines.Err()
}

func (p *goPackage) test(event goEvent) {
	test := p.tests[event.Test]
	if test == nil {
		test = &Test{Suite: event.Package, Name: event.Test}
		p.tests[event.Test] = test
		p.order = append(p.order, event.Test)
	}
	switch event.Action {
	case "output":
		test.Output += event.Output
	case "pass":
		test.Outcome, test.Output = Passed, ""
	case "fail":
		test.Outcome = Failed
	case "skip":
		test.Outcome = Skipped
	}
	test.Took = max(test.Took, time.Duration(event.Elapsed*float64(time.Second)))
}

// finish counts the package's tests when it is done.
func (p *goPackage) finish(event goEvent) Tally {
	parents, failedBelow := map[string]bool{}, map[string]bool{}
	for name, test := range p.tests {
		if test.Outcome == "" {
			test.Outcome = Failed // it began and never ended
		}
		for above := parent(name); above != ""; above = parent(above) {
			parents[above] = true
			failedBelow[above] = failedBelow[above] || test.Outcome == Failed
		}
	}
	var tally Tally
	for _, name := range p.order {
		test := p.tests[name]
		if !parents[name] || (test.Outcome == Failed && !failedBelow[name]) {
			tally.Tests = append(tally.Tests, *test)
		}
	}
	if event.Action == "fail" && tally.Count(Failed) == 0 {
		tally.Tests = append(tally.Tests, Test{Suite: event.Package, Name: "(the package)", Outcome: Failed, Output: p.output.String()})
	}
	return tally
}

func parent(name string) string {
	return name[:max(0, strings.LastIndexByte(name, '/'))]
}
