package hist_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"onrush.dev/onrush/internal/hist"
)

// second is what a label sees in a second of 1,024 requests.
func second(seed uint64) ([]int64, *hist.Hist) {
	rng := rand.New(rand.NewPCG(seed, 1))
	values, h := make([]int64, 1024), hist.New()
	for i := range values {
		values[i] = int64(30_000 * math.Exp(rng.NormFloat64()/2))
		h.Record(values[i])
	}
	return values, h
}

func BenchmarkRecord(b *testing.B) {
	values, _ := second(1)
	h := hist.New()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		h.Record(values[i%1024])
	}
}

func BenchmarkMerge(b *testing.B) {
	_, from := second(1)
	to := hist.New()
	b.ReportAllocs()
	for b.Loop() {
		to.Merge(from)
	}
}

func BenchmarkMergeBinary(b *testing.B) {
	const kinds = 64 // so that no branch is learnt by heart
	var data [kinds][]byte
	for i := range data {
		_, from := second(uint64(i))
		data[i] = from.AppendBinary(nil)
	}
	to := hist.New()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := to.MergeBinary(data[i%kinds]); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(data[0])), "bytes/hist")
}

func BenchmarkAppendBinary(b *testing.B) {
	_, from := second(1)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = from.AppendBinary(buf[:0])
	}
}

func BenchmarkQuantiles(b *testing.B) {
	_, h := second(1)
	var out [5]int64
	b.ReportAllocs()
	for b.Loop() {
		h.Quantiles(out[:], 0.5, 0.9, 0.95, 0.99, 0.999)
	}
}

func BenchmarkReset(b *testing.B) {
	_, h := second(1)
	b.ReportAllocs()
	for b.Loop() {
		h.Reset()
	}
}
