package httpload

import (
	"bufio"
	"crypto/tls"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"onrush.dev/onrush/internal/engine/enginetest"
	"onrush.dev/onrush/internal/load"
)

// TestServersThatCloseAtOnce take a connection and end it: that is this request's
// failure, and no reason to open connections without end until one is better.
func TestServersThatCloseAtOnce(t *testing.T) {
	t.Parallel()
	pair, files := pemFiles(t)
	refuses := func(_ *fault, c net.Conn, in *bufio.Reader) {
		if tc, ok := c.(*tls.Conn); ok {
			_ = tc.Handshake()
		}
		say(c, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		finish(c, in)
	}
	for name, c := range map[string]struct {
		scheme, version string
		does            behaviour
		status          int
	}{
		"Closes":        {"http", "1.1", func(*fault, net.Conn, *bufio.Reader) {}, 0},
		"HalfCloses":    {"http", "1.1", closes, 0},
		"HalfClosesH2":  {"http", "2", closes, 0},
		"Resets":        {"http", "1.1", func(_ *fault, c net.Conn, _ *bufio.Reader) { _ = c.(*net.TCPConn).SetLinger(0) }, 0},
		"HandshakeOnly": {"https", "1.1", func(_ *fault, c net.Conn, _ *bufio.Reader) { _ = c.(*tls.Conn).Handshake() }, 0},
		"Refuses":       {"http", "1.1", refuses, 503},
		"RefusesSecure": {"https", "1.1", refuses, 503},
	} {
		for _, model := range []load.Model{load.Closed, load.Open} {
			t.Run(name+string(model), func(t *testing.T) {
				t.Parallel()
				var opened atomic.Int64
				var config *tls.Config
				if c.scheme == "https" {
					config = &tls.Config{Certificates: []tls.Certificate{pair}}
				}
				f := newFaultTLS(t, config, func(f *fault, nc net.Conn, in *bufio.Reader) {
					opened.Add(1)
					c.does(f, nc, in)
				})
				order := load.Order{
					Model: model, Profile: enginetest.Endless(2), Requests: 20,
					Scenario: load.Scenario{
						Requests:   []load.Request{{URL: f.url(c.scheme), Timeout: load.Duration(20 * time.Second)}},
						Connection: load.Connection{HTTP: c.version, TLS: load.TLS{CA: "cert.pem"}},
					},
				}
				if model == load.Open {
					order.Profile, order.Requests = enginetest.Hold(200, 100*time.Millisecond), 0
				}
				got := send(t, order, files)
				ended := got.Causes[load.CauseClosed] + got.Causes[load.CauseReset] + got.Causes[load.CauseTLS] + got.Causes[load.CauseMalformed]
				if got.Requests != 20 || got.Statuses[503]+ended != 20 {
					t.Errorf("%d requests, statuses %v, causes %v; want 20 that ended", got.Requests, got.Statuses, got.Causes)
				}
				if c.status != 0 && got.Statuses[c.status] != 20 {
					t.Errorf("got statuses %v, causes %v; want 20 of %d", got.Statuses, got.Causes, c.status)
				}
				if n := opened.Load(); n > 20 {
					t.Errorf("%d connections were opened for 20 requests", n)
				}
			})
		}
	}
}

// TestUsersThatLeaveTakeNoConnectionOfOthers: they share some, and the number of
// users goes up and down all the time.
func TestUsersThatLeaveTakeNoConnectionOfOthers(t *testing.T) {
	t.Parallel()
	pair, files := pemFiles(t)
	for _, keep := range []string{"keep-alive", "close"} {
		s := newServer(t, &tls.Config{Certificates: []tls.Certificate{pair}}, func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(2 * time.Millisecond)
			w.Header().Set("Connection", keep) // close: HTTP/2 says GOAWAY
		})
		var points []load.Point
		for i := range 60 {
			points = append(points, load.Point{At: load.Duration(i) * load.Duration(25*time.Millisecond), Level: float64(16 * (i % 2))})
		}
		began := time.Now()
		got := send(t, load.Order{
			Model: load.Closed, Profile: load.Profile{Points: points}, Drain: load.Duration(20 * time.Second),
			Scenario: load.Scenario{
				Requests:   []load.Request{{URL: "https://" + s.addr + "/", Timeout: load.Duration(15 * time.Second)}},
				Connection: load.Connection{HTTP: "2", Streams: 8, TLS: load.TLS{CA: "cert.pem"}},
			},
		}, files)
		closed := got.Causes[load.CauseClosed] // sent while the server's GOAWAY was on its way: never taken
		if got.Requests < 100 || got.Failures != closed || got.Requests != got.Started || (keep != "close" && closed > 0) {
			t.Errorf("%s: %d requests (%d begun), failures %v", keep, got.Requests, got.Started, got.Causes)
		}
		if n := int64(len(s.requests())); n != got.Requests-closed {
			t.Errorf("%s: the server has seen %d requests, %d were reported, %d of them not taken", keep, n, got.Requests, closed)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%s: it took %s: somebody waited for a connection that nobody opened", keep, took)
		}
	}
}

