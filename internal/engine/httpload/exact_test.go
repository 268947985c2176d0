package httpload

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/engine/enginetest"
	"onrush.dev/onrush/internal/load"
)

// startTasks starts a scenario in tasks of equal weight side by side. The file
// ca.pem is in each task's folder.
func startTasks(t *testing.T, tasks int, order load.Order, ca []byte) []*enginetest.Task {
	t.Helper()
	groups := []load.ShareGroup{{Tasks: tasks, Weight: 1}}
	start := time.Now().Add(50 * time.Millisecond)
	running := make([]*enginetest.Task, tasks)
	for i := range running {
		order.Task = fmt.Sprintf("local-%d", i+1)
		order.Index, order.Count = i, tasks
		order.Share = load.Share{Groups: groups, Index: i}
		running[i] = enginetest.NewTask(t, New(), order)
		write(t, filepath.Join(running[i].Job.Dir, "ca.pem"), ca)
		running[i].Start(start)
	}
	return running
}

// sum waits for tasks and adds their figures up.
func sum(tasks []*enginetest.Task) enginetest.Total {
	var windows []*load.Window
	for _, k := range tasks {
		windows = append(windows, k.Wait().Windows...)
	}
	return enginetest.Sum(windows)
}

func runTasks(t *testing.T, tasks int, order load.Order, ca []byte) enginetest.Total {
	t.Helper()
	return sum(startTasks(t, tasks, order, ca))
}

// exactCase is one way to send requests.
type exactCase struct {
	model        load.Model
	keep, secure bool
	version      string
}

func exactCases() []exactCase {
	var out []exactCase
	for _, model := range []load.Model{load.Closed, load.Open} {
		for _, keep := range []bool{true, false} {
			for _, secure := range []bool{false, true} {
				for _, version := range []string{"1.1", "2"} {
					out = append(out, exactCase{model, keep, secure, version})
				}
			}
		}
	}
	return out
}

func (c exactCase) String() string {
	return fmt.Sprintf("%s,keep=%v,tls=%v,http=%s", c.model, c.keep, c.secure, c.version)
}

func (c exactCase) order(n *nginx) load.Order {
	base := map[string]string{"1.1": n.plain, "2": n.h2c}[c.version]
	if c.secure {
		base = map[string]string{"1.1": n.secure, "2": n.secureH2}[c.version]
	}
	tag := "?case=" + c.String() + ";"
	order := load.Order{Model: c.model, Scenario: load.Scenario{
		Name: "exact",
		Requests: []load.Request{
			{Label: "hello", URL: base + "/" + tag},
			{Label: "post", Method: "POST", URL: base + "/missing" + tag, Body: "a=1", Expect: load.Expect{Status: []load.StatusPattern{{Min: 404, Max: 405}}}},
			{Label: "moved", URL: base + "/moved" + tag},
		},
		Connection: load.Connection{HTTP: c.version, KeepAlive: &c.keep, TLS: load.TLS{CA: "ca.pem"}},
	}}
	if c.model == load.Open {
		order.Profile = enginetest.Hold(150, 900*time.Millisecond)
		return order
	}
	order.Profile = enginetest.Hold(12, 900*time.Millisecond)
	order.Scenario.ThinkTime = load.Span{Max: load.Duration(100 * time.Millisecond)}
	return order
}

// TestReportedIsWhatNginxSaw is the promise of the engine: as many requests
// reported as the target has logged, whatever the model, the version of HTTP
// and the use of connections, with four tasks side by side.
func TestReportedIsWhatNginxSaw(t *testing.T) {
	t.Parallel()
	n := startNginx(t)
	running := map[exactCase][]*enginetest.Task{}
	for _, c := range exactCases() {
		running[c] = startTasks(t, 4, c.order(n), n.ca)
	}
	totals := map[exactCase]enginetest.Total{}
	for c, tasks := range running {
		totals[c] = sum(tasks)
	}
	lines := n.lines()
	for c, got := range totals {
		t.Run(c.String(), func(t *testing.T) {
			var own []string
			for _, line := range lines {
				if strings.Contains(line, c.String()+";") {
					own = append(own, line)
				}
			}
			c.check(t, got, own)
		})
	}
}

func (c exactCase) check(t *testing.T, got enginetest.Total, lines []string) {
	if int64(len(lines)) != got.Requests+got.Redirects {
		t.Errorf("reported %d requests and %d redirects, nginx has logged %d", got.Requests, got.Redirects, len(lines))
	}
	if got.Failures != 0 || got.Requests < 12 || got.Requests != got.Started {
		t.Errorf("%d requests (%d begun), failures %v", got.Requests, got.Started, got.Causes)
	}
	protocol, connections := map[string]string{"1.1": "HTTP/1.1 ", "2": "HTTP/2.0 "}[c.version], map[string]bool{}
	for _, line := range lines {
		if !strings.HasPrefix(line, protocol) {
			t.Fatalf("nginx has logged %q, want %s", line, protocol)
		}
		connections[line[strings.LastIndexByte(line, ' '):]] = true
	}
	if !c.keep && len(connections) != len(lines) {
		t.Errorf("%d requests used %d connections, want one for each", len(lines), len(connections))
	}
	if c.keep && c.model == load.Closed && len(connections) > 12 {
		t.Errorf("12 users used %d connections for %d requests", len(connections), len(lines))
	}
	if opened := got.Connect.Count(); int64(len(connections)) < opened {
		t.Errorf("nginx saw %d connections, %d requests report to have opened one", len(connections), opened)
	}
}

