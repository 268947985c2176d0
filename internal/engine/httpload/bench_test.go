package httpload

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine/enginetest"
	"onrush.dev/onrush/internal/load"
)

// benchTask adapts enginetest to benchmarks.
func benchTask(b *testing.B, n *nginx, order load.Order) *enginetest.Task {
	b.Helper()
	k := enginetest.NewTask(b, New(), order)
	write(b, filepath.Join(k.Job.Dir, "ca.pem"), n.ca)
	return k
}

// cpu is the processor time of this process, which nginx is not part of.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkClosed is the cost of a request in the closed model against nginx.
func BenchmarkClosed(b *testing.B) {
	n := startNginx(b)
	for _, c := range []struct{ name, url, version string }{
		{"http1", n.plain, "1.1"}, {"http1-tls", n.secure, "1.1"}, {"h2c", n.h2c, "2"}, {"http2-tls", n.secureH2, "2"},
	} {
		b.Run(c.name, func(b *testing.B) {
			k := benchTask(b, n, load.Order{
				Model: load.Closed, Profile: enginetest.Endless(64), Requests: int64(b.N),
				Scenario: load.Scenario{
					Requests:   []load.Request{{Label: "get", URL: c.url + "/"}},
					Connection: load.Connection{HTTP: c.version, TLS: load.TLS{CA: "ca.pem"}},
				},
			})
			before := cpu()
			k.Start(time.Now())
			got := k.Wait()
			b.ReportMetric(float64(cpu()-before)/1e3/float64(b.N), "cpu-µs/op")
			if got.Requests != int64(b.N) || got.Failures != 0 {
				b.Fatalf("%d requests of %d, failures %v", got.Requests, b.N, got.Causes)
			}
		})
	}
}

// BenchmarkLag is how punctual the open model is at several rates.
func BenchmarkLag(b *testing.B) {
	n := startNginx(b)
	for _, rate := range []float64{100, 1000, 5000} {
		b.Run(fmt.Sprint(rate), func(b *testing.B) {
			for b.Loop() {
				k := benchTask(b, n, load.Order{
					Model: load.Open, Profile: enginetest.Hold(rate, 3*time.Second),
					Scenario: load.Scenario{Requests: []load.Request{{Label: "get", URL: n.plain + "/"}}},
				})
				before := cpu()
				k.Start(time.Now())
				got := k.Wait()
				b.ReportMetric(float64(cpu()-before)/1e3/float64(got.Requests), "cpu-µs/request")
				b.ReportMetric(float64(got.Lag.Quantile(0.5)), "lag-p50-µs")
				b.ReportMetric(float64(got.Lag.Quantile(0.99)), "lag-p99-µs")
				b.ReportMetric(float64(got.Latency.Quantile(0.99)), "latency-p99-µs")
			}
		})
	}
}
