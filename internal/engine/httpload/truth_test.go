package httpload

import (
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine/enginetest"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/record"
	"onrush.dev/onrush/internal/target"
)

// witness keeps every raw sample that engines record.
type witness struct {
	mu      sync.Mutex
	samples []record.Sample
}

func (w *witness) observe(s record.Sample) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.samples = append(w.samples, s)
}

// latencies are all raw latencies in µs, in order.
func (w *witness) latencies() []float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]float64, 0, len(w.samples))
	for i := range w.samples {
		out = append(out, float64(w.samples[i].Latency)/1e3)
	}
	slices.Sort(out)
	return out
}

// TestPercentilesAgainstTheTruth runs one fast and one slow region and compares
// the figures merged from their windows with all raw latencies kept aside.
func TestPercentilesAgainstTheTruth(t *testing.T) {
	t.Parallel()
	server, err := target.Start(t.Context(), target.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, model := range []load.Model{load.Closed, load.Open} {
		t.Run(string(model), func(t *testing.T) {
			t.Parallel()
			truth(t, model, server.URL())
		})
	}
}

func truth(t *testing.T, model load.Model, url string) {
	w := new(witness)
	var windows []*load.Window
	var tasks []*enginetest.Task
	for _, path := range []string{"/delay/1ms-3ms", "/delay/50ms-90ms"} {
		e := New()
		e.observe = w.observe
		k := enginetest.NewTask(t, e, load.Order{
			Model: model, Profile: enginetest.Hold(16, 1500*time.Millisecond),
			Scenario: load.Scenario{Requests: []load.Request{{URL: url + path}}},
		})
		if model == load.Open {
			k.Job.Order.Profile = enginetest.Hold(500, 1500*time.Millisecond)
			k.Job.Timeline = load.NewTimeline(k.Job.Order.Profile, nil)
		}
		k.Start(time.Now())
		tasks = append(tasks, k)
	}
	for _, k := range tasks {
		windows = append(windows, k.Wait().Windows...)
	}
	got, raw := enginetest.Sum(windows), w.latencies()
	if got.Requests != int64(len(raw)) || got.Latency.Count() != got.Requests || got.Failures != 0 {
		t.Fatalf("%d requests in windows, %d latencies in them, %d raw, failures %v", got.Requests, got.Latency.Count(), len(raw), got.Causes)
	}
	for _, q := range []float64{0.5, 0.9, 0.95, 0.99, 0.999} {
		want := raw[max(0, int(math.Ceil(q*float64(len(raw))))-1)]
		if found := float64(got.Latency.Quantile(q)); math.Abs(found-want) > want/100 {
			t.Errorf("p%v: got %v µs, the truth is %v µs", q*100, found, want)
		}
	}
	mean := 0.0
	for _, us := range raw {
		mean += us / float64(len(raw))
	}
	if math.Abs(got.Latency.Mean()-mean) > mean/1000 {
		t.Errorf("mean: got %v µs, the truth is %v µs", got.Latency.Mean(), mean)
	}
}

// TestOpenModelHidesNoStall stops the server's answers for a while. What was due
// in that time is measured from when it was due, although the bound on requests
// in flight let it begin only later.
func TestOpenModelHidesNoStall(t *testing.T) {
	t.Parallel()
	const stall = 1200 * time.Millisecond
	begin := time.Now()
	f := newFault(t, stallsUntil(begin.Add(stall)))
	k := enginetest.NewTask(t, New(), load.Order{
		Model: load.Open, Profile: enginetest.Hold(50, 2*time.Second),
		Scenario: load.Scenario{
			Requests: []load.Request{{URL: f.url("http")}},
			Load:     load.Load{MaxConnections: 5},
		},
	})
	k.Start(begin)
	got := k.Wait()
	if got.Requests != 100 || got.Offered != 100 || got.Failures != 0 {
		t.Fatalf("got %d requests, %d offered, failures %v; want all 100", got.Requests, got.Offered, got.Causes)
	}
	// 60 of 100 were due in the stall, evenly: half of them waited for more than
	// half of it. Only 5 of them were sent before its end.
	if p50 := got.Latency.Quantile(0.5); p50 < 100_000 {
		t.Errorf("median latency %d µs hides the stall", p50)
	}
	if high := got.Latency.Quantile(0.98); high < 1_000_000 {
		t.Errorf("p98 latency %d µs hides the stall", high)
	}
	if quick := got.Service.Quantile(0.9); quick > got.Latency.Quantile(0.9)/2 {
		t.Errorf("p90 of the service time is %d µs, of the latency %d µs", quick, got.Latency.Quantile(0.9))
	}
	if why := got.Windows[0].Health.Limited; !strings.Contains(why, "max_connections") {
		t.Errorf("the task says that it is limited by %q, want its bound on connections", why)
	}
	if got.Late < 40 || got.Lag.Quantile(0.9) < 100_000 {
		t.Errorf("%d begun late, p90 of the lag %d µs", got.Late, got.Lag.Quantile(0.9))
	}
}
