package record_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/record"
)

// traffic is samples as an open-model engine makes them: all durations are
// there but those of opening a connection.
func traffic(r *record.Recorder, labels, n int) []record.Sample {
	rng := rand.New(rand.NewPCG(1, 2))
	ids := make([]int, labels)
	for i := range ids {
		ids[i] = r.Label(fmt.Sprintf("GET /api/v1/resource/%d", i), "")
	}
	samples := make([]record.Sample, n)
	for i := range samples {
		latency := time.Duration(20e6 * math.Exp(rng.NormFloat64()/2))
		samples[i] = record.Sample{
			Label: ids[rng.IntN(labels)], Latency: latency, Service: latency - 1000, FirstByte: latency - 500_000,
			Body: 3000, Connect: record.None, DNS: record.None, TCP: record.None, TLS: record.None, Lag: 1000, Status: 200, BytesIn: 5000, BytesOut: 200,
		}
	}
	return samples
}

// BenchmarkRecord is what a sample costs, its way into the second included.
func BenchmarkRecord(b *testing.B) {
	for _, labels := range []int{1, 20, 1000} {
		b.Run(fmt.Sprintf("labels=%d", labels), func(b *testing.B) {
			r := record.New(record.Options{})
			samples, s := traffic(r, labels, 1<<13), r.Shard()
			s.RecordBatch(samples)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				s.Record(&samples[i%(1<<13)])
			}
		})
	}
}

// BenchmarkRecordBatch is the same by hundreds; the figure is of one sample.
func BenchmarkRecordBatch(b *testing.B) {
	r := record.New(record.Options{})
	samples, s := traffic(r, 20, 1<<13), r.Shard()
	s.RecordBatch(samples)
	b.ReportAllocs()
	for i := 0; i < b.N; i += 128 {
		at := i % (1 << 13)
		s.RecordBatch(samples[at : at+128])
	}
}

// BenchmarkRecordParallel has a shard for each thread.
func BenchmarkRecordParallel(b *testing.B) {
	r := record.New(record.Options{})
	samples := traffic(r, 20, 1<<13)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		s := r.Shard()
		for i := 0; pb.Next(); i++ {
			s.Record(&samples[i%(1<<13)])
		}
	})
}

func BenchmarkStarted(b *testing.B) {
	r := record.New(record.Options{})
	s := r.Shard()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.Started(time.Duration(i), 0)
	}
}

// BenchmarkCut is the agent's work once a second, after 10,000 samples that are
// not counted in: the window, its bytes, and the memory handed back.
func BenchmarkCut(b *testing.B) {
	for _, labels := range []int{1, 20, 1000} {
		b.Run(fmt.Sprintf("labels=%d", labels), func(b *testing.B) {
			r := record.New(record.Options{})
			samples, s := traffic(r, labels, 10_000), r.Shard()
			var buf []byte
			var cut, encode time.Duration
			b.ReportAllocs()
			for second := range b.N {
				for i := range samples {
					samples[i].End = time.Duration(second) * time.Second
				}
				s.RecordBatch(samples)
				begin := time.Now()
				w := r.Cut(second)
				cut += time.Since(begin)
				begin = time.Now()
				buf = load.AppendWindow(buf[:0], w)
				r.Recycle(w)
				encode += time.Since(begin)
			}
			b.ReportMetric(float64(cut.Nanoseconds())/float64(b.N), "cut-ns")
			b.ReportMetric(float64(encode.Nanoseconds())/float64(b.N), "encode-ns")
			b.ReportMetric(float64(len(buf)), "bytes/window")
		})
	}
}
