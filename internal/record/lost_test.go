package record_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"onrush.dev/onrush/internal/hist"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/record"
)

// tally is what was recorded, counted on the side, or what windows hold.
type tally struct {
	requests, failures, in, out, redirects, started int64
	perLabel                                        [30]int64
	latency, service, lag                           *hist.Hist
}

func newTally() *tally {
	return &tally{latency: hist.New(), service: hist.New(), lag: hist.New()}
}

func (c *tally) sample(s *record.Sample) {
	c.requests++
	c.in += s.BytesIn
	c.out += s.BytesOut
	c.redirects += int64(s.Redirects)
	c.perLabel[s.Label]++
	if s.Cause != "" {
		c.failures++
	}
	c.latency.Record(s.Latency.Microseconds())
	if s.Service >= 0 {
		c.service.Record(s.Service.Microseconds())
	}
	if s.Lag >= 0 {
		c.lag.Record(s.Lag.Microseconds())
	}
}

func (c *tally) window(w *load.Window) {
	c.started += w.Started
	c.lag.Merge(w.Lag)
	for _, e := range w.Entries {
		var label int
		_, _ = fmt.Sscan(e.Label, &label)
		c.requests += e.Requests
		c.failures += e.Failures
		c.in += e.BytesIn
		c.out += e.BytesOut
		c.redirects += e.Redirects
		c.perLabel[label] += e.Requests
		c.latency.Merge(e.Latency)
		c.service.Merge(e.Service)
	}
}

func (c *tally) merge(o *tally) {
	c.requests += o.requests
	c.failures += o.failures
	c.in += o.in
	c.out += o.out
	c.redirects += o.redirects
	c.started += o.started
	for i, n := range o.perLabel {
		c.perLabel[i] += n
	}
	c.latency.Merge(o.latency)
	c.service.Merge(o.service)
	c.lag.Merge(o.lag)
}

func (c *tally) counts() string {
	return fmt.Sprint(c.requests, c.failures, c.in, c.out, c.redirects, c.started, c.perLabel)
}

func (c *tally) hists() []byte {
	return c.lag.AppendBinary(c.service.AppendBinary(c.latency.AppendBinary(nil)))
}

// TestNothingIsLost records from many workers at once, which close and open
// shards as they like, while seconds are cut. Whatever the interleaving, the
// windows together are what was recorded, no sample comes in a window before
// its own second, and each window's Sent is the sum so far.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	const workers, perWorker, seconds = 8, 6000, 30
	r := record.New(record.Options{Task: "eu-1"})
	for label := range 30 {
		if id := r.Label(fmt.Sprint(label), ""); id != label {
			t.Fatalf("label %d has number %d", label, id)
		}
	}
	var clock atomic.Int64 // the second that is on
	recorded, mu := newTally(), sync.Mutex{}
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() {
			mine := work(r, rand.New(rand.NewPCG(7, uint64(worker))), perWorker, &clock)
			mu.Lock()
			defer mu.Unlock()
			recorded.merge(mine)
		})
	}
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()

	received, sent := newTally(), int64(0)
	take := func(w *load.Window, seq int) {
		received.window(w)
		for _, e := range w.Entries {
			sent += e.Requests
			for status := range e.Statuses { // which the workers make the sample's second
				if status-100 > w.Second {
					t.Errorf("window of second %d has a sample of second %d", w.Second, status-100)
				}
			}
		}
		if w.Sent != sent || w.Seq != uint64(seq) {
			t.Errorf("window %d says %d and sent %d, want sent %d", seq, w.Seq, w.Sent, sent)
		}
	}
	for second := range seconds {
		time.Sleep(time.Millisecond)
		clock.Store(int64(second + 1))
		w := r.Cut(second)
		take(w, second+1)
		r.Recycle(w)
	}
	<-done
	take(r.Last(), seconds+1)

	if recorded.requests != workers*perWorker {
		t.Fatalf("recorded %d samples, want %d", recorded.requests, workers*perWorker)
	}
	if got, want := received.counts(), recorded.counts(); got != want {
		t.Errorf("windows hold\n%s, recorded were\n%s", got, want)
	}
	if !bytes.Equal(received.hists(), recorded.hists()) {
		t.Error("the windows' histograms are not those of what was recorded")
	}
}

// work records n samples of seconds around the one that is on, and returns what
// it recorded.
func work(r *record.Recorder, rng *rand.Rand, n int, clock *atomic.Int64) *tally {
	mine, s := newTally(), r.Shard()
	for n > 0 {
		batch := make([]record.Sample, 1+rng.IntN(min(n, 40)))
		for i := range batch {
			second := max(0, clock.Load()+rng.Int64N(4)-2)
			batch[i] = record.Sample{
				Label: rng.IntN(30), End: time.Duration(second)*time.Second + time.Duration(rng.Int64N(1e9)),
				Latency: time.Duration(rng.IntN(1e6)) * time.Microsecond, Service: time.Duration(rng.IntN(1000)-500) * time.Microsecond,
				Lag: record.None, Status: 100 + int(second), BytesIn: rng.Int64N(9), BytesOut: 1, Redirects: rng.IntN(2),
			}
			if rng.IntN(10) == 0 {
				batch[i].Cause, batch[i].Lag = load.CauseOther, time.Millisecond
			}
			mine.sample(&batch[i])
			s.Started(batch[i].End, record.None)
			mine.started++
		}
		if n -= len(batch); rng.IntN(2) == 0 {
			s.RecordBatch(batch)
		} else {
			for i := range batch {
				s.Record(&batch[i])
			}
		}
		switch rng.IntN(20) {
		case 0:
			s.Close()
		case 1:
			s.Close()
			s = r.Shard()
		case 2:
			s = r.Shard() // the old one is left with what it holds
		}
	}
	return mine
}
