package locust_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/engine/enginetest"
	"onrush.dev/onrush/internal/engine/locust"
	"onrush.dev/onrush/internal/load"
)

// target counts what reaches it; /slow takes its time, /missing is not there,
// /cut ends in the middle of a response.
type target struct {
	*httptest.Server
	hits atomic.Int64
}

func newTarget(t *testing.T) *target {
	t.Helper()
	s := &target{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.hits.Add(1)
		switch r.URL.Path {
		case "/slow":
			select {
			case <-time.After(20 * time.Second):
			case <-r.Context().Done():
			}
		case "/short":
			time.Sleep(1200 * time.Millisecond)
		case "/missing":
			w.WriteHeader(http.StatusNotFound)
		case "/cut":
			w.Header().Set("Content-Length", "5000")
		}
		_, _ = w.Write([]byte(strings.Repeat("x", 1000)))
	}))
	t.Cleanup(s.Close)
	return s
}

// file is a further file of a script.
type file struct{ name, text string }

// task makes a task of a script that lies under its name in the task's folder.
func task(t *testing.T, script string, order load.Order, beside ...file) *enginetest.Task {
	t.Helper()
	order.Scenario.Engine, order.Scenario.Script = locust.Name, "test.py"
	if len(beside) > 0 {
		order.Scenario.Script = "test.zip"
	}
	order.Scenario.Name = "locust"
	if len(order.Scenario.Regions) == 0 {
		order.Scenario.Regions = []load.RegionLoad{{Name: "local", Tasks: max(1, order.Count)}}
	}
	order.Scenario = load.WithDefaults(order.Scenario)
	if order.Profile.Points == nil {
		order.Profile = load.Profile{Points: []load.Point{{}}, Endless: true}
	}
	order.Model = load.Closed
	k := enginetest.NewTask(t, locust.New(), order)
	k.Job.Output = t.Output()
	content := []byte(script)
	if len(beside) > 0 {
		content = zipped(t, append(beside, file{"test.py", script}))
	}
	if err := os.WriteFile(engine.FilePath(k.Job.Dir, order.Scenario.Script), content, 0o600); err != nil {
		t.Fatal(err)
	}
	return k
}

// prepared is an engine whose Prepare was called.
type prepared struct{ *locust.Engine }

// Prepare implements engine.Engine.
func (prepared) Prepare(context.Context, engine.Job) error { return nil }

// prepare prepares tasks before their start is known: how long Python takes is
// no part of any run.
func prepare(t *testing.T, tasks ...*enginetest.Task) {
	t.Helper()
	for _, k := range tasks {
		e := k.Engine.(*locust.Engine)
		if err := e.Prepare(t.Context(), k.Job); err != nil {
			t.Fatalf("Prepare: %v", err)
		}
		k.Engine = prepared{e}
	}
}

// start starts a task in a moment.
func start(t *testing.T, k *enginetest.Task) {
	t.Helper()
	prepare(t, k)
	k.Start(time.Now().Add(50 * time.Millisecond))
}

func env(s *target) map[string]string { return map[string]string{"LOCUST_HOST": s.URL} }

// counted makes a fixed number of requests with every user and ends.
const counted = `
import time
from locust import FastHttpUser, HttpUser, User, task, events, constant
from locust.exception import StopUser

class Fast(FastHttpUser):
    fixed_count = 2
    @task
    def go(self):
        for _ in range(5):
            self.client.get("/page", name="page")
        with self.client.get("/page", name="judged", catch_response=True) as r:
            r.failure("too plain")
        self.client.get("/missing")
        raise StopUser()

class Slow(HttpUser):
    fixed_count = 1
    @task
    def go(self):
        for _ in range(5):
            self.client.get("/page", name="page")
        self.client.get("/missing")
        self.client.get("/cut")
        self.client.get("http://127.0.0.1:1/", name="refused")
        self.environment.events.request.fire(
            request_type="grpc", name="Shop/Buy", response_time=12.5, response_length=7,
            exception=None, context={}, response=None)
        self.environment.events.request.fire(
            request_type="grpc", name="Shop/Wait", response_time=None, response_length=0, exception=None, context={})
        print("the script speaks")
        open("left.txt", "w").write("done")
        raise StopUser()

class Broken(User):
    fixed_count = 1
    wait_time = constant(0.1)
    n = 0
    @task
    def go(self):
        self.n += 1
        if self.n > 3:
            raise StopUser()
        raise ValueError("no luck")
`

