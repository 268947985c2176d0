package load_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"onrush.dev/onrush/internal/hist"
	"onrush.dev/onrush/internal/load"
)

// compareHists makes cmp look at histograms by their bytes, which hold all of
// them.
var compareHists = cmp.Comparer(func(a, b *hist.Hist) bool {
	return bytes.Equal(a.AppendBinary(nil), b.AppendBinary(nil))
})

// typicalWindow is a second of a task with so many labels of so many samples.
func typicalWindow(rng *rand.Rand, labels, samples int) *load.Window {
	w := &load.Window{
		Task: "eu-west-1-17", Attempt: 1, Seq: 61, Second: 60, Until: 60_999_871,
		Users: 250, Offered: 20_000, Started: 19_990, Late: 3, InFlight: 41,
		Sent: int64(61 * labels * samples), Clamped: 0,
		Lag: latencies(rng, labels*samples, 40),
		Health: load.Health{
			CPU: 0.8125, Wait: 0.25, GC: 0.0625, Pause: 310, RSS: 48 << 20, Files: 10_240, Connections: 10_000,
			LoopLag: 1200, Dropped: 1, NoPort: 2, NoFile: 3, Limited: "connections: 10000 in use",
		},
	}
	for i := range labels {
		w.Entries = append(w.Entries, load.Entry{
			Label:    fmt.Sprintf("GET /api/v1/resource/%d", i),
			Requests: int64(samples), Failures: int64(samples / 100),
			Causes:   map[load.Cause]int64{load.CauseStatus: int64(samples / 200), load.CauseTimeout: int64(samples / 200)},
			Statuses: map[int]int64{200: int64(samples - samples/200), 503: int64(samples / 200)},
			BytesIn:  int64(samples) * 5312, BytesOut: int64(samples) * 211,
			Latency:   latencies(rng, samples, 30_000+float64(i)*1000),
			FirstByte: latencies(rng, samples, 25_000+float64(i)*1000),
			Body:      latencies(rng, samples, 300),
			Connect:   latencies(rng, max(1, samples/50), 2000),
			DNS:       latencies(rng, max(1, samples/100), 500),
			TCP:       latencies(rng, max(1, samples/50), 500),
			TLS:       latencies(rng, max(1, samples/50), 1000),
		})
	}
	return w
}

func latencies(rng *rand.Rand, n int, median float64) *hist.Hist {
	h := hist.New()
	for range n {
		h.Record(int64(median * math.Exp(rng.NormFloat64()/2)))
	}
	return h
}

