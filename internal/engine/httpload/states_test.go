package httpload

import (
	"fmt"
	"net"
	"net/http"
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
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
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

// TestEveryStateEnds, by a stop, by the end of the drain, and by the request's
// own timeout: each request is counted once, under its cause, and all ends soon.
func TestEveryStateEnds(t *testing.T) {
	t.Parallel()
	for name, c := range states() {
		for _, model := range []load.Model{load.Closed, load.Open} {
			for _, how := range []string{"Stop", "Drain", "Timeout"} {
				t.Run(name+string(model)+how, func(t *testing.T) {
					t.Parallel()
					c.end(t, model, how)
				})
			}
		}
	}
}

func (c state) end(t *testing.T, model load.Model, how string) {
	order := load.Order{Model: model, Scenario: c.scenario(t), Profile: enginetest.Endless(6)}
	order.Scenario.Load.Arrival = load.ArrivalIteration
	if model == load.Open {
		order.Profile = enginetest.Endless(40)
	}
	want := load.CauseStopped
	switch how {
	case "Drain":
		order.Profile = enginetest.Hold(order.Profile.Points[0].Level, 150*time.Millisecond)
		order.Drain = load.Duration(100 * time.Millisecond)
	case "Timeout":
		order.Iterations, want = 6, load.CauseTimeout
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
	write(t, filepath.Join(k.Job.Dir, "large.bin"), make([]byte, 32<<20))
	began := time.Now()
	k.Start(began)
	if how == "Stop" {
		time.Sleep(150 * time.Millisecond)
		k.Stop()
	}
	got := k.Wait()
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("it took %s", took)
	}
	if got.Requests < 1 || got.Requests != got.Started {
		t.Errorf("%d requests begun, %d recorded", got.Started, got.Requests)
	}
	if c.sent {
		good(t, got, got.Requests)
		return
	}
	ended := got.Causes[want]
	if how == "Timeout" {
		ended += got.Causes[load.CauseDNS] + got.Requests - got.Failures
	}
	if ended != got.Requests || got.Causes[want] < 1 {
		t.Errorf("%d requests, causes %v; want %s", got.Requests, got.Causes, want)
	}
}
