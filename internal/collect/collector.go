package collect

import (
	"context"
	"io"
	"log/slog"
	"time"

	"onrush.dev/onrush/internal/load"
)

// Options are what a collector needs to know.
type Options struct {
	Run  load.Run
	Plan load.Plan
	// Dir is the spool's folder. It is emptied by New: after a crash all windows
	// are replayed from the bus.
	Dir string
	Log *slog.Logger
}

// Collector gathers one run. All methods are safe for concurrent use.
type Collector struct{}

// New makes a collector with an empty spool in opts.Dir.
func New(opts Options) (*Collector, error) { return &Collector{}, nil }

// Close frees the spool's file. Results can no longer write their series.
func (c *Collector) Close() error { return nil }

// Window merges one encoded load.Window. The same window (task, attempt, seq)
// counts once, however often it comes. An error means that data is not a
// window of this run; it is not worth a retry.
func (c *Collector) Window(data []byte) error { return nil }

// TaskGone says that no more windows of this attempt come. final tells that
// sent and windows are the task's own last word; otherwise they are what is
// known of a lost task.
func (c *Collector) TaskGone(task string, attempt int, final bool, sent int64, windows uint64) {}

// Status shows where the run and every attempt of its tasks stand.
func (c *Collector) Status(status load.Status, tasks []load.Task) {}

// Tick moves the collector's clock and cuts seconds that are due. Call it about
// five to ten times a second.
func (c *Collector) Tick(now time.Time) {}

// Snapshot returns the live picture as of the last finished second.
func (c *Collector) Snapshot() load.Snapshot { return load.Snapshot{} }

// Subscribe hands out snapshots as they come about, latest first: a reader
// that is slow misses some. Call the function to end it.
func (c *Collector) Subscribe() (<-chan load.Snapshot, func()) { return nil, func() {} }

// Series answers a query from what is collected so far.
func (c *Collector) Series(q load.SeriesQuery) (load.Series, error) { return load.Series{}, nil }

// Stop returns the first criterion with stop that is breached for certain, or
// nil.
func (c *Collector) Stop() *load.CriterionResult { return nil }

// Finish cuts all that is open and works out the result. It may be called
// again when later windows came.
func (c *Collector) Finish(ctx context.Context) (*Result, error) { return &Result{}, nil }

// Result is a run's summary.
type Result struct {
	Seconds     float64 // measured time under load
	Accounting  load.Accounting
	StartSkewMS float64
	Total       load.Figures
	Regions     map[string]load.Figures
	Labels      map[string]load.Figures
	Tasks       map[string]load.TaskFigures
	Criteria    []load.CriterionResult
	Verdict     load.Verdict
	Notes       []string
}

// WriteSeries writes the run's series as a Parquet file; see docs/series.md.
func (r *Result) WriteSeries(w io.Writer) error { return nil }

// Report puts the result together with the run's head. The run's Outcome and
// Verdict are taken as they stand.
func (r *Result) Report(run load.Run, events []load.Event) *load.Report { return &load.Report{} }

// SeriesFile reads a file that WriteSeries wrote.
type SeriesFile struct{}

// OpenSeries opens a series file. It reads only the file's end until asked.
func OpenSeries(r io.ReaderAt, size int64) (*SeriesFile, error) { return &SeriesFile{}, nil }

// Query answers as Collector.Series does.
func (f *SeriesFile) Query(q load.SeriesQuery) (load.Series, error) { return load.Series{}, nil }
