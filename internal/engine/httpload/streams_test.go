package httpload

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"onrush.dev/onrush/internal/engine/enginetest"
	"onrush.dev/onrush/internal/load"
)

// host is a server of HTTP/2 or HTTP/3 that knows its connections.
type host struct {
	addr     string
	handler  http.HandlerFunc
	conns    atomic.Int64
	resumed  atomic.Int64
	requests atomic.Int64
	busy     atomic.Int64
	most     atomic.Int64 // requests at once
}

func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.requests.Add(1)
	n := h.busy.Add(1)
	for old := h.most.Load(); n > old && !h.most.CompareAndSwap(old, n); old = h.most.Load() {
	}
	defer h.busy.Add(-1)
	if h.handler != nil {
		h.handler(w, r)
	}
}

// newHost serves a version of HTTP over TLS.
func newHost(t *testing.T, version string, pair tls.Certificate, handler http.HandlerFunc) *host {
	t.Helper()
	h := &host{handler: handler}
	served := make(chan struct{})
	config := &tls.Config{Certificates: []tls.Certificate{pair}}
	config.VerifyConnection = func(s tls.ConnectionState) error {
		if s.DidResume {
			h.resumed.Add(1)
		}
		return nil
	}
	if version == "3" {
		udp, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		h.addr = udp.LocalAddr().String()
		s := &http3.Server{Handler: h, TLSConfig: http3.ConfigureTLSConfig(config)}
		s.ConnContext = func(ctx context.Context, _ *quic.Conn) context.Context { h.conns.Add(1); return ctx }
		go func() { defer close(served); _ = s.Serve(udp) }()
		t.Cleanup(func() { _ = s.Close(); _ = udp.Close(); <-served })
		return h
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.addr = l.Addr().String()
	s := &http.Server{Handler: h, TLSConfig: config, Protocols: new(http.Protocols)}
	s.Protocols.SetHTTP1(version == "1.1")
	s.Protocols.SetHTTP2(version == "2")
	s.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			h.conns.Add(1)
		}
	}
	go func() { defer close(served); _ = s.ServeTLS(l, "", "") }()
	t.Cleanup(func() { _ = s.Close(); <-served })
	return h
}

// TestStreams: so many users share a connection as it has streams, each has one
// request at a time, and all have one at once.
func TestStreams(t *testing.T) {
	t.Parallel()
	pair, files := pemFiles(t)
	const users = 16
	for _, version := range []string{"2", "3"} {
		for streams, conns := range map[int]int64{1: users, 8: 2, 100: 1} {
			for _, model := range []load.Model{load.Closed, load.Open} {
				var all sync.WaitGroup
				all.Add(users)
				h := newHost(t, version, pair, func(_ http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/all" {
						all.Done()
						all.Wait() // for all to be under way
					}
				})
				order := load.Order{Model: model, Profile: enginetest.Endless(users), Iterations: users, Scenario: load.Scenario{
					Requests:   []load.Request{get("https://%s/all", h.addr), get("https://%s/more", h.addr)},
					Load:       load.Load{Arrival: load.ArrivalIteration},
					Connection: load.Connection{HTTP: version, Streams: streams, TLS: load.TLS{CA: "cert.pem"}},
				}}
				if model == load.Open {
					order.Profile = enginetest.Endless(2000)
				}
				e := New()
				e.loops = 1
				good(t, sendBy(t, e, order, files), 2*users)
				name := fmt.Sprintf("HTTP/%s with %d streams, %s", version, streams, model)
				if h.most.Load() < users {
					t.Errorf("%s: at most %d requests at once", name, h.most.Load())
				}
				if n := h.conns.Load(); n != conns {
					t.Errorf("%s: %d connections, want %d", name, n, conns)
				}
			}
		}
	}
}

// TestFewerStreamsThanAsked: the server allows two at once, and others wait or
// have connections of their own; nothing is lost.
func TestFewerStreamsThanAsked(t *testing.T) {
	t.Parallel()
	pair, files := pemFiles(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var busy, most, seen atomic.Int64
	s := &http.Server{
		HTTP2:     &http.HTTP2Config{MaxConcurrentStreams: 2},
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}},
		Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			seen.Add(1)
			if n := busy.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(5 * time.Millisecond)
			busy.Add(-1)
		}),
	}
	served := make(chan struct{})
	go func() { defer close(served); _ = s.ServeTLS(l, "", "") }()
	defer func() { _ = s.Close(); <-served }()
	for _, model := range []load.Model{load.Closed, load.Open} {
		order := load.Order{Model: model, Profile: enginetest.Endless(20), Requests: 400, Scenario: load.Scenario{
			Requests:   []load.Request{get("https://%s/", l.Addr())},
			Connection: load.Connection{HTTP: "2", Streams: 50, TLS: load.TLS{CA: "cert.pem"}},
		}}
		if model == load.Open {
			order.Profile = enginetest.Endless(2000)
		}
		got := send(t, order, files)
		// What was begun before the server had said how little it allows, it refuses.
		if got.Requests != 400 || got.Failures != got.Causes[load.CauseReset] || seen.Swap(0) != 400-got.Failures || most.Load() < 3 {
			t.Errorf("%s: %d requests, causes %v, at most %d at once", model, got.Requests, got.Causes, most.Load())
		}
		t.Logf("%s: %d refused", model, got.Failures)
	}
}

