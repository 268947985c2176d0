package httpload

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"onrush.dev/onrush/internal/engine/enginetest"
	"onrush.dev/onrush/internal/load"
)

// silent is a UDP port at which nobody answers.
func silent(t *testing.T) string {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.LocalAddr().String()
}

// crowdedPort is a TCP port whose queue is full: connecting to it takes for ever.
func crowdedPort(t *testing.T) string {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := fmt.Sprintf("127.0.0.1:%d", name.(*unix.SockaddrInet4).Port)
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return addr
}

// state is where requests stand when the end comes.
type state struct {
	scenario func(t *testing.T) load.Scenario
	sent     bool // each has had its answer and thinks
}

func states() map[string]state {
	waits := func(f func(t *testing.T) load.Scenario) state { return state{scenario: f} }
	simple := func(url string) load.Scenario {
		return load.Scenario{Requests: []load.Request{{URL: url}, {URL: url}}}
	}
	return map[string]state{
		"Names": waits(func(t *testing.T) load.Scenario {
			s := simple("http://nobody.test/")
			s.Connection.Resolvers = []string{silent(t)}
			return s
		}),
		"Connecting": waits(func(t *testing.T) load.Scenario { return simple("http://" + crowdedPort(t) + "/") }),
		"TLS":        waits(func(t *testing.T) load.Scenario { return simple(newFault(t, deaf).url("https")) }),
		"QUIC": waits(func(t *testing.T) load.Scenario {
			s := simple("https://" + silent(t) + "/")
			s.Connection.HTTP = "3"
			return s
		}),
		"Proxy": waits(func(t *testing.T) load.Scenario {
			s := simple("https://far.test/")
			s.Connection.Proxy = "http://" + newFault(t, deaf).listener.Addr().String()
			return s
		}),
		"Response": waits(func(t *testing.T) load.Scenario { return simple(newFault(t, stalls).url("http")) }),
		"Body": waits(func(t *testing.T) load.Scenario {
			return simple(newFault(t, saysAndWaits(head+"Content-Length: 100000\r\n\r\nhalf")).url("http"))
		}),
		"Upload": waits(func(t *testing.T) load.Scenario {
			s := simple(newFault(t, deaf).url("http"))
			s.Requests[0].Method, s.Requests[0].BodyFile = "PUT", "large.bin"
			return s
		}),
		"UploadHTTP2": waits(func(t *testing.T) load.Scenario {
			s := simple("http://" + newServer(t, nil, func(http.ResponseWriter, *http.Request) {}).addr + "/")
			s.Requests[0].URL = newFault(t, deaf).url("http")
			s.Requests[0].Method, s.Requests[0].BodyFile, s.Connection.HTTP = "PUT", "large.bin", "2"
			return s
		}),
		"Stream": waits(func(t *testing.T) load.Scenario {
			hold := make(chan struct{})
			t.Cleanup(func() { close(hold) })
			s := simple("http://" + newServer(t, nil, func(http.ResponseWriter, *http.Request) { <-hold }).addr + "/")
			s.Connection.HTTP, s.Connection.Streams = "2", 2
			return s
		}),
		"Redirect": waits(func(t *testing.T) load.Scenario {
			to := newFault(t, stalls).url("http")
			return simple("http://" + newServer(t, nil, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }).addr + "/")
		}),
		"Thinking": {sent: true, scenario: func(t *testing.T) load.Scenario {
			s := simple("http://" + newServer(t, nil, nil).addr + "/")
			s.ThinkTime = load.Span{Min: load.Duration(time.Hour), Max: load.Duration(time.Hour)}
			return s
		}},
	}
}

// ending is one task in a state, and how it is to end.
type ending struct {
	model load.Model
	how   string
	task  *enginetest.Task
	began time.Time
}

// TestEveryStateEnds, by a stop, by the end of the drain, and by the request's
// own timeout: each request is counted once, under its cause, and all ends soon.
func TestEveryStateEnds(t *testing.T) {
	t.Parallel()
	for name, c := range states() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var all []ending
			for _, model := range []load.Model{load.Closed, load.Open} {
				for _, how := range []string{"Stop", "Drain", "Timeout"} {
					all = append(all, c.begin(t, model, how))
				}
			}
			time.Sleep(150 * time.Millisecond)
			for _, e := range all {
				if e.how == "Stop" {
					e.task.Stop()
				}
			}
			for _, e := range all {
				c.end(t, e)
			}
		})
	}
}

func (c state) begin(t *testing.T, model load.Model, how string) ending {
	order := load.Order{Model: model, Scenario: c.scenario(t), Profile: enginetest.Endless(6)}
	order.Scenario.Load.Arrival = load.ArrivalIteration
	if model == load.Open {
		order.Profile = enginetest.Endless(40)
	}
	switch how {
	case "Drain":
		order.Profile = enginetest.Hold(order.Profile.Points[0].Level, 150*time.Millisecond)
		order.Drain = load.Duration(100 * time.Millisecond)
	case "Timeout":
		order.Iterations = 6
		for i := range order.Scenario.Requests {
			order.Scenario.Requests[i].Timeout = load.Duration(150 * time.Millisecond)
		}
		if c.sent {
			order.Scenario.ThinkTime = load.Span{Max: 1}
		}
	}
	e := New()
	e.loops = 2
	k := enginetest.NewTask(t, e, order)
	large := filepath.Join(k.Job.Dir, "large.bin")
	write(t, large, nil)
	if err := os.Truncate(large, 32<<20); err != nil { // a hole: other tests look at the heap
		t.Fatal(err)
	}
	out := ending{model, how, k, time.Now()}
	k.Start(out.began)
	return out
}

func (c state) end(t *testing.T, e ending) {
	got := e.task.Wait()
	name := string(e.model) + e.how
	if took := time.Since(e.began); took > 8*time.Second {
		t.Errorf("%s: it took %s", name, took)
	}
	if got.Requests < 1 || got.Requests != got.Started {
		t.Errorf("%s: %d requests begun, %d recorded", name, got.Started, got.Requests)
	}
	want := load.CauseStopped
	if e.how == "Timeout" {
		want = load.CauseTimeout
	}
	ended := got.Causes[want]
	if e.how == "Timeout" { // the second request needs none of what the first one did
		ended += got.Causes[load.CauseDNS] + got.Requests - got.Failures
	}
	switch {
	case c.sent && got.Failures != got.Causes[load.CauseStopped]+got.Causes[load.CauseTimeout]:
		t.Errorf("%s: %d requests, causes %v", name, got.Requests, got.Causes)
	case !c.sent && (ended != got.Requests || got.Causes[want] < 1):
		t.Errorf("%s: %d requests, causes %v; want %s", name, got.Requests, got.Causes, want)
	}
}
