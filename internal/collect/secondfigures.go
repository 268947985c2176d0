package collect

import (
	"encoding/binary"
	"math"

	"onrush.dev/onrush/internal/hist"
	"onrush.dev/onrush/internal/load"
)

// secondFigures are the figures that charts and the series file show of a
// second or a step: what is worked out from histograms, in the histograms' µs.
type secondFigures struct {
	mean, stddev             float64
	min, max                 int64
	p50, p90, p95, p99, p999 int64
	serviceP95, firstByteP95 int64
	bodyP95, connectP95      int64
	dnsP95, tcpP95, tlsP95   int64
	lagP99                   int64
}

func figuresOf(c *cell) secondFigures {
	h := c.hists[latency]
	f := secondFigures{
		serviceP95: quantile(c.hists[service], 0.95), firstByteP95: quantile(c.hists[firstByte], 0.95),
		bodyP95: quantile(c.hists[body], 0.95), connectP95: quantile(c.hists[connect], 0.95),
		dnsP95: quantile(c.hists[dns], 0.95), tcpP95: quantile(c.hists[tcp], 0.95), tlsP95: quantile(c.hists[tls], 0.95),
		lagP99: quantile(c.hists[lag], 0.99),
	}
	if h.Count() == 0 {
		return f
	}
	var q [5]int64
	h.Quantiles(q[:], 0.5, 0.9, 0.95, 0.99, 0.999)
	f.p50, f.p90, f.p95, f.p99, f.p999 = q[0], q[1], q[2], q[3], q[4]
	f.mean, f.stddev, f.min, f.max = h.Mean(), h.StdDev(), h.Min(), h.Max()
	return f
}

// quantile spares empty histograms the walk.
func quantile(h *hist.Hist, q float64) int64 {
	if h.Count() == 0 {
		return 0
	}
	return h.Quantile(q)
}

// point makes a series' point of the figures and the counters of c.
func (f *secondFigures) point(second, width int, c *cell) load.SeriesPoint {
	limited, by := c.vitals.limited()
	return load.SeriesPoint{
		Limited: limited, LimitedBy: string(by),
		Second: second, Requests: c.requests, Failures: c.failures,
		BytesIn: c.bytesIn, BytesOut: c.bytesOut,
		Users: int(c.users), Offered: float64(c.offered) / float64(width), Started: c.started,
		InFlight: c.inFlight, Tasks: int(c.tasks),
		Mean: f.mean / 1000, P50: ms(f.p50), P90: ms(f.p90), P95: ms(f.p95), P99: ms(f.p99), P999: ms(f.p999), Max: ms(f.max),
		FirstByteP95: ms(f.firstByteP95), LagP99: ms(f.lagP99),
	}
}

// ms turns the histograms' unit into the reports'.
func ms(us int64) float64 { return float64(us) / 1000 }

func (f *secondFigures) numbers() [15]*int64 {
	return [...]*int64{
		&f.min, &f.max, &f.p50, &f.p90, &f.p95, &f.p99, &f.p999,
		&f.serviceP95, &f.firstByteP95, &f.bodyP95, &f.connectP95,
		&f.dnsP95, &f.tcpP95, &f.tlsP95, &f.lagP99,
	}
}

func (f *secondFigures) appendTo(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(f.mean))
	dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(f.stddev))
	for _, n := range f.numbers() {
		dst = binary.AppendVarint(dst, *n)
	}
	return dst
}

func (f *secondFigures) read(r *reader) {
	for _, v := range [...]*float64{&f.mean, &f.stddev} {
		if b := r.bytes(8); !r.failed {
			*v = math.Float64frombits(binary.LittleEndian.Uint64(b))
		}
	}
	for _, n := range f.numbers() {
		*n = r.varint()
	}
}
