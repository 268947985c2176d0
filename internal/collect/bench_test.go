//go:build unix

package collect

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"onrush.dev/onrush/internal/hist"
	"onrush.dev/onrush/internal/load"
)

// benchWindows encodes one second of so many tasks in four regions, each with
// so many labels of so many samples a second.
func benchWindows(tasks, labels, samples int) (load.Plan, func(second int) [][]byte) {
	plan := testPlan(0, tasks/4, "r1", "r2", "r3", "r4")
	r := random(1)
	var protos []*load.Window
	for i, region := range plan.Regions {
		for _, task := range region.Tasks {
			w := &load.Window{Task: task.Name, Users: 10}
			for l := range labels {
				e := load.Entry{
					Label: fmt.Sprintf("GET /path/%d", l), Requests: int64(samples), BytesIn: 1 << 20, BytesOut: 1 << 14,
					Statuses: map[int]int64{200: int64(samples)}, Latency: hist.New(), FirstByte: hist.New(), Connect: hist.New(),
				}
				for range samples {
					v := 5000 * math.Pow(2, float64(i)) * math.Exp(0.5*r.NormFloat64())
					e.Latency.Record(int64(v))
					e.FirstByte.Record(int64(v / 2))
				}
				w.Entries = append(w.Entries, e)
			}
			protos = append(protos, w)
		}
	}
	return plan, func(second int) [][]byte {
		out := make([][]byte, len(protos))
		for i, w := range protos {
			w.Second, w.Seq = second, uint64(second+1)
			w.Until, w.Sent = int64(second+1)*1e6, int64((second+1)*labels*samples)
			out[i] = load.AppendWindow(nil, w)
		}
		return out
	}
}

// BenchmarkWindow is the real path: bytes to open seconds, cut, totals, spool
// and snapshot. A label window is one label of one task in one second.
func BenchmarkWindow(b *testing.B) {
	for _, size := range []struct{ tasks, labels, samples int }{{200, 20, 50}, {200, 20, 1000}, {1000, 20, 50}} {
		b.Run(fmt.Sprintf("%dtasks/%dlabels/%dsamples", size.tasks, size.labels, size.samples), func(b *testing.B) {
			plan, second := benchWindows(size.tasks, size.labels, size.samples)
			c := newCollector(b, plan)
			c.run.Created = time.Time{}
			running(c)
			var spent time.Duration // of CPU, so that other work on the machine does not count
			merged := 0
			for n := 0; b.Loop(); n++ {
				b.StopTimer()
				windows := second(n)
				b.StartTimer()
				from := cpu()
				for _, w := range windows {
					if err := c.Window(w); err != nil {
						b.Fatal(err)
					}
				}
				c.Tick(start.Add(time.Duration(n+1) * time.Second))
				spent += cpu() - from
				merged += len(windows) * size.labels
			}
			b.ReportMetric(float64(merged)/spent.Seconds(), "label-windows/cpu-s")
			if c.finished < 0 {
				b.Fatal("nothing was cut")
			}
		})
	}
}

// BenchmarkMerge is the merge alone: one label's entry of a window into a cell.
func BenchmarkMerge(b *testing.B) {
	for _, samples := range []int{50, 1000} {
		b.Run(fmt.Sprintf("%dsamples", samples), func(b *testing.B) {
			_, second := benchWindows(4, 20, samples)
			data := second(0)[0]
			sum := &cell{}
			from := cpu()
			n := 0
			for b.Loop() {
				err := load.VisitWindow(data, func(*load.Window) bool { return true }, sum.mergeEntry)
				if err != nil {
					b.Fatal(err)
				}
				n += 20
			}
			b.ReportMetric(float64(n)/(cpu()-from).Seconds(), "label-windows/cpu-s")
		})
	}
}

// BenchmarkHour makes a run of one hour with 20 labels, 4 regions and 8 tasks,
// and times what its report and its page need.
func BenchmarkHour(b *testing.B) {
	const seconds = 3600
	plan, second := benchWindows(8, 20, 200)
	c := newCollector(b, plan, load.Criterion{Metric: "p95", Op: "<", Value: 100, For: load.Duration(time.Minute), Text: "p95 < 100ms for 1m"})
	c.run.Created = time.Time{}
	running(c)
	for n := range seconds {
		for _, w := range second(n) {
			if err := c.Window(w); err != nil {
				b.Fatal(err)
			}
		}
		c.Tick(start.Add(time.Duration(n+1) * time.Second))
	}
	path := filepath.Join(b.TempDir(), "series.parquet")
	res := finish(b, c)
	benchWrite(b, res, path) // the others read it
	b.Run("finish", func(b *testing.B) {
		cpuTime(b, func() { finish(b, c) })
	})
	b.Run("live-series", func(b *testing.B) {
		cpuTime(b, func() {
			if _, err := c.Series(load.SeriesQuery{}); err != nil {
				b.Fatal(err)
			}
		})
	})
	b.Run("write", func(b *testing.B) {
		size := 0.0
		cpuTime(b, func() { size = benchWrite(b, res, path) })
		b.ReportMetric(size, "MB")
	})
	for _, q := range []struct {
		name string
		q    load.SeriesQuery
	}{
		{"total", load.SeriesQuery{}},
		{"total-each-second", load.SeriesQuery{Points: seconds}},
		{"label", load.SeriesQuery{Label: "GET /path/7"}},
		{"label-in-region", load.SeriesQuery{Label: "GET /path/7", Region: "r3"}},
		{"task", load.SeriesQuery{Task: "r2-1"}},
	} {
		b.Run("read/"+q.name, func(b *testing.B) { cpuTime(b, func() { benchRead(b, path, q.q) }) })
	}
}

// benchWrite writes the file and returns its size in MB.
func benchWrite(b *testing.B, res *Result, path string) float64 {
	out, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	if err := res.WriteSeries(out); err != nil {
		b.Fatal(err)
	}
	info, err := out.Stat()
	if err != nil {
		b.Fatal(err)
	}
	if err := out.Close(); err != nil {
		b.Fatal(err)
	}
	return float64(info.Size()) / 1e6
}

// benchRead opens the file anew, as the page of an old run does.
func benchRead(b *testing.B, path string, q load.SeriesQuery) {
	in, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		b.Fatal(err)
	}
	f, err := OpenSeries(in, info.Size())
	if err != nil {
		b.Fatal(err)
	}
	s, err := f.Query(q)
	if err != nil {
		b.Fatal(err)
	}
	if len(s.Points) < 600 || s.Points[599].Requests == 0 {
		b.Fatalf("%d points", len(s.Points))
	}
}

// BenchmarkMemory shows what a run of 200 tasks keeps in memory after some
// minutes.
func BenchmarkMemory(b *testing.B) {
	plan, second := benchWindows(200, 20, 50)
	for b.Loop() {
		before := heap()
		c := newCollector(b, plan)
		c.run.Created = time.Time{}
		running(c)
		for n := range 120 {
			for _, w := range second(n) {
				if err := c.Window(w); err != nil {
					b.Fatal(err)
				}
			}
			c.Tick(start.Add(time.Duration(n+1) * time.Second))
		}
		b.ReportMetric(float64(heap()-before)/1e6, "MB")
		runtime.KeepAlive(c)
	}
}

// cpu is what this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// cpuTime reports the CPU time of an operation beside its wall time.
func cpuTime(b *testing.B, work func()) {
	from, n := cpu(), 0
	for b.Loop() {
		work()
		n++
	}
	b.ReportMetric(float64((cpu()-from).Milliseconds())/float64(n), "cpu-ms/op")
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
