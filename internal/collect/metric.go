package collect

import (
	"fmt"
	"strconv"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// metric is a criterion's figure, read from its text.
type metric struct {
	counter string // requests, rate, failures, bandwidth; empty: a figure of a histogram
	which   int    // histogram
	stat    string // mean, min, max, stddev, or empty for a quantile
	q       float64
	share   bool // failures as a share of the requests
}

// parseMetric reads "p95", "max", "ttfb p99.9", "failures" and the like.
func parseMetric(c load.Criterion) (metric, error) {
	words := strings.Fields(c.Metric)
	m := metric{which: latency}
	if len(words) == 1 {
		switch words[0] {
		case "requests", "rate", "failures", "bandwidth":
			return metric{counter: words[0], share: words[0] == "failures" && c.Percent}, nil
		}
	}
	if len(words) == 2 {
		which, known := map[string]int{
			"latency": latency, "service": service, "ttfb": firstByte, "connect": connect, "lag": lag,
		}[words[0]]
		if !known {
			return m, fmt.Errorf("unknown figure %q", c.Metric)
		}
		m.which, words = which, words[1:]
	}
	if len(words) != 1 {
		return m, fmt.Errorf("unknown figure %q", c.Metric)
	}
	switch words[0] {
	case "mean", "min", "max", "stddev":
		m.stat = words[0]
		return m, nil
	}
	percent, err := strconv.ParseFloat(strings.TrimPrefix(words[0], "p"), 64)
	if err != nil || words[0][0] != 'p' || percent < 0 || percent > 100 {
		return m, fmt.Errorf("unknown figure %q", c.Metric)
	}
	m.q = percent / 100
	return m, nil
}

// paced says that the figure tells how much load there was, so that a second
// of which the load took only a part would make it look low.
func (m metric) paced() bool {
	return m.counter == "rate" || m.counter == "bandwidth" || m.counter == "requests"
}

// value returns the figure of c, which holds so many seconds, in the
// criterion's unit; false when there is nothing to take it from.
func (m metric) value(c *cell, seconds float64) (float64, bool) {
	switch m.counter {
	case "requests":
		return float64(c.requests), true
	case "rate":
		return float64(c.requests) / seconds, seconds > 0
	case "bandwidth":
		return float64(c.bytesIn) / seconds, seconds > 0
	case "failures":
		if m.share {
			return float64(c.failures) / float64(c.requests), c.requests > 0
		}
		return float64(c.failures), true
	}
	h := c.hists[m.which]
	if h.Count() == 0 {
		return 0, false
	}
	switch m.stat {
	case "mean":
		return h.Mean() * millis, true
	case "stddev":
		return h.StdDev() * millis, true
	case "min":
		return float64(h.Min()) * millis, true
	case "max":
		return float64(h.Max()) * millis, true
	}
	return float64(h.Quantile(m.q)) * millis, true
}

// part returns of c what the metric needs, to be merged and kept for windows.
// It shares c's histogram.
func (m metric) part(c *cell) *cell {
	p := &cell{requests: c.requests, failures: c.failures, bytesIn: c.bytesIn}
	if m.counter == "" {
		p.hists[m.which] = c.hists[m.which]
	}
	return p
}

// text writes a value with its unit.
func (m metric) text(v float64) string {
	switch {
	case m.share:
		return number(v*100) + " %"
	case m.counter == "requests", m.counter == "failures":
		return strconv.FormatFloat(v, 'f', 0, 64)
	case m.counter == "rate":
		return number(v) + "/s"
	case m.counter == "bandwidth":
		for _, unit := range []string{"B/s", "kB/s", "MB/s"} {
			if v < 1000 {
				return number(v) + " " + unit
			}
			v /= 1000
		}
		return number(v) + " GB/s"
	case v >= 10_000:
		return number(v/1000) + " s"
	}
	return number(v) + " ms"
}

// number writes v with at most four digits that mean something.
func number(v float64) string {
	switch {
	case v >= 1000 || v <= -1000:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 100:
		return trim(strconv.FormatFloat(v, 'f', 1, 64))
	case v >= 10:
		return trim(strconv.FormatFloat(v, 'f', 2, 64))
	}
	return trim(strconv.FormatFloat(v, 'f', 3, 64))
}

func trim(s string) string { return strings.TrimRight(strings.TrimRight(s, "0"), ".") }

// holds says whether found keeps the criterion.
func holds(op string, found, bound float64) bool {
	switch op {
	case "<":
		return found < bound
	case "<=":
		return found <= bound
	case ">":
		return found > bound
	default: // ">="; others are refused by newRules
		return found >= bound
	}
}

// upper says that the criterion's bound is one from above.
func upper(op string) bool { return op == "<" || op == "<=" }

// worse says whether a is further from keeping the criterion than b.
func worse(op string, a, b float64) bool {
	if upper(op) {
		return a > b
	}
	return a < b
}
