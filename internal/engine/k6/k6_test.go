package k6_test

import (
	"context"
	"fmt"
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
	"onrush.dev/onrush/internal/engine/k6"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/tools"
)

// TestMain wants the real k6.
func TestMain(m *testing.M) {
	if t, err := tools.Find(context.Background(), k6.Name); err != nil || t.Path == "" {
		fmt.Fprintf(os.Stderr, "these tests run k6: scripts/setup-engines installs it (%v)\n", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// target counts what reaches it; /slow takes its time, /missing is not there.
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
		case "/missing":
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = w.Write([]byte(strings.Repeat("x", 1000)))
	}))
	t.Cleanup(s.Close)
	return s
}

// task makes a task of a script that lies under its name in the task's folder.
func task(t *testing.T, script string, order load.Order) *enginetest.Task {
	t.Helper()
	order.Scenario.Engine, order.Scenario.Script = k6.Name, "test.js"
	order.Scenario.Name = "k6"
	order.Scenario = load.WithDefaults(order.Scenario)
	order.Profile = load.Profile{Points: []load.Point{{}}, Endless: true}
	order.Model = load.Closed
	k := enginetest.NewTask(t, k6.New(), order)
	k.Job.Output = t.Output()
	if err := os.WriteFile(engine.FilePath(k.Job.Dir, "test.js"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	return k
}

func soon() time.Time { return time.Now().Add(50 * time.Millisecond) }

const rich = `
import http from 'k6/http';
import { check, group } from 'k6';
import { Trend, Counter, Rate, Gauge } from 'k6/metrics';
const trend = new Trend('basket', true), count = new Counter('orders'), rate = new Rate('lucky'), gauge = new Gauge('depth');
export const options = {
  scenarios: { shop: { executor: 'shared-iterations', vus: 2, iterations: 20, maxDuration: '30s', exec: 'shop' } },
  thresholds: {
    http_req_duration: ['p(95)<5000'],
    'http_req_duration{name:page}': ['max<5000'],
    http_req_failed: ['rate<0.6'],
    checks: ['rate>0.4'],
    orders: ['count==40'],
  },
};
export function shop() {
  group('cart', () => {
    const r = http.get(__ENV.TARGET + '/page', { tags: { name: 'page' } });
    check(r, { 'is there': (r) => r.status === 200, 'is teapot': (r) => r.status === 418 });
  });
  http.get(__ENV.TARGET + '/missing');
  trend.add(12.5); count.add(2); rate.add(__ITER % 2 === 0); gauge.add(7);
}
`

func TestEverySampleIsCounted(t *testing.T) {
	t.Parallel()
	server := newTarget(t)
	k := task(t, rich, load.Order{Scenario: load.Scenario{Env: map[string]string{"TARGET": server.URL}}})
	k.Start(soon())
	got := k.Wait()
	if got.Requests != 40 || server.hits.Load() != 40 {
		t.Errorf("got %d requests, the target saw %d, want 40", got.Requests, server.hits.Load())
	}
	if got.Failures != 20 || got.Causes[load.CauseStatus] != 20 {
		t.Errorf("got failures %d, causes %v, want 20 of status", got.Failures, got.Causes)
	}
	if n, ok := k.Engine.(engine.Teller).Counted(); !ok || n != 40 {
		t.Errorf("k6 itself counted %d (%v), want 40", n, ok)
	}
	metrics, labels, in := summed(t, got)
	if labels["page"] != 20 || labels["GET "+server.URL+"/missing"] != 20 {
		t.Errorf("labels are %v", labels)
	}
	if in < 40_000 {
		t.Errorf("received %d bytes, want those of 40 bodies of 1000", in)
	}
	for name, want := range map[string]load.Metric{
		"cart / is there":              {Kind: load.MetricCheck, N: 20, Good: 20},
		"cart / is teapot":             {Kind: load.MetricCheck, N: 20, Good: 0},
		"orders":                       {Kind: load.MetricCounter, N: 20, Sum: 40},
		"lucky":                        {Kind: load.MetricRate, N: 20},
		"depth":                        {Kind: load.MetricGauge, N: 20, Sum: 140},
		"basket":                       {Kind: load.MetricTrend, N: 20, Sum: 250},
		"iterations":                   {Kind: load.MetricCounter, N: 20, Sum: 20},
		"http_req_duration":            {Kind: load.MetricTrend, N: 40},
		"http_req_duration{name:page}": {Kind: load.MetricTrend, N: 20},
		"http_req_failed":              {Kind: load.MetricRate, N: 40, Good: 20},
		"checks":                       {Kind: load.MetricRate, N: 40, Good: 20},
	} {
		m, ok := metrics[name]
		if !ok {
			t.Errorf("there is no metric %s", name)
			continue
		}
		if m.Kind != want.Kind || m.N != want.N || want.Sum != 0 && m.Sum != want.Sum || (want.Kind == load.MetricCheck && m.Good != want.Good) {
			t.Errorf("metric %s: got kind %s, n %d, good %d, sum %v; want %+v", name, m.Kind, m.N, m.Good, m.Sum, want)
		}
	}
}

// summed merges a task's windows.
func summed(t *testing.T, got enginetest.Total) (metrics map[string]*load.Metric, labels map[string]int64, in int64) {
	t.Helper()
	metrics, labels = map[string]*load.Metric{}, map[string]int64{}
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
		for _, e := range w.Entries {
			in += e.BytesIn
			if e.Label != "" {
				labels[e.Label] += e.Requests
			}
		}
	}
	return metrics, labels, in
}

func TestTasksMakeTheLoadOnce(t *testing.T) {
	t.Parallel()
	server := newTarget(t)
	groups := []load.ShareGroup{{Tasks: 2, Weight: 3}, {Tasks: 1, Weight: 1}}
	var tasks []*enginetest.Task
	for i, share := range []load.Share{{Groups: groups}, {Groups: groups, Index: 1}, {Groups: groups, Group: 1}} {
		tasks = append(tasks, task(t, rich, load.Order{
			Scenario: load.Scenario{Env: map[string]string{"TARGET": server.URL}}, Share: share, Index: i, Count: 3,
		}))
	}
	start := time.Now().Add(100 * time.Millisecond)
	sum := int64(0)
	for _, k := range tasks {
		k.Start(start)
	}
	for _, k := range tasks {
		sum += k.Wait().Requests
	}
	if sum != 40 {
		t.Errorf("three tasks made %d requests, want the script's 40", sum)
	}
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	const plain = "import http from 'k6/http';\nexport const options = { vus: 1, duration: '1s' };\nexport default function () { http.get('http://127.0.0.1:1/'); }\n"
	tests := map[string]struct {
		script   string
		scenario load.Scenario
		want     string // in the error
	}{
		"syntax error":         {"export default function () {", load.Scenario{}, "test.js: Line 1:29"},
		"missing module":       {"import './nowhere.js';\nexport default function () {}", load.Scenario{}, "nowhere.js"},
		"scenarios overridden": {rich, load.Scenario{Load: load.Load{Users: 5, Duration: load.Duration(time.Second)}}, "shop"},
		"rate":                 {plain, load.Scenario{Load: load.Load{Rate: 5, Duration: load.Duration(time.Second)}}, "arrival-rate"},
		"load by environment":  {plain, load.Scenario{Env: map[string]string{"K6_VUS": "9"}}, "K6_VUS"},
		"throws at the start":  {"throw new Error('no luck today');\nexport default function () {}", load.Scenario{}, "no luck today"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := task(t, test.script, load.Order{Scenario: test.scenario})
			err := k.Engine.Prepare(t.Context(), k.Job)
			if err == nil || load.ErrorCode(err) != load.Invalid || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an invalid error with %q", err, test.want)
			}
		})
	}
}