// TestReportedAtFullSpeed sends as fast as it can, past the thousand requests
// after which nginx closes a connection of its own accord.
func TestReportedAtFullSpeed(t *testing.T) {
	t.Parallel()
	n := startNginx(t)
	got := runTasks(t, 4, load.Order{
		Model: load.Closed, Profile: enginetest.Endless(4), Requests: 1500,
		Scenario: load.Scenario{Requests: []load.Request{{URL: n.plain + "/"}}},
	}, n.ca)
	lines := n.lines()
	if got.Requests != 6000 || len(lines) != 6000 {
		t.Errorf("reported %d requests, nginx has logged %d, want 6000", got.Requests, len(lines))
	}
	var in, out int64
	for _, line := range lines {
		f := strings.Fields(line)
		out += number(t, f[4])
		in += number(t, f[5])
	}
	if got.BytesIn != in || got.BytesOut != out {
		t.Errorf("reported %d bytes in and %d out, nginx has sent %d and read %d", got.BytesIn, got.BytesOut, in, out)
	}
	if got.Failures != 0 {
		t.Errorf("got failures %v", got.Causes)
	}
}

func number(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestIdleConnectionsThatClosed has a server that closes after every answer
// without saying so: the next request must not be sent into the closed connection.
func TestIdleConnectionsThatClosed(t *testing.T) {
	t.Parallel()
	f := newFault(t, closesIdle)
	got := runTasks(t, 1, load.Order{
		Model: load.Closed, Profile: enginetest.Endless(3), Requests: 30,
		Scenario: load.Scenario{
			Requests:  []load.Request{{URL: f.url("http")}},
			ThinkTime: load.Span{Min: load.Duration(20 * time.Millisecond), Max: load.Duration(20 * time.Millisecond)},
		},
	}, nil)
	if got.Requests != 30 || f.requests.Load() != 30 {
		t.Errorf("reported %d requests, the server has seen %d, want 30", got.Requests, f.requests.Load())
	}
	if got.Failures != 0 {
		t.Errorf("got failures %v: a connection known to be closed was used", got.Causes)
	}
}

// TestUnansweredRequestsCountOnce has a server that takes every second request
// of a connection and closes without an answer. Libraries send such a request
// again on a new connection; here each one is a failure of its own.
func TestUnansweredRequestsCountOnce(t *testing.T) {
	t.Parallel()
	f := newFault(t, closesOnSecond)
	got := runTasks(t, 2, load.Order{
		Model: load.Closed, Profile: enginetest.Endless(4), Requests: 20,
		Scenario: load.Scenario{Requests: []load.Request{{URL: f.url("http")}}},
	}, nil)
	if got.Requests != 40 || f.requests.Load() != 40 {
		t.Errorf("reported %d requests, the server has seen %d, want 40", got.Requests, f.requests.Load())
	}
	if n := got.Causes[load.CauseClosed] + got.Causes[load.CauseReset]; n != got.Failures || n < 16 {
		t.Errorf("got failures %v, want about every second request closed", got.Causes)
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	quick := newFault(t, answers)
	stuck := newFault(t, stalls)
	one := func(f *fault) func(*testing.T) load.Scenario {
		return func(*testing.T) load.Scenario {
			return load.Scenario{Name: "one", Requests: []load.Request{{Label: "a", URL: f.url("http")}, {Label: "b", URL: f.url("http")}}}
		}
	}
	enginetest.Run(t, enginetest.Subject{
		New:   func() engine.Engine { return New() },
		Quick: one(quick),
		Stuck: one(stuck),
		Refused: map[string]load.Scenario{
			"NoRequests":      {},
			"BadURL":          {Requests: []load.Request{{URL: "ftp://127.0.0.1/"}}},
			"UnknownVariable": {Requests: []load.Request{{URL: "http://127.0.0.1/${nobody}"}}},
			"MissingBodyFile": {Requests: []load.Request{{URL: "http://127.0.0.1/", BodyFile: "gone.bin"}}},
			"MissingData":     {Data: []load.Data{{File: "gone.csv"}}, Requests: []load.Request{{URL: "http://127.0.0.1/"}}},
			"MissingCA": {
				Requests:   []load.Request{{URL: "http://127.0.0.1/"}},
				Connection: load.Connection{TLS: load.TLS{CA: "gone.pem"}},
			},
		},
	})
}

// TestLargeBodiesAreSeenWhileTheyCome: the bytes of a slow download are in the
// seconds in which they came, and all of them together are what came.
func TestLargeBodiesAreSeenWhileTheyCome(t *testing.T) {
	t.Parallel()
	piece := make([]byte, 256<<10)
	s := newServer(t, nil, func(w http.ResponseWriter, r *http.Request) {
		for range 6 {
			_, _ = w.Write(piece)
			_ = http.NewResponseController(w).Flush()
			select {
			case <-time.After(450 * time.Millisecond):
			case <-r.Context().Done():
			}
		}
	})
	got := send(t, load.Order{
		Model: load.Closed, Profile: enginetest.Endless(1), Requests: 1,
		Scenario: load.Scenario{Requests: []load.Request{get("http://%s/", s.addr)}},
	}, nil)
	good(t, got, 1)
	size, seconds := int64(6*len(piece)), 0
	for _, w := range got.Windows {
		for _, e := range w.Entries {
			if e.BytesIn > 0 {
				seconds++
			}
		}
	}
	if seconds < 2 || got.BytesIn < size || got.BytesIn > size+size/100 {
		t.Errorf("%d bytes in %d seconds, want some more than %d in several", got.BytesIn, seconds, size)
	}
}
