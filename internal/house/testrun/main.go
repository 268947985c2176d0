// Command testrun is what `make test` runs: every Go test, the end-to-end
// tests, the console's unit tests and its journeys in a real browser. It prints
// failures, skips and the slowest tests, ends with "N passed, N failed", and
// leaves that line in .cache/tests/summary. Read steps first.
package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"onrush.dev/onrush/internal/house/testcount"
)

const folder = ".cache/tests"

// step is one test runner.
type step struct {
	name string
	run  func() (testcount.Tally, error)
}

func steps() []step {
	return []step{
		{"Go tests", func() (testcount.Tally, error) { return goTests(everywhere()) }},
		// After the others and alone: they start whole servers and many tasks.
		{"end to end", func() (testcount.Tally, error) { return goTests([]string{"./e2e/..."}) }},
		{"console", vitest},
		{"browser", browser},
	}
}

func main() {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, "testrun:", err)
		os.Exit(1)
	}
	_ = os.Remove(filepath.Join(folder, "summary"))
	var all testcount.Tally
	start := time.Now()
	for _, s := range steps() {
		fmt.Printf("== %s\n", s.name)
		begin := time.Now()
		tally, err := s.run()
		if err != nil && tally.Count(testcount.Failed) == 0 {
			tally.Tests = append(tally.Tests, testcount.Test{Suite: s.name, Name: "(the runner)", Outcome: testcount.Failed, Output: err.Error()})
		}
		if len(tally.Tests) == 0 {
			tally.Tests = append(tally.Tests, testcount.Test{Suite: s.name, Name: "(the runner)", Outcome: testcount.Failed, Output: "it ran no test at all"})
		}
		fmt.Printf("== %s: %s in %.0fs\n", s.name, tally.Line(), time.Since(begin).Seconds())
		all.Add(tally)
	}
	all.Report(os.Stdout)
	fmt.Printf("\nall tests took %.0fs\n%s\n", time.Since(start).Seconds(), all.Line())
	if err := os.WriteFile(filepath.Join(folder, "summary"), []byte(all.Line()+"\n"), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "testrun:", err)
		os.Exit(1)
	}
	if all.Count(testcount.Failed) > 0 || all.Count(testcount.Passed) == 0 {
		os.Exit(1)
	}
}

// everywhere lists all packages but the end-to-end ones.
func everywhere() []string {
	out, err := exec.Command("go", "list", "./...").Output()
	if err != nil {
		return []string{"./..."} // go test will say what is wrong
	}
	var list []string
	for _, name := range strings.Fields(string(out)) {
		if !strings.Contains(name, "/e2e") {
			list = append(list, name)
		}
	}
	return list
}

func goTests(packages []string) (testcount.Tally, error) {
	args := append([]string{"test", "-json", "-timeout", "15m"}, packages...)
	var tally testcount.Tally
	err := piped(func(r io.Reader) (err error) {
		tally, err = testcount.GoTest(r, os.Stdout)
		return err
	}, ".", "go", args...)
	return tally, err
}

func vitest() (testcount.Tally, error) {
	report, err := filepath.Abs(filepath.Join(folder, "vitest.json"))
	if err != nil {
		return testcount.Tally{}, err
	}
	_ = os.Remove(report)
	ran := piped(func(r io.Reader) error { _, err := io.Copy(os.Stdout, r); return err },
		"web", "npm", "run", "--silent", "test", "--", "--reporter=default", "--reporter=json", "--outputFile.json="+report)
	file, err := os.Open(report)
	if err != nil {
		return testcount.Tally{}, fmt.Errorf("vitest left no report (%w): %w", err, ran)
	}
	defer file.Close()
	tally, err := testcount.Vitest(file)
	if err == nil {
		err = ran
	}
	return tally, err
}

func browser() (testcount.Tally, error) {
	var tally testcount.Tally
	err := piped(func(r io.Reader) (err error) {
		tally, err = testcount.TAP("browser", r, os.Stdout)
		return err
	}, "web", "npm", "run", "--silent", "e2e")
	return tally, err
}

// piped runs a command in a folder and hands its standard output to read.
func piped(read func(io.Reader) error, dir, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	readErr := read(out)
	_, _ = io.Copy(io.Discard, out) // a reader that gave up must not block the command
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return readErr
}
