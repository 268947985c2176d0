package load

import "time"

// Duration is a length of time written as 90s, 1m30s, 1.5h or 2d.
type Duration time.Duration

// Rate is requests a second, written as 200, 200/s, 6000/m or 360000/h.
type Rate float64

// Percent is a share from 0 to 100 %, written as 60% or 12.5%, kept in
// millionths of the whole so that sums are exact (60% is 600000).
type Percent int64

// Bytes is a size, written as 1048576, 64KB, 10MB, 1GB (powers of 1000) or
// 64KiB, 10MiB, 1GiB.
type Bytes int64

// Span is a duration or a range of them: 1s, or 1s-3s.
type Span struct{ Min, Max Duration }

// StatusPattern is a set of statuses: 200, 2xx or 200-299.
type StatusPattern struct{ Min, Max int }

// Criterion is a pass rule:
//
//	p95 < 300ms
//	p99 of checkout in eu < 1s for 10s
//	failures < 1% for 30s, stop
type Criterion struct {
	Metric  string   // p50…p99.99, mean, min, max, requests, rate, failures, bandwidth, ttfb p95, connect p95, lag p99
	Label   string   // empty: all
	Region  string   // empty: all
	Op      string   // < <= > >=
	Value   float64  // in the metric's unit: ms, count, requests/s, share of 1, bytes/s
	Percent bool     // failures compared as a share
	For     Duration // judged over every window of this length; 0: over the whole run
	Stop    bool     // a breach ends the run
	Text    string   // as written
}