// TestALeavingUserLeavesAttemptsAlone: one user has ended and leaves while the
// other, of the same pool, waits for a connection that takes long.
func TestALeavingUserLeavesAttemptsAlone(t *testing.T) {
	t.Parallel()
	pair, files := pemFiles(t)
	var conns atomic.Int64
	f := newFaultTLS(t, &tls.Config{Certificates: []tls.Certificate{pair}}, func(f *fault, c net.Conn, in *bufio.Reader) {
		second := conns.Add(1) > 1
		if second {
			time.Sleep(500 * time.Millisecond) // before the handshake
		}
		if f.request(in) != nil {
			if !second {
				time.Sleep(150 * time.Millisecond)
			}
			say(c, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nyes")
		}
	})
	e := New()
	e.loops = 1
	got := sendBy(t, e, load.Order{
		Model: load.Closed, Profile: enginetest.Hold(2, 100*time.Millisecond), Drain: load.Duration(20 * time.Second),
		Scenario: load.Scenario{
			Requests:   []load.Request{{URL: f.url("https"), Timeout: load.Duration(5 * time.Second)}},
			Connection: load.Connection{Streams: 2, TLS: load.TLS{CA: "cert.pem"}},
		},
	}, files)
	good(t, got, 2)
}

// TestSharingWithAServerOfOneAtATime: users are to share connections, and the
// server speaks only HTTP/1.1.
func TestSharingWithAServerOfOneAtATime(t *testing.T) {
	t.Parallel()
	pair, files := pemFiles(t)
	var busy, most atomic.Int64
	f := newFaultTLS(t, &tls.Config{Certificates: []tls.Certificate{pair}}, func(f *fault, c net.Conn, in *bufio.Reader) {
		for f.request(in) != nil {
			n := busy.Add(1)
			for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
			}
			time.Sleep(20 * time.Millisecond)
			busy.Add(-1)
			if !say(c, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes") {
				return
			}
		}
	})
	got := send(t, load.Order{
		Model: load.Closed, Profile: enginetest.Endless(8), Requests: 80,
		Scenario: load.Scenario{
			Requests:   []load.Request{{URL: f.url("https")}},
			Connection: load.Connection{Streams: 100, TLS: load.TLS{CA: "cert.pem"}},
		},
	}, files)
	good(t, got, 80)
	if most.Load() != 8 {
		t.Errorf("at most %d of 8 users were busy at once", most.Load())
	}
}

// TestAQueueThatIsFull: a Unix socket refuses connections while its queue is full,
// where TCP tries again.
func TestAQueueThatIsFull(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 1); err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	defer served.Wait()
	defer unix.Close(fd)
	k := enginetest.NewTask(t, New(), load.Order{
		Model: load.Closed, Profile: enginetest.Endless(20), Requests: 20,
		Scenario: load.Scenario{Requests: []load.Request{get("http://any.test/")}, Connection: load.Connection{UnixSocket: path}},
	})
	k.Start(soon())
	time.Sleep(50 * time.Millisecond)
	for range 20 {
		c, _, err := unix.Accept(fd)
		if err != nil {
			t.Fatal(err)
		}
		served.Go(func() { answerOnce(c) })
	}
	good(t, k.Wait(), 20)
}

// answerOnce answers one request on a socket.
func answerOnce(fd int) {
	defer unix.Close(fd)
	buf := make([]byte, 4096)
	if n, err := unix.Read(fd, buf); err == nil && n > 0 {
		_, _ = unix.Write(fd, []byte("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes"))
		for n > 0 && err == nil {
			n, err = unix.Read(fd, buf)
		}
	}
}

// TestConnectIsPartOfTheWait: no request says that it took longer to connect, or
// to have its first byte, than the whole request.
func TestConnectIsPartOfTheWait(t *testing.T) {
	t.Parallel()
	pair, files := pemFiles(t)
	s := newServer(t, &tls.Config{Certificates: []tls.Certificate{pair}}, nil)
	for _, version := range []string{"1.1", "2"} {
		for _, streams := range []int{1, 8} {
			if version == "1.1" && streams > 1 {
				continue
			}
			w, e := new(witness), New()
			e.observe = w.observe
			k := enginetest.NewTask(t, e, load.Order{
				Model: load.Open, Profile: enginetest.Hold(1000, 500*time.Millisecond),
				Scenario: load.Scenario{
					Requests:   []load.Request{get("https://%s/", s.addr)},
					Connection: load.Connection{HTTP: version, Streams: streams, TLS: load.TLS{CA: "cert.pem"}},
				},
			})
			write(t, filepath.Join(k.Job.Dir, "cert.pem"), files["cert.pem"])
			k.Start(soon())
			good(t, k.Wait(), 500)
			for _, r := range w.samples {
				parts := max(0, r.DNS) + max(0, r.TCP) + max(0, r.TLS)
				if parts > max(0, r.Connect) || r.Connect > r.FirstByte || r.FirstByte+r.Body > r.Service+time.Microsecond || r.Service > r.Latency {
					t.Errorf("HTTP/%s with %d streams: the parts of %+v do not fit", version, streams, r)
				}
				if r.BytesIn <= 0 || r.BytesOut <= 0 {
					t.Errorf("HTTP/%s with %d streams: %d bytes in and %d out", version, streams, r.BytesIn, r.BytesOut)
				}
			}
		}
	}
}
