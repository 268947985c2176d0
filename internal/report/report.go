// Package report renders a run's report for people and for other tools: a
// terminal table, JSON, YAML and JUnit XML. Its functions are pure: the same
// report and options give the same bytes. It may not fetch, compute or judge
// anything; that is done in package collect.
//
// Read table.go first.
package report

import (
	"io"

	"onrush.dev/onrush/internal/load"
)

// Options are how a table looks.
type Options struct {
	Color bool // ANSI colours
	Width int  // columns at most; 0: 100
}

// Table writes the report for people.
func Table(w io.Writer, r *load.Report, opts Options) error { return nil }

// JSON writes the report as indented JSON.
func JSON(w io.Writer, r *load.Report) error { return nil }

// YAML writes the report as YAML, with the keys of the JSON form.
func YAML(w io.Writer, r *load.Report) error { return nil }

// JUnit writes "did it run" and every criterion as a JUnit XML test suite.
func JUnit(w io.Writer, r *load.Report) error { return nil }