func TestEverySampleIsCounted(t *testing.T) {
	t.Parallel()
	server := newTarget(t)
	k := task(t, counted, load.Order{Scenario: load.Scenario{
		Env: env(server), Load: load.Load{TotalUsers: 4, Duration: load.Duration(3 * time.Second)},
	}, Profile: enginetest.Hold(4, 3*time.Second)})
	start(t, k)
	got := k.Wait()
	// Two Fast users with 7 each, one Slow with 10.
	if got.Requests != 24 || server.hits.Load() != 21 {
		t.Errorf("got %d requests, the target saw %d, want 24 and 21", got.Requests, server.hits.Load())
	}
	if n, ok := k.Engine.(engine.Teller).Counted(); !ok || n != 24 {
		t.Errorf("Locust itself counted %d (%v), want 24", n, ok)
	}
	for label, want := range map[string]int64{
		"GET page": 15, "GET judged": 2, "GET /missing": 3, "GET /cut": 1, "GET refused": 1, "grpc Shop/Buy": 1, "grpc Shop/Wait": 1,
	} {
		if got.Labels[label] != want {
			t.Errorf("label %s has %d, want %d", label, got.Labels[label], want)
		}
	}
	for cause, want := range map[load.Cause]int64{
		load.CauseCheck: 2, load.CauseStatus: 3, load.CauseClosed: 1, load.CauseRefused: 1,
	} {
		if got.Causes[cause] != want {
			t.Errorf("cause %s has %d, want %d: %v", cause, got.Causes[cause], want, got.Causes)
		}
	}
	if got.Statuses[200] != 17 || got.Statuses[404] != 3 {
		t.Errorf("statuses are %v", got.Statuses)
	}
	if n := got.Latency.Count(); n != 23 {
		t.Errorf("%d latencies, want one for each request but that without a time", n)
	}
	if got.BytesIn < 20_000 {
		t.Errorf("received %d bytes, want those of 20 bodies of 1000", got.BytesIn)
	}
	metrics := metricsOf(t, got)
	if m := metrics["exceptions in tasks"]; m == nil || m.Sum != 3 {
		t.Errorf("exceptions in tasks: got %+v, want 3", m)
	}
	if m := metrics["error: CatchResponseError: too plain"]; m == nil || m.Sum != 2 {
		t.Errorf("the message of a failure: got %+v, metrics %v", m, metrics)
	}
	names := artifacts(k)
	if !strings.Contains(names, "locust.log") || !strings.Contains(names, "files/left.txt") || strings.Contains(names, ".pyc") {
		t.Errorf("artifacts are %q, want locust.log and files/left.txt", names)
	}
}

func artifacts(k *enginetest.Task) string {
	var names []string
	for _, a := range k.Engine.(engine.Leaver).Artifacts() {
		names = append(names, a.Name)
	}
	return strings.Join(names, " ")
}

// metricsOf merges the metrics of a task's windows.
func metricsOf(t *testing.T, got enginetest.Total) map[string]*load.Metric {
	t.Helper()
	metrics := map[string]*load.Metric{}
	for _, w := range got.Windows {
		for i := range w.Metrics {
			m := &w.Metrics[i]
			if metrics[m.Name] == nil {
				metrics[m.Name] = &load.Metric{Name: m.Name, Kind: m.Kind}
			}
			if err := metrics[m.Name].Merge(m); err != nil {
				t.Fatal(err)
			}
		}
	}
	return metrics
}

func waitFor(t *testing.T, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !is(); {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// processes lists those whose working folder is below dir.
func processes(t *testing.T, dir string) []string {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, link := range links {
		if at, err := os.Readlink(link); err == nil && strings.HasPrefix(at, dir) {
			left = append(left, link)
		}
	}
	return left
}
