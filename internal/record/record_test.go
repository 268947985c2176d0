package record_test

import (
	"bytes"
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"

	"onrush.dev/onrush/internal/hist"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/record"
)

// at returns a sample that ended at an instant and has a latency only.
func at(label int, end time.Duration) *record.Sample {
	return &record.Sample{
		Label: label, End: end, Latency: 5 * time.Millisecond, Status: 200,
		Service: record.None, FirstByte: record.None, Connect: record.None, DNS: record.None, TCP: record.None, TLS: record.None, Body: record.None, Lag: record.None,
	}
}

func TestSampleBelongsToTheSecondOfItsEnd(t *testing.T) {
	t.Parallel()
	r := record.New(record.Options{Task: "eu-1", Attempt: 2})
	s, home := r.Shard(), r.Label("home", "")
	for _, end := range []time.Duration{
		0, time.Second - 1, // second 0
		time.Second, 1500 * time.Millisecond, 2*time.Second - 1, // second 1
		4 * time.Second, // second 4
	} {
		s.Record(at(home, end))
	}
	want := []struct{ requests, sent, until int64 }{{2, 2, 999_999}, {3, 5, 1_999_999}, {0, 5, 0}, {0, 5, 0}, {1, 6, 4_000_000}}
	for second, want := range want {
		w := r.Cut(second)
		if w.Task != "eu-1" || w.Attempt != 2 || w.Seq != uint64(second+1) || w.Second != second || w.Partial {
			t.Errorf("cut %d has head %+v", second, w)
		}
		if requests(w) != want.requests || w.Sent != want.sent || w.Until != want.until {
			t.Errorf("second %d: %d requests, %d sent, until %d; want %+v", second, requests(w), w.Sent, w.Until, want)
		}
	}
}

func requests(w *load.Window) (n int64) {
	for _, e := range w.Entries {
		n += e.Requests
	}
	return n
}

func TestLateSampleGoesIntoTheNextWindow(t *testing.T) {
	t.Parallel()
	r := record.New(record.Options{})
	s, home := r.Shard(), r.Label("home", "")
	r.Cut(0)
	r.Cut(1)
	s.Record(at(home, 500*time.Millisecond))
	s.Record(at(home, 2500*time.Millisecond))
	s.Started(100*time.Millisecond, record.None)
	r.Offer(0, 7)
	if w := r.Cut(2); requests(w) != 2 || w.Started != 1 || w.Offered != 7 {
		t.Errorf("window 2 has %d requests, %d started, %d offered; want 2, 1, 7", requests(w), w.Started, w.Offered)
	}
}

func TestSecondLeftOutIsInTheNextWindow(t *testing.T) {
	t.Parallel()
	r := record.New(record.Options{})
	s := r.Shard()
	for second := range 10 {
		s.Record(at(r.Label(fmt.Sprint("label ", second%3), ""), time.Duration(second)*time.Second))
		r.Offer(second, 1)
	}
	if w := r.Cut(7); requests(w) != 8 || w.Offered != 8 || w.Second != 7 || len(w.Entries) != 3 || w.Lag != nil {
		t.Errorf("got %d requests, %d offered, %d labels for second %d; want 8, 8, 3 for 7", requests(w), w.Offered, len(w.Entries), w.Second)
	}
	if w := r.Last(); requests(w) != 2 || w.Second != 9 || !w.Partial || w.Sent != 10 || w.Seq != 2 {
		t.Errorf("got last window %+v, want the 2 requests of seconds 8 and 9", w)
	}
}

func TestLastWithoutSamples(t *testing.T) {
	t.Parallel()
	r := record.New(record.Options{})
	r.Cut(0)
	if w := r.Last(); w == nil || w.Second != 1 || !w.Partial || w.Seq != 2 || len(w.Entries) != 0 {
		t.Errorf("got %+v, want an empty last window of second 1", w)
	}
}

