package jmeter_test

import (
	"archive/zip"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/engine/enginetest"
	"onrush.dev/onrush/internal/engine/jmeter"
	"onrush.dev/onrush/internal/load"
)

// target counts what reaches it, by path and query.
type target struct {
	*httptest.Server
	mu    sync.Mutex
	hits  map[string]int
	first time.Time
}

func newTarget(t *testing.T) *target {
	t.Helper()
	s := &target{hits: map[string]int{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		if s.first.IsZero() {
			s.first = time.Now()
		}
		s.hits[r.URL.RequestURI()]++
		s.mu.Unlock()
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/there", http.StatusFound)
		case "/there":
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<html><body><img src='/a.png'></body></html>"))
		case "/missing":
			w.WriteHeader(http.StatusNotFound)
		case "/slow":
			select {
			case <-time.After(20 * time.Second):
			case <-r.Context().Done():
			}
		default:
			_, _ = w.Write([]byte(strings.Repeat("x", 1000)))
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *target) count(uri string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hits[uri]
}

func (s *target) properties() map[string]string {
	host, port, _ := net.SplitHostPort(strings.TrimPrefix(s.URL, "http://"))
	return map[string]string{"host": host, "port": port}
}

// task makes a task of files, the plan first, that lie in a zip.
func task(t *testing.T, order load.Order, files map[string]string) *enginetest.Task {
	t.Helper()
	order.Scenario.Engine, order.Scenario.Script, order.Scenario.Name = jmeter.Name, "plan.zip", "jmeter"
	order.Scenario = load.WithDefaults(order.Scenario)
	order.Profile = load.Profile{Points: []load.Point{{}}, Endless: true}
	order.Model = load.Closed
	k := enginetest.NewTask(t, jmeter.New(), order)
	k.Job.Output = t.Output()
	out, err := os.Create(engine.FilePath(k.Job.Dir, "plan.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	z := zip.NewWriter(out)
	for name, text := range files {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return k
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// The whole way: two tasks with shares of the users, data split between them,
// redirects and embedded resources, both kinds of transactions, failures.
func TestTwoTasksMakeThePlansLoadOnce(t *testing.T) {
	t.Parallel()
	server := newTarget(t)
	people := "who\nann\nbob\ncid\ndan\n"
	var tasks []*enginetest.Task
	groups := []load.ShareGroup{{Tasks: 2, Weight: 1}}
	for i := range 2 {
		k := task(t, load.Order{
			Scenario: load.Scenario{
				Properties: server.properties(),
				Data:       []load.Data{{File: "people.csv", Sharing: load.DataSplit}},
			},
			Share: load.Share{Groups: groups, Index: i}, Index: i, Count: 2,
			Secrets: map[string]string{"TOKEN": "hush-hush"},
		}, map[string]string{"plan.jmx": read(t, "shop.jmx")})
		if err := os.WriteFile(engine.FilePath(k.Job.Dir, "people.csv"), []byte(people), 0o600); err != nil {
			t.Fatal(err)
		}
		tasks = append(tasks, k)
	}
	prepareTogether(t, tasks)
	if n := len(server.hits); n != 0 {
		t.Fatalf("%d requests reached the target before the start: %v", n, server.hits)
	}
	start := time.Now().Add(300 * time.Millisecond)
	for _, k := range tasks {
		k.Begin(start)
	}
	totals := []enginetest.Total{tasks[0].Wait(), tasks[1].Wait()}
	if d := server.first.Sub(start); d < -5*time.Millisecond {
		t.Errorf("the first request came %s before the start", -d)
	} else {
		t.Logf("the first request came %s after the start", d)
	}
	var windows []*load.Window
	for i, k := range tasks {
		if n, ok := k.Engine.(engine.Teller).Counted(); !ok || n != totals[i].Requests {
			t.Errorf("task %d: JMeter itself counted %d (%v), we %d", i, n, ok, totals[i].Requests)
		}
		windows = append(windows, totals[i].Windows...)
	}
	got := enginetest.Sum(windows)
	// Five users, four rounds each; a setUp group in each task.
	want := map[string]int64{"page": 20, "pay-1": 20, "refused": 20, "warm": 2}
	for label, n := range want {
		if got.Labels[label] != n {
			t.Errorf("label %s has %d requests, want %d; all: %v", label, got.Labels[label], n, got.Labels)
		}
	}
	if got.Requests != 62 || got.Causes[load.CauseCheck] != 20 || got.Causes[load.CauseStatus] != 20 || got.Causes[load.CauseRefused] != 20 {
		t.Errorf("got %d requests, causes %v; want 62, and 20 each of check, status, refused", got.Requests, got.Causes)
	}
	if n := server.count("/there"); n != 20 {
		t.Errorf("the target saw %d pages, want 20", n)
	}
	for _, who := range []string{"ann", "bob", "cid", "dan"} {
		if server.count("/moved?who="+who) == 0 {
			t.Errorf("%s of the data was never used: %v", who, server.hits)
		}
	}
	checkTransactions(t, windows)
	checkLeft(t, tasks[0])
}

func prepareTogether(t *testing.T, tasks []*enginetest.Task) {
	t.Helper()
	var all sync.WaitGroup
	for _, k := range tasks {
		all.Go(func() {
			if err := k.Engine.Prepare(t.Context(), k.Job); err != nil {
				t.Errorf("Prepare: %v", err)
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

func checkTransactions(t *testing.T, windows []*load.Window) {
	t.Helper()
	n := map[string]int64{}
	for _, w := range windows {
		for _, m := range w.Metrics {
			n[m.Name] += m.N
		}
	}
	for _, name := range []string{"buy (transaction)", "pay (transaction)"} {
		if n[name] != 20 {
			t.Errorf("metric %s has %d values, want 20: %v", name, n[name], n)
		}
	}
	found := false
	for name := range n {
		found = found || strings.HasPrefix(name, "failed: page: ") && strings.Contains(name, "no such text")
	}
	if !found {
		t.Errorf("no sample of the assertion's message in %v", n)
	}
}

func checkLeft(t *testing.T, k *enginetest.Task) {
	t.Helper()
	var names []string
	for _, a := range k.Engine.(engine.Leaver).Artifacts() {
		names = append(names, a.Name)
		data, err := os.ReadFile(a.Path)
		if err != nil {
			t.Error(err)
		}
		if strings.Contains(string(data), "hush-hush") {
			t.Errorf("%s shows the secret", a.Name)
		}
	}
	for _, want := range []string{"jmeter.log", "samples.jtl", "files/left.csv"} {
		if !strings.Contains(strings.Join(names, " "), want) {
			t.Errorf("artifacts are %v, want %s among them", names, want)
		}
	}
}
