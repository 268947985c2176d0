package testcount

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Vitest reads the file of vitest's json reporter.
func Vitest(r io.Reader) (Tally, error) {
	var report struct {
		TestResults []struct {
			Name             string
			Status           string
			Message          string
			AssertionResults []struct {
				FullName        string
				Status          string
				Duration        float64 // ms
				FailureMessages []string
			}
		}
	}
	if err := json.NewDecoder(r).Decode(&report); err != nil {
		return Tally{}, fmt.Errorf("read vitest's report: %w", err)
	}
	var tally Tally
	for _, file := range report.TestResults {
		suite := "web/" + filepath.Base(file.Name)
		failed := false
		for _, a := range file.AssertionResults {
			test := Test{Suite: suite, Name: a.FullName, Took: time.Duration(a.Duration * float64(time.Millisecond))}
			switch a.Status {
			case "passed":
				test.Outcome = Passed
			case "failed":
				test.Outcome, test.Output, failed = Failed, strings.Join(a.FailureMessages, "\n"), true
			default: // skipped, pending, todo, disabled
				test.Outcome, test.Output = Skipped, a.Status
			}
			tally.Tests = append(tally.Tests, test)
		}
		if file.Status == "failed" && !failed { // the file itself did not load
			tally.Tests = append(tally.Tests, Test{Suite: suite, Name: "(the file)", Outcome: Failed, Output: file.Message})
		}
	}
	return tally, nil
}

var tapLine = regexp.MustCompile(`^(not )?ok\b\s*\d*\s*-?\s*([^#]*)(#\s*(?i:(skip|todo))\S*\s*(.*))?`)

// tapTook is in what node's test runner says below each test.
var tapTook = regexp.MustCompile(`^\s+duration_ms: ([0-9.]+)`)

// TAP reads the Test Anything Protocol: one line "ok 1 - name" or "not ok 2 -
// name" for each test; what follows a failed one up to the next is its output.
func TAP(suite string, r io.Reader, progress io.Writer) (Tally, error) {
	var tally Tally
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		line := lines.Text()
		fmt.Fprintln(progress, line)
		if took := tapTook.FindStringSubmatch(line); took != nil && len(tally.Tests) > 0 {
			ms, _ := strconv.ParseFloat(took[1], 64)
			tally.Tests[len(tally.Tests)-1].Took = time.Duration(ms * float64(time.Millisecond))
		}
		found := tapLine.FindStringSubmatch(line)
		if found == nil {
			if n := len(tally.Tests); n > 0 && tally.Tests[n-1].Outcome == Failed {
				tally.Tests[n-1].Output += line + "\n"
			}
			continue
		}
		test := Test{Suite: suite, Name: strings.TrimSpace(found[2]), Outcome: Passed}
		if found[1] != "" {
			test.Outcome = Failed
		}
		if found[3] != "" {
			test.Outcome, test.Output = Skipped, found[5]
		}
		tally.Tests = append(tally.Tests, test)
	}
	return tally, lines.Err()
}