func TestSampleBecomesFigures(t *testing.T) {
	t.Parallel()
	r := record.New(record.Options{})
	s, label := r.Shard(), r.Label("pay", "cache=miss")
	s.RecordBatch([]record.Sample{
		{
			Label: label, Latency: 3_000_499, Service: 2_000_500, FirstByte: 1500 * time.Microsecond, Body: 400, Lag: time.Millisecond,
			Connect: 7 * time.Microsecond, DNS: record.None, TCP: 2 * time.Microsecond, TLS: 4 * time.Microsecond,
			Status: 200, BytesIn: 1000, BytesOut: 100, Redirects: 2,
		},
		{
			Label: label, Latency: 30 * time.Hour, Service: record.None, FirstByte: record.None, Connect: record.None, DNS: record.None, TCP: record.None, TLS: record.None, Body: record.None, Lag: record.None,
			Cause: load.CauseTimeout, BytesOut: 50,
		},
		{
			Label: label, Latency: record.None, Service: record.None, FirstByte: record.None, Connect: record.None, DNS: record.None, TCP: record.None, TLS: record.None, Body: record.None, Lag: record.None,
			Status: 503, Cause: load.CauseStatus, BytesIn: 7,
		},
	})
	w := r.Cut(0)
	if len(w.Entries) != 1 {
		t.Fatalf("got %d entries, want 1", len(w.Entries))
	}
	e := w.Entries[0]
	got := fmt.Sprint(e.Label, " ", e.Dims, " ", e.Requests, e.Failures, e.Causes, e.Statuses, e.BytesIn, e.BytesOut, e.Redirects)
	if want := "pay cache=miss 3 2 map[status:1 timeout:1] map[200:1 503:1] 1007 150 2"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for name, got := range map[string][2]int64{
		"latency": {e.Latency.Count(), e.Latency.Min()}, "service": {e.Service.Count(), e.Service.Min()},
		"first byte": {e.FirstByte.Count(), e.FirstByte.Min()}, "connect": {e.Connect.Count(), e.Connect.Min()},
		"body": {e.Body.Count(), e.Body.Min()}, "dns": {e.DNS.Count(), e.DNS.Min()}, "tcp": {e.TCP.Count(), e.TCP.Min()}, "tls": {e.TLS.Count(), e.TLS.Min()},
		"lag": {w.Lag.Count(), w.Lag.Min()},
	} {
		want := map[string][2]int64{
			"latency": {2, 3000}, "service": {1, 2001}, "first byte": {1, 1500}, "connect": {1, 7}, "lag": {1, 1000},
			"body": {1, 0}, "dns": {}, "tcp": {1, 2}, "tls": {1, 4},
		}[name]
		if got != want {
			t.Errorf("%s has count and min %d, want %d", name, got, want)
		}
	}
	if w.Clamped != 1 {
		t.Errorf("%d samples clamped, want the one of 30 hours", w.Clamped)
	}
}

// TestEveryHistogramClamps records times out of range, of one kind after the
// other: each is counted, and stands at the end of its histogram.
func TestEveryHistogramClamps(t *testing.T) {
	t.Parallel()
	const tooLong = 30 * time.Hour
	set := map[string]func(*record.Sample){
		"latency": func(s *record.Sample) { s.Latency = tooLong }, "service": func(s *record.Sample) { s.Service = tooLong },
		"first byte": func(s *record.Sample) { s.FirstByte = tooLong }, "body": func(s *record.Sample) { s.Body = tooLong },
		"connect": func(s *record.Sample) { s.Connect = tooLong }, "dns": func(s *record.Sample) { s.DNS = tooLong },
		"tcp": func(s *record.Sample) { s.TCP = tooLong }, "tls": func(s *record.Sample) { s.TLS = tooLong },
		"lag": func(s *record.Sample) { s.Lag = tooLong },
	}
	for name, change := range set {
		r := record.New(record.Options{})
		s, home := r.Shard(), r.Label("home", "")
		for range 3 {
			sample := at(home, 0)
			change(sample)
			s.Record(sample)
		}
		w := r.Cut(0)
		if w.Clamped != 3 {
			t.Errorf("%s: %d values clamped, want 3", name, w.Clamped)
		}
		e := w.Entries[0]
		h := map[string]*hist.Hist{
			"latency": e.Latency, "service": e.Service, "first byte": e.FirstByte, "body": e.Body,
			"connect": e.Connect, "dns": e.DNS, "tcp": e.TCP, "tls": e.TLS, "lag": w.Lag,
		}[name]
		if h.Clamped() != 3 || h.Count() != 3 || h.Max() != hist.MaxValue {
			t.Errorf("%s: %d of %d clamped, max %d", name, h.Clamped(), h.Count(), h.Max())
		}
	}
}

