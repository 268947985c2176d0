package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"onrush.dev/onrush/internal/load"
)

// The exit codes. They are part of the contract with scripts.
const (
	exitPassed   = 0
	exitCannot   = 1 // could not run, or bad usage
	exitFailed   = 2 // ran, and failed its criteria
	exitDegraded = 3 // ran, but something planned is missing
)

// codeError ends the program with a code and no words: the report said it all.
type codeError int

func (c codeError) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// verdictError turns a report into the program's end. Failed criteria weigh
// more than a degraded run; a run that its user cancelled is judged by what it
// measured, and could not run when that is nothing.
func verdictError(r *load.Report) error {
	switch {
	case r.Run.Outcome == load.CouldNotRun,
		r.Run.Outcome == load.Cancelled && r.Total.Requests == 0:
		return codeError(exitCannot)
	case r.Run.Verdict == load.Failed:
		return codeError(exitFailed)
	case r.Run.Outcome == load.Degraded:
		return codeError(exitDegraded)
	}
	return nil
}

// fileError is an error about a file that the user named.
type fileError struct {
	file string
	err  error
}

func (e *fileError) Error() string { return e.file + ": " + e.err.Error() }
func (e *fileError) Unwrap() error { return e.err }

// inFile says which file an error is about, so that its problems can be shown
// as file:line.
func inFile(file string, err error) error {
	if err == nil {
		return nil
	}
	return &fileError{file, err}
}

// exitCode prints an error for people and returns the code to end with.
func exitCode(w io.Writer, err error) int {
	var code codeError
	switch {
	case err == nil:
		return exitPassed
	case errors.As(err, &code):
		return int(code)
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(w, "onrush: interrupted")
		return exitCannot
	}
	file := ""
	var in *fileError
	if errors.As(err, &in) {
		file = in.file
	}
	problems := load.Problems(err)
	if len(problems) == 0 {
		fmt.Fprintln(w, "onrush:", err)
	}
	for _, p := range problems {
		fmt.Fprintln(w, problemLine(file, p))
	}
	return exitCannot
}

// problemLine renders "file:line: path: message", as editors and compilers do.
func problemLine(file string, p load.Problem) string {
	line := p.Message
	if p.Path != "" {
		line = p.Path + ": " + line
	}
	switch {
	case file != "" && p.Line > 0:
		return fmt.Sprintf("%s:%d: %s", file, p.Line, line)
	case file != "":
		return fmt.Sprintf("%s: %s", file, line)
	case p.Line > 0:
		return fmt.Sprintf("line %d: %s", p.Line, line)
	}
	return line
}

// asError is errors.As for values that a condition declares.
func asError[T error](err error, target *T) bool { return errors.As(err, target) }