func TestWindowRoundTrip(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	dims := typicalWindow(rng, 2, 10)
	dims.Partial = true
	for _, location := range []string{"FRA", "DUB"} {
		dims.Entries = append(dims.Entries, load.Entry{
			Label: "GET /logo.png", Dims: "cache=hit,edge=" + location, Requests: 5, Redirects: 2,
			Service: latencies(rng, 5, 100),
		})
	}
	tests := map[string]*load.Window{
		"empty":   {},
		"quiet":   {Task: "eu-1", Seq: 1, Users: 10, InFlight: 10},
		"typical": typicalWindow(rng, 20, 1000),
		"dims":    dims,
		"extreme": {
			Task: strings.Repeat("ä", 1000), Attempt: math.MaxInt32, Seq: math.MaxUint64,
			Second: math.MaxInt32, Until: math.MaxInt64, Users: -1, InFlight: math.MinInt64,
			Health:  load.Health{CPU: math.Inf(1), Wait: -1, RSS: -1, LoopLag: math.MinInt64},
			Entries: []load.Entry{{Label: "", Causes: map[load.Cause]int64{"new cause": 1, "": -1}, Statuses: map[int]int64{-1: 1, 999: math.MaxInt64}}},
		},
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const before = "before"
			data := load.AppendWindow([]byte(before), want)
			if !bytes.HasPrefix(data, []byte(before)) {
				t.Fatal("AppendWindow changed what stood before")
			}
			got, err := load.DecodeWindow(data[len(before):])
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, compareHists); diff != "" {
				t.Errorf("window changed on its way (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEqualWindowsHaveEqualBytes(t *testing.T) {
	t.Parallel()
	w := typicalWindow(rand.New(rand.NewPCG(1, 2)), 5, 100)
	want := load.AppendWindow(nil, w)
	for range 20 { // maps have another order each time
		if !bytes.Equal(load.AppendWindow(nil, w), want) {
			t.Fatal("the same window has other bytes the second time")
		}
	}
}

func TestWindowWritesLabelOnce(t *testing.T) {
	t.Parallel()
	w := &load.Window{Task: "eu-1"}
	for i := range 100 {
		w.Entries = append(w.Entries, load.Entry{Label: "GET /a/rather/long/label", Dims: fmt.Sprintf("edge=%d", i)})
	}
	if n := bytes.Count(load.AppendWindow(nil, w), []byte("GET /a/rather/long/label")); n != 1 {
		t.Errorf("a label with 100 dimensions stands %d times in the bytes, want once", n)
	}
}

// TestWindowOneBitOff flips every bit and cuts at every place: nothing but the
// whole, unchanged bytes may be taken for a window.
func TestWindowOneBitOff(t *testing.T) {
	t.Parallel()
	data := load.AppendWindow(nil, typicalWindow(rand.New(rand.NewPCG(3, 4)), 2, 50))
	called := false
	visit := func(b []byte) error {
		return load.VisitWindow(b, func(*load.Window) bool { called = true; return true },
			func(*load.RawEntry) error { called = true; return nil })
	}
	for i := range data {
		for bit := range 8 {
			bad := slices.Clone(data)
			bad[i] ^= 1 << bit
			if visit(bad) == nil || called {
				t.Fatalf("byte %d, bit %d flipped: taken for a window", i, bit)
			}
		}
		if visit(data[:i]) == nil || called {
			t.Fatalf("cut to %d of %d bytes: taken for a window", i, len(data))
		}
	}
}

func TestVisitWindowStops(t *testing.T) {
	t.Parallel()
	data := load.AppendWindow(nil, typicalWindow(rand.New(rand.NewPCG(5, 6)), 5, 10))
	entries := 0
	err := load.VisitWindow(data, func(*load.Window) bool { return false },
		func(*load.RawEntry) error { entries++; return nil })
	if err != nil || entries != 0 {
		t.Errorf("head said no: got %d entries and error %v, want none", entries, err)
	}
	full := errors.New("full")
	err = load.VisitWindow(data, func(*load.Window) bool { return true },
		func(*load.RawEntry) error { entries++; return full })
	if !errors.Is(err, full) || entries != 1 {
		t.Errorf("entry failed: got %d entries and error %v, want 1 and %v", entries, err, full)
	}
}

// TestVisitWindowAllocates holds the way of the collector free of allocation.
func TestVisitWindowAllocates(t *testing.T) {
	data := load.AppendWindow(nil, typicalWindow(rand.New(rand.NewPCG(7, 8)), 20, 1000))
	var total hist.Hist
	merge := func() {
		err := load.VisitWindow(data, func(*load.Window) bool { return true }, func(e *load.RawEntry) error {
			_, err := total.MergeBinary(e.Latency)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	merge()
	// One for the text of Health.Limited, and some more where the pool was
	// emptied (the race detector does that at random); none for an entry.
	if got := testing.AllocsPerRun(100, merge); got > 12 {
		t.Errorf("a visit of 20 entries allocates %.0f times, want at most 12", got)
	}
}

// sealed puts a right checksum under body, so that hostile bytes come as far as
// they can.
func sealed(body []byte) []byte {
	return binary.LittleEndian.AppendUint32(slices.Clone(body), crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
}

func FuzzWindow(f *testing.F) {
	rng := rand.New(rand.NewPCG(9, 10))
	for _, w := range []*load.Window{{}, {Task: "eu-1", Partial: true}, typicalWindow(rng, 3, 20)} {
		data := load.AppendWindow(nil, w)
		f.Add(data[:len(data)-4])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		w, err := load.DecodeWindow(sealed(body))
		if err != nil {
			return
		}
		if n := len(w.Entries); n > len(body) {
			t.Fatalf("%d bytes became %d entries", len(body), n)
		}
		data := load.AppendWindow(nil, w)
		again, err := load.DecodeWindow(data)
		if err != nil {
			t.Fatalf("what was read cannot be written and read again: %v", err)
		}
		if !bytes.Equal(load.AppendWindow(nil, again), data) {
			t.Fatal("a window changes when it is written and read")
		}
	})
}
