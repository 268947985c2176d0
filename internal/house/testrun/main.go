// Command testrun is what `make test` runs: every Go test, the end-to-end
// tests, the console's unit tests and its journeys in a real browser, with the
// components they need (components.go) up around them. It prints failures, skips and the slowest tests, ends with "N passed, N failed", and
// leaves that line in .cache/tests/summary. Read steps first.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"onrush.dev/onrush/internal/house/testcount"
)

const (
	folder           = ".cache/tests"
	componentsFolder = "scripts/components"
)

// step is one test runner.
type step struct {
	name string
	run  func(context.Context) (testcount.Tally, error)
}

func steps() []step {
	return []step{
		{"Go tests", func(ctx context.Context) (testcount.Tally, error) { return goTests(ctx, everywhere()) }},
		// After the others and alone: they start whole servers and many tasks.
		{"end to end", func(ctx context.Context) (testcount.Tally, error) { return goTests(ctx, []string{"./e2e/..."}) }},
		{"console", vitest},
		{"browser", browser},
	}
}

func main() {
	// Told to end, it still ends the components.
	ctx, done := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer done()
	all, err := testAll(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testrun:", err)
		os.Exit(1)
	}
	if all.Count(testcount.Failed) > 0 || all.Count(testcount.Passed) == 0 {
		os.Exit(1)
	}
}

// testAll brings the components up, runs all steps, and ends the components.
func testAll(ctx context.Context) (all testcount.Tally, err error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return all, err
	}
	summary := filepath.Join(folder, "summary")
	_ = os.Remove(summary)
	start := time.Now()
	parts, err := findComponents(componentsFolder, os.Stderr)
	if err != nil {
		return all, err
	}
	defer func() { err = errors.Join(err, parts.down()) }()
	fmt.Printf("== components: %s\n", strings.Join(parts.names, ", "))
	env, failed := parts.up(ctx)
	all.Add(failed)
	for _, pair := range env {
		key, value, _ := strings.Cut(pair, "=")
		if err := os.Setenv(key, value); err != nil {
			return all, err
		}
	}
	for _, s := range steps() {
		if ctx.Err() != nil {
			return all, errors.New("told to end before all tests had run")
		}
		all.Add(s.take(ctx))
	}
	all.Report(os.Stdout)
	fmt.Printf("\nall tests took %.0fs\n%s\n", time.Since(start).Seconds(), all.Line())
	return all, os.WriteFile(summary, []byte(all.Line()+"\n"), 0o644)
}

// take runs a step. A runner that breaks, or runs nothing, is a failed test.
func (s step) take(ctx context.Context) testcount.Tally {
	fmt.Printf("== %s\n", s.name)
	begin := time.Now()
	tally, err := s.run(ctx)
	if err != nil && tally.Count(testcount.Failed) == 0 {
		tally.Tests = append(tally.Tests, testcount.Test{Suite: s.name, Name: "(the runner)", Outcome: testcount.Failed, Output: err.Error()})
	}
	if len(tally.Tests) == 0 {
		tally.Tests = append(tally.Tests, testcount.Test{Suite: s.name, Name: "(the runner)", Outcome: testcount.Failed, Output: "it ran no test at all"})
	}
	fmt.Printf("== %s: %s in %.0fs\n", s.name, tally.Line(), time.Since(begin).Seconds())
	return tally
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

func goTests(ctx context.Context, packages []string) (testcount.Tally, error) {
	args := append([]string{"test", "-json", "-timeout", "15m"}, packages...)
	var tally testcount.Tally
	err := piped(ctx, func(r io.Reader) (err error) {
		tally, err = testcount.GoTest(r, os.Stdout)
		return err
	}, ".", "go", args...)
	return tally, err
}

func vitest(ctx context.Context) (testcount.Tally, error) {
	report, err := filepath.Abs(filepath.Join(folder, "vitest.json"))
	if err != nil {
		return testcount.Tally{}, err
	}
	_ = os.Remove(report)
	ran := piped(ctx, func(r io.Reader) error { _, err := io.Copy(os.Stdout, r); return err },
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

func browser(ctx context.Context) (testcount.Tally, error) {
	var tally testcount.Tally
	err := piped(ctx, func(r io.Reader) (err error) {
		tally, err = testcount.TAP("browser", r, os.Stdout)
		return err
	}, "web", "npm", "run", "--silent", "e2e")
	return tally, err
}

// piped runs a command in a folder and hands its standard output to read.
func piped(ctx context.Context, read func(io.Reader) error, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	inGroup(cmd)
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
