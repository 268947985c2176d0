package enginetest

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/hist"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/record"
)

// Task runs one engine as an agent does: prepare, barrier, a cut every second,
// the last word. Tests of engines use it too.
type Task struct {
	Engine engine.Engine
	Job    engine.Job

	t       testing.TB
	cancel  context.CancelFunc
	done    chan error
	quit    chan struct{}
	cutters sync.WaitGroup

	mu      sync.Mutex
	windows []*load.Window
}

// NewTask makes a task ready to be prepared. An order without a share is the
// only task of its run.
func NewTask(t testing.TB, e engine.Engine, order load.Order) *Task {
	t.Helper()
	if order.Share.Groups == nil {
		order.Share = load.Share{Groups: []load.ShareGroup{{Tasks: 1, Weight: 1}}}
	}
	if order.Drain == 0 {
		order.Drain = load.Duration(10 * time.Second)
	}
	if order.Task == "" {
		order.Task = "local-1"
	}
	return &Task{
		Engine: e,
		Job: engine.Job{
			Order:    order,
			Dir:      t.TempDir(),
			Timeline: load.NewTimeline(order.Profile, order.Changes),
			Recorder: record.New(record.Options{Task: order.Task}),
			Log:      slog.New(slog.NewTextHandler(t.Output(), nil)),
		},
		t:    t,
		done: make(chan error, 1),
		quit: make(chan struct{}),
	}
}

// Start prepares the engine and runs it from start on.
func (k *Task) Start(start time.Time) {
	k.t.Helper()
	if err := k.Engine.Prepare(k.t.Context(), k.Job); err != nil {
		k.t.Fatalf("Prepare: %v", err)
	}
	k.Begin(start)
}

// Begin runs an engine that is prepared.
func (k *Task) Begin(start time.Time) {
	k.Job.Start = start
	ctx, cancel := context.WithCancel(k.t.Context())
	k.cancel = cancel
	k.t.Cleanup(cancel)
	go func() { k.done <- k.Engine.Run(ctx, k.Job) }()
	k.cutters.Go(k.cut)
}

// cut cuts a window after every second, as an agent does.
func (k *Task) cut() {
	for second := 0; ; second++ {
		t := time.NewTimer(time.Until(k.Job.Start.Add(time.Duration(second+1) * time.Second)))
		select {
		case <-k.quit:
			t.Stop()
			return
		case <-t.C:
			k.keep(k.Job.Recorder.Cut(second))
		}
	}
}

func (k *Task) keep(w *load.Window) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if w != nil {
		k.windows = append(k.windows, w)
	}
}

// Stop is stop-now.
func (k *Task) Stop() { k.cancel() }

// Change makes a live change that takes effect at an instant of the run, which
// should be in the future: that makes what is due the same on a busy machine.
func (k *Task) Change(at time.Duration, kind load.ChangeKind, level float64) {
	k.Job.Timeline.Add(load.Change{At: load.Duration(at), Kind: kind, Level: level})
}

// Wait waits until Run has returned and returns all that was recorded by then.
func (k *Task) Wait() Total {
	k.t.Helper()
	total, err := k.Ended()
	if err != nil {
		k.t.Fatalf("Run: %v", err)
	}
	return total
}

// Ended is Wait for engines that fail.
func (k *Task) Ended() (Total, error) {
	k.t.Helper()
	var err error
	select {
	case err = <-k.done:
	case <-time.After(60 * time.Second):
		k.t.Fatal("Run does not return")
	}
	close(k.quit)
	k.cutters.Wait()
	k.keep(k.Job.Recorder.Last())
	return k.total(), err
}

// Total is all windows of a task, added up.
type Total struct {
	Requests, Failures, Started, Offered, Late, Redirects int64
	BytesIn, BytesOut                                     int64
	Causes                                                map[load.Cause]int64
	Statuses                                              map[int]int64
	Labels                                                map[string]int64
	Latency, Service, FirstByte, Connect, Lag             *hist.Hist
	Windows                                               []*load.Window
}

func (k *Task) total() Total {
	k.mu.Lock()
	defer k.mu.Unlock()
	return Sum(k.windows)
}

// Sum adds windows up.
func Sum(windows []*load.Window) Total {
	s := Total{
		Causes: map[load.Cause]int64{}, Statuses: map[int]int64{}, Labels: map[string]int64{},
		Latency: hist.New(), Service: hist.New(), FirstByte: hist.New(), Connect: hist.New(), Lag: hist.New(),
		Windows: windows,
	}
	for _, w := range windows {
		s.Started += w.Started
		s.Offered += w.Offered
		s.Late += w.Late
		merge(s.Lag, w.Lag)
		for i := range w.Entries {
			s.add(&w.Entries[i])
		}
	}
	return s
}

func (s *Total) add(e *load.Entry) {
	s.Requests += e.Requests
	s.Failures += e.Failures
	s.Redirects += e.Redirects
	s.BytesIn += e.BytesIn
	s.BytesOut += e.BytesOut
	s.Labels[e.Label] += e.Requests
	for cause, n := range e.Causes {
		s.Causes[cause] += n
	}
	for status, n := range e.Statuses {
		s.Statuses[status] += n
	}
	merge(s.Latency, e.Latency)
	merge(s.Service, e.Service)
	merge(s.FirstByte, e.FirstByte)
	merge(s.Connect, e.Connect)
}

func merge(into, h *hist.Hist) {
	if h != nil {
		into.Merge(h)
	}
}

// Hold is a profile that is at a level from the first instant on.
func Hold(level float64, d time.Duration) load.Profile {
	return load.Profile{Points: []load.Point{
		{At: 0, Level: level},
		{At: load.Duration(d), Level: level},
	}}
}

// Endless is a profile at a level that only a limit or a change ends.
func Endless(level float64) load.Profile {
	return load.Profile{Points: []load.Point{{At: 0, Level: level}}, Endless: true}
}