func TestOverrides(t *testing.T) {
	t.Parallel()
	server := newTarget(t)
	const script = "import http from 'k6/http';\nexport const options = { vus: 1, iterations: 3 };\nexport default function () { http.get(__ENV.TARGET); }\n"
	k := task(t, script, load.Order{Scenario: load.Scenario{
		Env: map[string]string{"TARGET": server.URL}, Load: load.Load{Users: 3, Iterations: 11},
	}})
	k.Start(soon())
	if got := k.Wait(); got.Requests != 11 {
		t.Errorf("got %d requests, want the scenario's 11 iterations", got.Requests)
	}
}

func TestStopNowLeavesNothing(t *testing.T) {
	t.Parallel()
	server := newTarget(t)
	const script = "import http from 'k6/http';\nexport const options = { vus: 4, duration: '1h' };\nexport default function () { http.get(__ENV.TARGET + '/slow'); }\nexport function handleSummary() { return { 'left.txt': 'done' }; }\n"
	k := task(t, script, load.Order{Scenario: load.Scenario{Env: map[string]string{"TARGET": server.URL}}})
	k.Start(soon())
	waitFor(t, func() bool { return server.hits.Load() == 4 })
	begin := time.Now()
	k.Stop()
	k.Wait()
	if took := time.Since(begin); took > 8*time.Second {
		t.Errorf("stop-now took %s", took)
	}
	if left := processes(t, k.Job.Dir); len(left) > 0 {
		t.Errorf("still running: %v", left)
	}
	var names []string
	for _, a := range k.Engine.(engine.Leaver).Artifacts() {
		names = append(names, a.Name)
	}
	if got := strings.Join(names, " "); !strings.Contains(got, "k6.log") || !strings.Contains(got, "files/left.txt") {
		t.Errorf("artifacts are %q, want k6.log and files/left.txt", got)
	}
}

func TestDrain(t *testing.T) {
	t.Parallel()
	server := newTarget(t)
	const script = "import http from 'k6/http';\nexport const options = { vus: 2, duration: '1h' };\nexport default function () { http.get(__ENV.TARGET); }\nexport function teardown() { http.get(__ENV.TARGET + '/bye'); }\n"
	k := task(t, script, load.Order{Scenario: load.Scenario{Env: map[string]string{"TARGET": server.URL}}})
	k.Start(soon())
	k.Change(500*time.Millisecond, load.ChangeDrain, 0)
	got := k.Wait()
	_, labels, _ := summed(t, got)
	if got.Requests == 0 || labels["GET "+server.URL+"/bye"] != 1 {
		t.Errorf("got %d requests, labels %v; want some, and teardown's", got.Requests, labels)
	}
}

func waitFor(t *testing.T, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !is(); {
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
