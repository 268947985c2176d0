package load_test

import (
	"math/rand/v2"
	"testing"

	"onrush.dev/onrush/internal/hist"
	"onrush.dev/onrush/internal/load"
)

// benchCell is the least that a collector keeps for a label.
type benchCell struct {
	requests, failures, in, out   int64
	latency, first, connect, serv hist.Hist
}

func (c *benchCell) merge(e *load.RawEntry) error {
	c.requests += e.Requests
	c.failures += e.Failures
	c.in += e.BytesIn
	c.out += e.BytesOut
	for _, h := range [...]struct {
		to   *hist.Hist
		from []byte
	}{{&c.latency, e.Latency}, {&c.serv, e.Service}, {&c.first, e.FirstByte}, {&c.connect, e.Connect}} {
		if h.from == nil {
			continue
		}
		if _, err := h.to.MergeBinary(h.from); err != nil {
			return err
		}
	}
	return nil
}

// benchWindows are seconds of many tasks: 20 labels of 1,000 samples each.
func benchWindows() [][]byte {
	rng := rand.New(rand.NewPCG(1, 2))
	windows := make([][]byte, 50)
	for i := range windows {
		windows[i] = load.AppendWindow(nil, typicalWindow(rng, 20, 1000))
	}
	return windows
}

// BenchmarkMergeWindow reads windows and merges all their histograms, as the
// collector does; its figure is label windows a second on one core.
func BenchmarkMergeWindow(b *testing.B) {
	windows, cells := benchWindows(), map[string]*benchCell{}
	entry := func(e *load.RawEntry) error {
		c := cells[string(e.Label)]
		if c == nil {
			c = new(benchCell)
			cells[string(e.Label)] = c
		}
		return c.merge(e)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := load.VisitWindow(windows[i%len(windows)], func(*load.Window) bool { return true }, entry); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*20/b.Elapsed().Seconds(), "labels/s")
	b.ReportMetric(float64(len(windows[0]))/20, "bytes/label")
}

// BenchmarkVisitWindow is the same without merging: what the bytes cost.
func BenchmarkVisitWindow(b *testing.B) {
	windows := benchWindows()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		err := load.VisitWindow(windows[i%len(windows)], func(*load.Window) bool { return true }, func(*load.RawEntry) error { return nil })
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*20/b.Elapsed().Seconds(), "labels/s")
}

func BenchmarkAppendWindow(b *testing.B) {
	w := typicalWindow(rand.New(rand.NewPCG(1, 2)), 20, 1000)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = load.AppendWindow(buf[:0], w)
	}
}
