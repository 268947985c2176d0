// Command truth compares the percentiles of a report with the truth: every raw
// latency is kept aside, sorted, and asked for the same percentiles. The
// samples go the way of every run: recorder, window a second, bus, stream,
// collector. One region is fast and one is slow; both have long tails. A second
// part does the same with real requests of a real run, where the target keeps
// what it saw. Read main first, then path.go and target.go.
package main

import (
	"fmt"
	"math"
	"slices"
	"time"

	"onrush.dev/onrush/bench/internal/rig"
	"onrush.dev/onrush/internal/load"
)

const goal = 0.01

func main() {
	rig.Main("truth", func(b *rig.Bench) error {
		if err := wholePath(b); err != nil {
			return err
		}
		return realRequests(b)
	})
}

// raw is a list of all latencies of one scope.
type raw []time.Duration

// at is the smallest latency that at least the part q does not exceed.
func (r raw) at(q float64) float64 {
	return rig.MS(r[max(0, int(math.Ceil(q*float64(len(r))))-1)])
}

// percentile is one figure of a report's block with what it stands for.
type percentile struct {
	name string
	q    float64
	of   func(load.Latency) float64
}

var percentiles = []percentile{
	{"p50", 0.5, func(l load.Latency) float64 { return l.P50 }},
	{"p90", 0.9, func(l load.Latency) float64 { return l.P90 }},
	{"p95", 0.95, func(l load.Latency) float64 { return l.P95 }},
	{"p99", 0.99, func(l load.Latency) float64 { return l.P99 }},
	{"p99.9", 0.999, func(l load.Latency) float64 { return l.P999 }},
}

// compare prints a row for each percentile. judged says that the difference is
// ours alone.
func compare(b *rig.Bench, what string, found load.Latency, truth raw, judged bool) error {
	if int(found.Count) != len(truth) {
		return fmt.Errorf("%s: %d latencies in the report, %d in truth", what, found.Count, len(truth))
	}
	slices.Sort(truth)
	for _, p := range percentiles {
		is, got := truth.at(p.q), p.of(found)
		off := got/is - 1
		row := fmt.Sprintf("%s %s: truth, report, off (%d samples)", what, p.name, len(truth))
		text := fmt.Sprintf("%.3f, %.3f ms, %+.2f %%", is, got, 100*off)
		if judged {
			b.Judge(math.Abs(off) <= goal, row, "within 1 %", "%s", text)
		} else {
			b.Say(row, "%s", text)
		}
	}
	return nil
}
