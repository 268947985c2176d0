package collect

import (
	"strconv"

	"onrush.dev/onrush/internal/hist"
	"onrush.dev/onrush/internal/load"
)

// figures works out a block of figures. seconds is the run's measured time
// under load, the same for every block, so that the rates of regions, labels
// and tasks add up to the run's.
func figures(c *cell, seconds float64) load.Figures {
	f := load.Figures{
		Requests: c.requests, Failures: c.failures, Redirects: c.redirects,
		BytesReceived: c.bytesIn, BytesSent: c.bytesOut,
		LatencyMS: distribution(c.hists[latency]), ServiceMS: optional(c.hists[service]),
		FirstByteMS: optional(c.hists[firstByte]), BodyMS: optional(c.hists[body]),
		ConnectMS: optional(c.hists[connect]), DNSMS: optional(c.hists[dns]),
		TCPMS: optional(c.hists[tcp]), TLSMS: optional(c.hists[tls]),
		LagMS:       optional(c.hists[lag]),
		StatusCodes: make(map[string]int64, len(c.statuses)), FailureCauses: make(map[string]int64, len(c.causes)),
		Offered: c.offered, Started: c.started, Late: c.late,
	}
	if seconds > 0 {
		f.RequestsPerSecond = float64(c.requests) / seconds
	}
	for _, e := range c.statuses {
		f.StatusCodes[strconv.Itoa(e.key)] = e.n
	}
	for _, e := range c.causes {
		f.FailureCauses[string(e.key)] = e.n
	}
	return f
}

func distribution(h *hist.Hist) load.Latency {
	if h.Count() == 0 {
		return load.Latency{}
	}
	var q [5]int64
	h.Quantiles(q[:], 0.5, 0.9, 0.95, 0.99, 0.999)
	return load.Latency{
		Count: h.Count(), Min: ms(h.Min()), Max: ms(h.Max()),
		Mean: h.Mean() / 1000, StdDev: h.StdDev() / 1000,
		P50: ms(q[0]), P90: ms(q[1]), P95: ms(q[2]),
		P99: ms(q[3]), P999: ms(q[4]), Clamped: h.Clamped(),
	}
}

// optional is distribution for what not every run has.
func optional(h *hist.Hist) *load.Latency {
	if h.Count() == 0 {
		return nil
	}
	d := distribution(h)
	return &d
}

// point works out a series' point for a step of so many seconds.
func point(second, width int, c *cell) load.SeriesPoint {
	f := figuresOf(c)
	return f.point(second, width, c)
}
