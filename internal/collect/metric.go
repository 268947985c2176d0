package collect

import "onrush.dev/onrush/internal/load"

// histogramOf says which histogram a timed measure is taken from.
func histogramOf(m load.Measure) int {
	switch m.Of {
	case load.OfFirstByte:
		return firstByte
	case load.OfBody:
		return body
	case load.OfConnect:
		return connect
	case load.OfDNS:
		return dns
	case load.OfTCP:
		return tcp
	case load.OfTLS:
		return tls
	case load.OfLag:
		return lag
	default:
		return latency
	}
}

// paced says that the figure tells how much load there was, so that a second
// of which the load took only a part would make it look low.
func paced(m load.Measure) bool {
	return m.Of == load.OfRate || m.Of == load.OfBandwidth || m.Of == load.OfRequests
}

// counted says that the figure is a plain number of requests, which only grows.
func (r *rule) counted() bool {
	return r.measure.Of == load.OfRequests || r.measure.Shareable() && !r.Percent
}

// value returns the figure of c, which holds so many seconds, in the
// criterion's unit; false when there is nothing to take it from.
func (r *rule) value(c *cell, seconds float64) (float64, bool) {
	switch r.measure.Of {
	case load.OfRequests:
		return float64(c.requests), true
	case load.OfRate:
		return float64(c.requests) / seconds, seconds > 0
	case load.OfBandwidth:
		return float64(c.bytesIn) / seconds, seconds > 0
	case load.OfFailures:
		return r.part(c.failures, c.requests)
	case load.OfStatus:
		var n int64
		for _, e := range c.statuses {
			if r.measure.Status.Has(e.key) {
				n += e.n
			}
		}
		return r.part(n, c.requests)
	default:
		return r.timed(c)
	}
}

// part is a number of requests, or their share, as the criterion says.
func (r *rule) part(n, requests int64) (float64, bool) {
	if !r.Percent {
		return float64(n), true
	}
	return float64(n) / float64(requests), requests > 0
}

func (r *rule) timed(c *cell) (float64, bool) {
	h := c.hists[histogramOf(r.measure)]
	if h.Count() == 0 {
		return 0, false
	}
	switch r.measure.Stat {
	case load.StatMean:
		return h.Mean() / 1000, true
	case load.StatMin:
		return ms(h.Min()), true
	case load.StatMax:
		return ms(h.Max()), true
	default:
		return ms(h.Quantile(r.measure.Quantile)), true
	}
}

// needed returns of c what the rule needs, to be merged and kept for windows.
// It shares c's memory.
func (r *rule) needed(c *cell) *cell {
	p := &cell{requests: c.requests, failures: c.failures, bytesIn: c.bytesIn}
	switch {
	case r.measure.Timed():
		p.hists[histogramOf(r.measure)] = c.hists[histogramOf(r.measure)]
	case r.measure.Of == load.OfStatus:
		p.statuses = c.statuses
	}
	return p
}

// upper says that the criterion's bound is one from above.
func (r *rule) upper() bool { return r.Op == "<" || r.Op == "<=" }

// worse says whether a is further from keeping the criterion than b.
func (r *rule) worse(a, b float64) bool {
	if r.upper() {
		return a > b
	}
	return a < b
}