// TestMicrosecondsAreApart records the least times there are: each microsecond
// is told from the next.
func TestMicrosecondsAreApart(t *testing.T) {
	t.Parallel()
	for us := range int64(256) {
		r := record.New(record.Options{})
		d := time.Duration(us) * time.Microsecond
		r.Shard().Record(&record.Sample{Label: r.Label("home", ""), Latency: d, Service: d, FirstByte: d, Body: d, Connect: d, DNS: d, TCP: d, TLS: d})
		e := r.Last().Entries[0]
		for i, h := range []*hist.Hist{e.Latency, e.Service, e.FirstByte, e.Body, e.Connect, e.DNS, e.TCP, e.TLS} {
			h.Record(0)
			h.Record(hist.MaxValue)
			if got := h.Quantile(0.5); got != us {
				t.Fatalf("histogram %d says %d µs of %d", i, got, us)
			}
		}
	}
}

func TestTooManyLabelsShareOne(t *testing.T) {
	t.Parallel()
	r := record.New(record.Options{MaxLabels: 3})
	s := r.Shard()
	for i := range 10 {
		for range 2 { // asking again gives the same label
			s.Record(at(r.Label(fmt.Sprint("label ", i), ""), 0))
		}
	}
	s.Record(at(-1, 0))
	s.Record(at(math.MaxInt, 0))
	got := map[string]int64{}
	for _, e := range r.Cut(0).Entries {
		got[e.Label] = e.Requests
	}
	want := map[string]int64{"label 0": 2, "label 1": 2, "label 2": 2, record.Other: 16}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestStarted(t *testing.T) {
	t.Parallel()
	r := record.New(record.Options{})
	s := r.Shard()
	for range 3 {
		s.Started(100*time.Millisecond, time.Millisecond) // not late
		s.Started(200*time.Millisecond, time.Millisecond+1)
	}
	s.Started(1200*time.Millisecond, time.Hour)
	s.Close()
	s.Started(2500*time.Millisecond, record.None) // a closed shard comes alive again
	for second, want := range [][2]int64{{6, 3}, {1, 1}, {1, 0}} {
		if w := r.Cut(second); w.Started != want[0] || w.Late != want[1] {
			t.Errorf("second %d: %d started, %d late; want %d", second, w.Started, w.Late, want)
		}
	}
}

func TestGaugesAndHealth(t *testing.T) {
	t.Parallel()
	r := record.New(record.Options{})
	r.Gauges(func() record.Gauges {
		r.Offer(0, 40)
		return record.Gauges{
			Users: 7, InFlight: 5, Connections: 6, Dropped: 3, LoopLag: 1500 * time.Microsecond, NoPort: 0, NoFile: 0,
			Limited: "connections: 5 of 5 in use",
		}
	})
	for begin := time.Now(); time.Since(begin) < 20*time.Millisecond; {
		continue // use some CPU
	}
	w := r.Cut(0)
	if h := w.Health; h.Connections != 6 || h.Dropped != 3 || h.LoopLag != 1500 {
		t.Errorf("health is %+v, want what the engine said", h)
	}
	if w.Users != 7 || w.InFlight != 5 || w.Health.Limited != "connections: 5 of 5 in use" || w.Offered != 40 {
		t.Errorf("gauges did not arrive: %+v", w)
	}
	if w.Health.CPU <= 0 || w.Health.CPU > float64(runtime.NumCPU())+1 || w.Health.RSS < 1<<20 {
		t.Errorf("health is %+v, want some CPU and some memory", w.Health)
	}
}

// TestFarAhead feeds ends from a clock gone mad: memory stays bounded, no
// sample is lost, and the seconds that can be right are right.
func TestFarAhead(t *testing.T) {
	t.Parallel()
	r := record.New(record.Options{})
	s, home := r.Shard(), r.Label("home", "")
	s.Record(at(home, 0))
	for i := range 5000 {
		s.Record(at(home, time.Duration(i)*time.Hour))
	}
	if w := r.Cut(0); requests(w) != 2 {
		t.Errorf("second 0 has %d requests, want 2", requests(w))
	}
	w := r.Last()
	if requests(w) != 4999 || w.Second > 200 {
		t.Errorf("last window has %d requests in second %d, want 4999 within 200 s", requests(w), w.Second)
	}
}

// TestReplacementBeginsLate records as a task does that replaces a lost one.
func TestReplacementBeginsLate(t *testing.T) {
	t.Parallel()
	r := record.New(record.Options{Attempt: 1, First: 3000})
	s, home := r.Shard(), r.Label("home", "")
	for tenth := range 20 {
		s.Record(at(home, 3000*time.Second+time.Duration(tenth)*100*time.Millisecond))
	}
	for i, want := range []int64{10, 10} {
		if w := r.Cut(3000 + i); requests(w) != want || w.Seq != uint64(i+1) || w.Second != 3000+i {
			t.Errorf("window %d of second %d has %d requests, want %d in second %d", w.Seq, w.Second, requests(w), want, 3000+i)
		}
	}
}

func TestRecycle(t *testing.T) {
	t.Parallel()
	r, fresh := record.New(record.Options{}), record.New(record.Options{})
	a, b := r.Shard(), fresh.Shard()
	fill := func(s *record.Shard, label, second int) {
		s.Record(&record.Sample{
			Label: label, End: time.Duration(second) * time.Second, Latency: time.Duration(second+1) * time.Millisecond,
			Cause: load.CauseReset, Status: 200 + second, BytesIn: 3,
		})
	}
	for second := range 6 {
		for _, name := range []string{"one", "two", fmt.Sprint("only ", second)} {
			fill(a, r.Label(name, ""), second)
			fill(b, fresh.Label(name, ""), second)
		}
		got, want := r.Cut(second), fresh.Cut(second)
		if !sameEntries(got, want) {
			t.Errorf("second %d differs when windows are recycled", second)
		}
		r.Recycle(got)
		r.Recycle(got) // the second time does nothing
		r.Recycle(nil)
	}
}

func sameEntries(a, b *load.Window) bool {
	x, y := load.Window{Entries: a.Entries, Lag: a.Lag}, load.Window{Entries: b.Entries, Lag: b.Lag}
	return bytes.Equal(load.AppendWindow(nil, &x), load.AppendWindow(nil, &y))
}

// TestWindowIsItsReaders keeps a window that was not recycled while the
// recorder goes on.
func TestWindowIsItsReaders(t *testing.T) {
	t.Parallel()
	r := record.New(record.Options{})
	s, home := r.Shard(), r.Label("home", "")
	s.Record(at(home, 0))
	w := r.Cut(0)
	before := load.AppendWindow(nil, w)
	for second := 1; second < 5; second++ {
		s.Record(at(home, time.Duration(second)*time.Second))
		r.Recycle(r.Cut(second))
	}
	if !bytes.Equal(load.AppendWindow(nil, w), before) {
		t.Error("a window that was kept has changed")
	}
}

// TestRecordAllocatesNothing records through many full lists.
func TestRecordAllocatesNothing(t *testing.T) {
	r := record.New(record.Options{})
	s, sample := r.Shard(), at(r.Label("home", ""), 0)
	fill := func() {
		for range 2000 {
			s.Record(sample)
			s.Started(0, 0)
		}
	}
	fill()
	if got := testing.AllocsPerRun(20, fill); got != 0 {
		t.Errorf("2,000 samples allocate %.0f times", got)
	}
}

// TestMoved: bytes of a request under way are in their own seconds, under its
// label, and no request is.
func TestMoved(t *testing.T) {
	t.Parallel()
	r := record.New(record.Options{})
	s, label := r.Shard(), r.Label("download", "")
	r.Moved(label, 300*time.Millisecond, 700, 7)
	r.Moved(label, 900*time.Millisecond, 200, 2)
	r.Moved(label, 1500*time.Millisecond, 50, 0)
	s.Record(&record.Sample{Label: label, End: 1800 * time.Millisecond, Latency: 1800 * time.Millisecond, Service: record.None, FirstByte: record.None, Body: record.None, Lag: record.None, Connect: record.None, DNS: record.None, TCP: record.None, TLS: record.None, Status: 200, BytesIn: 5})
	for second, want := range []string{"download 0 900 9", "download 1 55 0"} {
		w := r.Cut(second)
		if len(w.Entries) != 1 {
			t.Fatalf("second %d has %d entries", second, len(w.Entries))
		}
		e := w.Entries[0]
		if got := fmt.Sprint(e.Label, " ", e.Requests, " ", e.BytesIn, " ", e.BytesOut); got != want {
			t.Errorf("second %d: got %s, want %s", second, got, want)
		}
		if sent := int64(second); w.Sent != sent {
			t.Errorf("second %d: %d samples sent, want %d", second, w.Sent, sent)
		}
		r.Recycle(w)
	}
}
