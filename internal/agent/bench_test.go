package agent_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"onrush.dev/onrush/internal/bus"
	"onrush.dev/onrush/internal/bus/embedded"
	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/fleet/local"
	"onrush.dev/onrush/internal/load"
)

// BenchmarkFleet runs many tasks as real processes on this machine, for five
// seconds of scripted load, and reports how long they take to say hello and to
// be ready, and how far apart they start.
func BenchmarkFleet(b *testing.B) {
	for _, tasks := range []int{1, 50, 200} {
		b.Run(fmt.Sprint(tasks, " tasks"), func(b *testing.B) {
			for range b.N {
				oneFleet(b, tasks)
			}
		})
	}
}

func oneFleet(b *testing.B, tasks int) {
	server, err := embedded.Start(embedded.Options{Dir: b.TempDir()})
	check(b, err)
	defer server.Close()
	hub := server.Hub()
	check(b, hub.OpenRun(b.Context(), run))
	exe, err := os.Executable()
	check(b, err)
	driver, err := local.New(local.Options{
		Region: "eu", Dir: b.TempDir(), Command: []string{"env", asAgent + "=1", exe},
	})
	check(b, err)
	defer driver.Close()

	order := scripted(float64(10*tasks), 5*time.Second, load.Scripted{Latency: load.Duration(100 * time.Millisecond)})
	order.Share.Groups[0].Tasks = tasks
	ctx, cancel := context.WithTimeout(b.Context(), 2*time.Minute)
	defer cancel()
	check(b, hub.HandleOrders(ctx, func(_ context.Context, _, task string, _ int) (load.Order, error) {
		mine := order
		_, err := fmt.Sscanf(task, "eu-%d", &mine.Share.Index)
		return mine, err
	}))
	var specs []fleet.TaskSpec
	for i := range tasks {
		name := fmt.Sprintf("eu-%d", i)
		ticket, err := hub.IssueTicket(run, name, "eu", 0, time.Hour)
		check(b, err)
		specs = append(specs, fleet.TaskSpec{Run: run, Task: name, Ticket: ticket})
	}
	watch := &watcher{need: tasks, reached: map[load.TaskEventKind]chan struct{}{}, times: map[load.TaskEventKind][]time.Duration{}}
	for _, kind := range []load.TaskEventKind{load.EventHello, load.EventReady, load.EventDone} {
		watch.reached[kind] = make(chan struct{})
	}
	watch.begin = time.Now()
	consumed := make(chan error, 1)
	go func() { consumed <- hub.Consume(ctx, run, nil, watch.take) }()

	answers, err := driver.Start(ctx, specs)
	check(b, err)
	forked := time.Since(watch.begin)
	for _, a := range answers {
		check(b, a.Err)
	}
	watch.await(ctx, b, load.EventReady)
	start := load.Command{Kind: load.CommandStart, Start: time.Now().Add(time.Second)}
	told := time.Now()
	var telling errgroup.Group
	for _, s := range specs {
		telling.Go(func() error { return hub.Send(ctx, run, s.Task, s.Attempt, start) })
	}
	check(b, telling.Wait())
	broadcast := time.Since(told)
	watch.await(ctx, b, load.EventDone)
	stopped := time.Now()
	check(b, driver.Stop(ctx, run))
	stop := time.Since(stopped)
	cancel()
	check(b, <-consumed)

	sort.Float64s(watch.skews)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	b.ReportMetric(ms(forked), "fork-ms")
	b.ReportMetric(ms(watch.times[load.EventHello][0]), "first-hello-ms")
	b.ReportMetric(ms(watch.times[load.EventHello][tasks-1]), "hello-ms")
	b.ReportMetric(ms(watch.times[load.EventReady][tasks-1]), "ready-ms")
	b.ReportMetric(ms(broadcast), "broadcast-ms")
	b.ReportMetric(watch.skews[tasks/2], "skew-p50-ms")
	b.ReportMetric(watch.skews[tasks-1], "skew-max-ms")
	b.ReportMetric(ms(stop), "stop-ms")
	b.ReportMetric(float64(watch.windows)/float64(tasks), "windows/task")
}

type watcher struct {
	need    int
	begin   time.Time
	mu      sync.Mutex
	times   map[load.TaskEventKind][]time.Duration
	reached map[load.TaskEventKind]chan struct{}
	skews   []float64
	windows int
}

func (w *watcher) take(m bus.Message) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if m.Kind == bus.KindWindow {
		w.windows++
		return nil
	}
	var e load.TaskEvent
	if err := json.Unmarshal(m.Data, &e); err != nil {
		return err
	}
	if e.Kind == load.EventFailed {
		return fmt.Errorf("task %s: %s", e.Task, e.Text)
	}
	if e.Kind == load.EventDone {
		w.skews = append(w.skews, *e.SkewMS)
	}
	w.times[e.Kind] = append(w.times[e.Kind], time.Since(w.begin))
	if reached := w.reached[e.Kind]; reached != nil && len(w.times[e.Kind]) == w.need {
		close(reached)
	}
	return nil
}

func (w *watcher) await(ctx context.Context, b *testing.B, kind load.TaskEventKind) {
	b.Helper()
	select {
	case <-w.reached[kind]:
	case <-ctx.Done():
		b.Fatalf("not all tasks said %s", kind)
	}
}

func check(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
