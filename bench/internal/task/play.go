//go:build linux

package task

import (
	"context"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"

	"onrush.dev/onrush/bench/internal/gauge"
	"onrush.dev/onrush/bench/internal/rig"
	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/engine/all"
	"onrush.dev/onrush/internal/hist"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/record"
)

// cutLag is how long after a second's end its window is made, as in an agent.
const cutLag = 5 * time.Millisecond

// player runs one engine.
type player struct {
	job    engine.Job
	result Result
	quit   chan struct{}
	cutter sync.WaitGroup
	next   int    // second to cut
	buffer []byte // of the window that was encoded last

	latency, service, lag *hist.Hist
	labels                map[string]bool
}

func newPlayer(order load.Order, dir string, log *slog.Logger) *player {
	return &player{
		job: engine.Job{
			Order: order, Dir: dir, Log: log,
			Timeline: load.NewTimeline(order.Profile, order.Changes),
			Recorder: record.New(record.Options{Task: order.Task}),
		},
		result:  Result{Causes: map[load.Cause]int64{}},
		quit:    make(chan struct{}),
		latency: hist.New(), service: hist.New(), lag: hist.New(),
		labels: map[string]bool{},
	}
}

// play prepares the engine and runs its load from lead after that on.
func (p *player) play(ctx context.Context, lead time.Duration) (Result, error) {
	e, err := all.New(p.job.Order.Scenario.Engine)
	if err != nil {
		return p.result, err
	}
	if err := e.Prepare(ctx, p.job); err != nil {
		return p.result, err
	}
	_, p.result.Before = rig.PeakMemory(os.Getpid())
	p.job.Start = time.Now().Add(lead)
	p.result.Start = gauge.Now() + time.Until(p.job.Start)
	time.Sleep(lead)
	p.cutter.Go(p.cut)
	err = e.Run(ctx, p.job)
	p.result.Took = time.Since(p.job.Start)
	close(p.quit)
	p.cutter.Wait()
	p.keep(p.job.Recorder.Last)
	p.result.Latency, p.result.Service, p.result.Lag = percentiles(p.latency), percentiles(p.service), percentiles(p.lag)
	p.result.Labels = len(p.labels)
	return p.result, err
}

// cut makes a window after every second. Its own thread tells what that costs.
func (p *player) cut() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for ; ; p.next++ {
		due := p.job.Start.Add(time.Duration(p.next+1)*time.Second + cutLag)
		t := time.NewTimer(time.Until(due))
		select {
		case <-p.quit:
			t.Stop()
			return
		case <-t.C:
			_, now := rig.PeakMemory(os.Getpid())
			p.result.RSS = append(p.result.RSS, now)
			p.keep(func() *load.Window { return p.job.Recorder.Cut(p.next) })
		}
	}
}

// keep makes a window and encodes it as an agent does, and adds it up.
func (p *player) keep(cut func() *load.Window) {
	begin := gauge.ThreadCPU()
	w := cut()
	p.buffer = load.AppendWindow(p.buffer[:0], w)
	r := &p.result
	r.Cutting += gauge.ThreadCPU() - begin
	r.Encoded += int64(len(p.buffer))
	r.Windows++
	r.Started += w.Started
	r.Offered += w.Offered
	r.Late += w.Late
	if r.Limited == "" {
		r.Limited = w.Health.Limited
	}
	merge(p.lag, w.Lag)
	for i := range w.Entries {
		e := &w.Entries[i]
		p.labels[e.Label] = true
		r.Requests += e.Requests
		r.Failures += e.Failures
		r.BytesIn += e.BytesIn
		for cause, n := range e.Causes {
			r.Causes[cause] += n
		}
		merge(p.latency, e.Latency)
		merge(p.service, e.Service)
	}
	p.job.Recorder.Recycle(w)
}

func merge(into, h *hist.Hist) {
	if h != nil {
		into.Merge(h)
	}
}

func percentiles(h *hist.Hist) P {
	return P{h.Quantile(0.5), h.Quantile(0.99), h.Quantile(0.999)}
}