// TestResumedSessions: with tls.resume the server knows us again.
func TestResumedSessions(t *testing.T) {
	t.Parallel()
	pair, files := pemFiles(t)
	no := false
	for _, version := range []string{"1.1", "2", "3"} {
		for _, resume := range []bool{false, true} {
			for _, oldest := range []string{"1.2", "1.3"} {
				if version == "3" && oldest == "1.2" {
					continue
				}
				h := newHost(t, version, pair, nil)
				got := once(t, load.Scenario{
					Requests:   []load.Request{get("https://%s/1", h.addr), get("https://%s/2", h.addr), get("https://%s/3", h.addr)},
					Connection: load.Connection{HTTP: version, KeepAlive: &no, TLS: load.TLS{CA: "cert.pem", Resume: resume, MaxVersion: oldest}},
				}, files)
				good(t, got, 3)
				n, want := h.resumed.Load(), int64(0)
				if resume {
					want = 2
				}
				if n != want || h.conns.Load() != 3 {
					t.Errorf("HTTP/%s, TLS %s: %d of %d connections were resumed, want %d of 3", version, oldest, n, h.conns.Load(), want)
				}
			}
		}
	}
}

// TestLargeUploads of files that are streamed, and of bodies in memory.
func TestLargeUploads(t *testing.T) {
	t.Parallel()
	pair, files := pemFiles(t)
	body := make([]byte, 9<<20)
	for i := range body {
		body[i] = byte(i * 7 >> (i % 5))
	}
	files["large.bin"], files["middle.bin"] = body, body[:1<<20]
	for _, version := range []string{"1.1", "2", "3"} {
		var wrong atomic.Int64
		h := newHost(t, version, pair, func(w http.ResponseWriter, r *http.Request) {
			sum, n := sha256.New(), int64(0)
			for p := make([]byte, 100_000); ; {
				got, err := r.Body.Read(p)
				n += int64(got)
				_, _ = sum.Write(p[:got])
				if err != nil {
					break
				}
			}
			want := sha256.Sum256(body[:n])
			if [sha256.Size]byte(sum.Sum(nil)) != want || (n != 9<<20 && n != 1<<20) || r.ContentLength != n {
				wrong.Add(1)
				t.Errorf("HTTP/%s: a body of %d bytes is not the file", version, n)
			}
		})
		got := send(t, load.Order{Model: load.Closed, Profile: enginetest.Endless(6), Iterations: 12, Scenario: load.Scenario{
			Requests: []load.Request{
				{Method: "PUT", URL: "https://" + h.addr + "/", BodyFile: "large.bin"},
				{Method: "PUT", URL: "https://" + h.addr + "/", BodyFile: "middle.bin"},
			},
			Connection: load.Connection{HTTP: version, Streams: map[string]int{"1.1": 1, "2": 3, "3": 3}[version], TLS: load.TLS{CA: "cert.pem"}},
		}}, files)
		good(t, got, 24)
		if least := int64(12 * 10 << 20); got.BytesOut < least || got.BytesOut > least+least/10 {
			t.Errorf("HTTP/%s: counted %d bytes out, the bodies have %d", version, got.BytesOut, least)
		}
	}
}

// TestHTTP3Fails for what keeps it from working, in both models.
func TestHTTP3Fails(t *testing.T) {
	t.Parallel()
	pair, files := pemFiles(t)
	h := newHost(t, "3", pair, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/clear":
			http.Redirect(w, r, "http://127.0.0.1:9/", http.StatusFound)
		case "/aborts":
			_, _ = w.Write(make([]byte, 10_000))
			panic(http.ErrAbortHandler)
		case "/hangs":
			<-r.Context().Done()
		}
	})
	gone, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := gone.LocalAddr().String()
	_ = gone.Close()
	for name, c := range map[string]struct {
		url   string
		cause load.Cause
		tls   load.TLS
	}{
		"Clear":   {h.addr + "/clear", load.CauseRedirect, load.TLS{CA: "cert.pem"}},
		"Aborts":  {h.addr + "/aborts", load.CauseReset, load.TLS{CA: "cert.pem"}},
		"Hangs":   {h.addr + "/hangs", load.CauseTimeout, load.TLS{CA: "cert.pem"}},
		"Unknown": {h.addr + "/", load.CauseTLS, load.TLS{}},
		"Nobody":  {nobody + "/", load.CauseRefused, load.TLS{CA: "cert.pem"}},
		"Silent":  {silent(t) + "/", load.CauseTimeout, load.TLS{CA: "cert.pem"}},
	} {
		for _, model := range []load.Model{load.Closed, load.Open} {
			t.Run(name+string(model), func(t *testing.T) {
				t.Parallel()
				q := get("https://%s", c.url)
				q.Timeout = load.Duration(20 * time.Second)
				if c.cause == load.CauseTimeout {
					q.Timeout = load.Duration(300 * time.Millisecond)
				}
				order := load.Order{Model: model, Profile: enginetest.Endless(3), Requests: 9, Scenario: load.Scenario{
					Requests: []load.Request{q}, Connection: load.Connection{HTTP: "3", TLS: c.tls},
				}}
				if model == load.Open {
					order.Profile = enginetest.Endless(100)
				}
				got := send(t, order, files)
				if got.Requests != 9 || got.Causes[c.cause] != 9 {
					t.Errorf("%d requests, causes %v; want 9 %s", got.Requests, got.Causes, c.cause)
				}
			})
		}
	}
}
