// Package collect merges the windows that tasks send into the live picture of
// a run, its series and its summary, and judges the run's criteria. It may not
// know where windows come from or where results go: no bus, no store, no blob.
// It never averages percentiles: every figure above a task comes from merged
// histograms.
//
// Read collector.go first (the way of a window), then cell.go (what is summed),
// spool.go (finished seconds on disk), rule.go and judge.go (criteria), finish.go
// and parquetrow.go (the file described in docs/series.md).
package collect
