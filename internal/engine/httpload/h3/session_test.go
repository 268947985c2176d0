package h3

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quic-go/quic-go"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// sample is a server with a bit of everything.
func sample() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/body", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Seen", r.Header.Get("X-Test")+" "+r.Host)
		_, _ = w.Write(pattern(number(r, "n")))
	})
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Length", fmt.Sprint(r.ContentLength))
		_, _ = io.Copy(w, r.Body)
	})
	mux.HandleFunc("/status", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(number(r, "n")) })
	mux.HandleFunc("/early", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(413) })
	mux.HandleFunc("/hints", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(103)
		w.WriteHeader(200)
	})
	mux.HandleFunc("/trailers", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		_, _ = io.WriteString(w, "text")
		w.Header().Set("X-Sum", "1")
	})
	mux.HandleFunc("/abort", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write(pattern(10))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/hang", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	return mux
}

func TestResponses(t *testing.T) {
	t.Parallel()
	p, _ := serve(t, sample(), nil)
	l := newLoop(t)
	c := dial(t, l, p, nil)
	for _, test := range []struct {
		method, path string
		status       int
		size         int
		length       int64
	}{
		{"GET", "/body?n=0", 200, 0, 0},
		{"GET", "/body?n=1", 200, 1, 1},
		{"GET", "/body?n=1024", 200, 1024, 1024},
		{"GET", "/body?n=1000000", 200, 1000000, -1},
		{"HEAD", "/body?n=1024", 200, 0, 1024},
		{"GET", "/status?n=204", 204, 0, -1},
		{"GET", "/status?n=304", 304, 0, -1},
		{"GET", "/trailers", 200, 4, -1},
		{"GET", "/nowhere", 404, 19, 19},
	} {
		for _, skip := range []bool{false, true} {
			a := newAnswer()
			a.skip = skip
			m := &proto.Message{Method: test.method, Scheme: "https", Authority: "example.org", Path: test.path, Fields: []proto.Field{{Name: "X-Test", Value: "yes"}, {Name: "Connection", Value: "close"}}}
			start(l, c, m, a).wait(t)
			if a.err != nil || a.head.Status != test.status || a.size != int64(test.size) {
				t.Errorf("%s %s: status %d, %d bytes, %v; want %d, %d", test.method, test.path, a.head.Status, a.size, a.err, test.status, test.size)
			}
			if test.length >= 0 && a.head.Length != test.length {
				t.Errorf("%s %s: length %d; want %d", test.method, test.path, a.head.Length, test.length)
			}
			if !slices.Equal(a.order, []string{"first", "head", "end"}) {
				t.Errorf("%s %s: told of %v", test.method, test.path, a.order)
			}
			if a.traffic.In < a.size || a.traffic.Out < 10 {
				t.Errorf("%s %s: traffic %+v", test.method, test.path, a.traffic)
			}
			if test.path == "/body?n=1000000" && !skip && !bytes.Equal(a.body.Bytes(), pattern(1000000)) {
				t.Error("the body is not what was sent")
			}
			if strings.HasPrefix(test.path, "/body") && a.fields["x-seen"] != "yes example.org" {
				t.Errorf("the server saw %q", a.fields["x-seen"])
			}
		}
	}
	if w := c.Wire(); w.In < 2000000 || w.Out < 1000 {
		t.Errorf("by UDP came %d bytes and went %d", w.In, w.Out)
	}
}

func TestInterimResponses(t *testing.T) {
	t.Parallel()
	p, _ := serve(t, sample(), nil)
	l := newLoop(t)
	a := get(l, dial(t, l, p, nil), "/hints", newAnswer()).wait(t)
	if a.err != nil || a.head.Status != 200 || !slices.Equal(a.interims, []int{103}) {
		t.Errorf("status %d after %v, %v", a.head.Status, a.interims, a.err)
	}
}

func TestRequestBodies(t *testing.T) {
	t.Parallel()
	p, _ := serve(t, sample(), nil)
	l := newLoop(t)
	c := dial(t, l, p, nil)
	for _, n := range []int{0, 1, smallBody, smallBody + 1, 3 << 20} {
		for _, file := range []bool{false, true} {
			body := pattern(n)
			m := &proto.Message{Method: "POST", Scheme: "https", Authority: "localhost", Path: "/echo", Body: body}
			if file {
				m.Body, m.File = nil, &proto.File{Reader: bytes.NewReader(body), Size: int64(n)}
			}
			a := start(l, c, m, newAnswer()).wait(t)
			if a.err != nil || !bytes.Equal(a.body.Bytes(), body) || a.fields["x-length"] != fmt.Sprint(n) {
				t.Errorf("%d bytes, file %v: %d came back, content-length %s, %v", n, file, a.size, a.fields["x-length"], a.err)
			}
			if a.traffic.Out < int64(n) || a.traffic.Out > int64(n)+1000 {
				t.Errorf("%d bytes, file %v: traffic %+v", n, file, a.traffic)
			}
		}
	}
}

func TestEarlyResponse(t *testing.T) {
	t.Parallel()
	p, _ := serve(t, sample(), nil)
	l := newLoop(t)
	c := dial(t, l, p, nil)
	m := &proto.Message{Method: "PUT", Scheme: "https", Authority: "localhost", Path: "/early", File: &proto.File{Reader: endless{}, Size: 1 << 40}}
	if a := start(l, c, m, newAnswer()).wait(t); a.err != nil || a.head.Status != 413 {
		t.Errorf("status %d, %v", a.head.Status, a.err)
	}
	if a := get(l, c, "/body?n=5", newAnswer()).wait(t); a.err != nil || a.size != 5 {
		t.Errorf("the next exchange: %d bytes, %v", a.size, a.err)
	}
}

// endless is a file without an end.
type endless struct{}

func (endless) ReadAt(p []byte, _ int64) (int, error) { return len(p), nil }

func TestFileThatCannotBeRead(t *testing.T) {
	t.Parallel()
	p, _ := serve(t, sample(), nil)
	l := newLoop(t)
	c := dial(t, l, p, nil)
	m := &proto.Message{Method: "PUT", Scheme: "https", Authority: "localhost", Path: "/echo", File: &proto.File{Reader: strings.NewReader("short"), Size: 100}}
	start(l, c, m, newAnswer()).cause(t, load.CauseOther)
}

// TestManyStreams starts exchanges from within the end of others, as many at
// once as the session has room for.
func TestManyStreams(t *testing.T) {
	t.Parallel()
	p, _ := serve(t, sample(), &quic.Config{MaxIncomingStreams: 3})
	l := newLoop(t)
	var c *Conn
	const total = 300
	started, ended, most := 0, 0, 0
	done := make(chan struct{})
	var pump func()
	pump = func() {
		for started < total && c.Room() > 0 {
			started++
			a := newAnswer()
			a.onEnd = func() {
				if a.err != nil || a.size != 2000 {
					t.Errorf("%d bytes, %v", a.size, a.err)
				}
				if ended++; ended == total {
					close(done)
				}
				pump()
			}
			c.Start(&proto.Message{Method: "GET", Scheme: "https", Authority: "localhost", Path: "/body?n=2000"}, a)
			most = max(most, c.Busy())
		}
	}
	c = dial(t, l, p, func(o *DialOptions) { o.MaxStreams, o.Roomy = 20, func() { pump() } })
	l.post(pump)
	select {
	case <-done:
	case <-time.After(patience):
		l.do(func() { t.Fatalf("%d of %d ended, %d under way", ended, total, c.Busy()) })
	}
	l.do(func() {
		if most < 2 || most > 20 || c.Busy() != 0 {
			t.Errorf("%d exchanges at once, %d at the end", most, c.Busy())
		}
	})
}

func TestRoom(t *testing.T) {
	t.Parallel()
	p, _ := serve(t, sample(), nil)
	l := newLoop(t)
	c := dial(t, l, p, nil)
	l.do(func() {
		if c.Room() != 1 || c.Busy() != 0 {
			t.Errorf("room %d, busy %d", c.Room(), c.Busy())
		}
	})
	a := get(l, c, "/hang", newAnswer())
	l.do(func() {
		if c.Room() != 0 || c.Busy() != 1 {
			t.Errorf("with one under way: room %d, busy %d", c.Room(), c.Busy())
		}
		if traffic := c.Cancel(a); traffic.Out == 0 {
			t.Errorf("traffic %+v", traffic)
		}
		if c.Room() != 1 || c.Busy() != 0 {
			t.Errorf("after cancel: room %d, busy %d", c.Room(), c.Busy())
		}
		c.Farewell()
		if c.Room() >= 0 {
			t.Errorf("after farewell: room %d", c.Room())
		}
	})
	if len(a.order) > 0 {
		t.Errorf("told of %v after cancel", a.order)
	}
}

// TestCancelResetsTheStream looks from the server's side.
func TestCancelResetsTheStream(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	seen := make(chan struct{})
	p := raw(t, nil, func(c *quic.Conn) {
		s, err := c.AcceptStream(context.Background())
		if err != nil {
			return
		}
		close(seen)
		<-s.Context().Done()
		ended <- context.Cause(s.Context())
		<-c.Context().Done()
	})
	l := newLoop(t)
	c := dial(t, l, p, nil)
	a := get(l, c, "/", newAnswer())
	<-seen
	l.do(func() { c.Cancel(a) })
	want := &quic.StreamError{StreamID: 0, ErrorCode: quic.StreamErrorCode(errRequestCancelled), Remote: true}
	if err := <-ended; !want.Is(err) {
		t.Errorf("the server's stream ended with %v", err)
	}
}

func TestFarewellSaysNoError(t *testing.T) {
	t.Parallel()
	ended, seen := make(chan error, 1), make(chan struct{})
	p := raw(t, nil, func(c *quic.Conn) {
		_, _ = c.AcceptStream(context.Background())
		close(seen)
		<-c.Context().Done()
		ended <- context.Cause(c.Context())
	})
	l := newLoop(t)
	c := dial(t, l, p, nil)
	a := get(l, c, "/", newAnswer())
	<-seen
	l.do(c.Farewell)
	a.cause(t, load.CauseClosed)
	want := &quic.ApplicationError{Remote: true, ErrorCode: quic.ApplicationErrorCode(errNoError)}
	if err := <-ended; !want.Is(err) {
		t.Errorf("the server's connection ended with %v", err)
	}
}

// TestSlowLoopBoundsMemory stops the loop in the middle of a large body. The
// stream's window lets all of it come, so the worker must stop by itself.
func TestSlowLoopBoundsMemory(t *testing.T) {
	t.Parallel()
	const size = 8 << 20
	p, _ := serve(t, sample(), nil)
	l := newLoop(t)
	c := dial(t, l, p, nil)
	a := newAnswer()
	a.skip = true
	halted, halt := make(chan struct{}), make(chan struct{})
	a.onBody = func() {
		a.onBody = nil
		close(halted)
		<-halt
	}
	l.post(func() {
		c.Start(&proto.Message{Method: "GET", Scheme: "https", Authority: "localhost", Path: fmt.Sprint("/body?n=", size)}, a)
	})
	<-halted
	for c.Wire().In < size {
		time.Sleep(time.Millisecond)
	}
	c.mu.Lock()
	waiting := 0
	for _, e := range c.inbox {
		waiting += e.chunk.n
	}
	c.mu.Unlock()
	close(halt)
	if a.wait(t); a.err != nil || a.size != size {
		t.Errorf("%d bytes, %v", a.size, a.err)
	}
	if waiting == 0 || waiting > pending+largeChunk {
		t.Errorf("%d bytes waited for the loop", waiting)
	}
}

func TestReceiverGivesUp(t *testing.T) {
	t.Parallel()
	p, _ := serve(t, sample(), nil)
	l := newLoop(t)
	c := dial(t, l, p, nil)
	a := newAnswer()
	a.refuse = proto.Failf(load.CauseStatus, "not wanted")
	get(l, c, "/body?n=100000", a).cause(t, load.CauseStatus)
	if a := get(l, c, "/body?n=5", newAnswer()).wait(t); a.err != nil || a.size != 5 {
		t.Errorf("the next exchange: %d bytes, %v", a.size, a.err)
	}
}

func TestResumption(t *testing.T) {
	t.Parallel()
	p, _ := serve(t, sample(), nil)
	l := newLoop(t)
	for _, resume := range []bool{true, false} {
		p.tls.ClientSessionCache = nil
		if resume {
			p.tls.ClientSessionCache = tls.NewLRUClientSessionCache(4)
		}
		for i := range 2 {
			c := dial(t, l, p, nil)
			get(l, c, "/body?n=5", newAnswer()).wait(t) // the ticket comes before the answer
			if want := resume && i > 0; c.Resumed() != want {
				t.Errorf("resumption %v, connection %d: resumed %v", resume, i, c.Resumed())
			}
		}
	}
}

// TestSharedSockets has the connections of a group on few sockets.
func TestSharedSockets(t *testing.T) {
	t.Parallel()
	p, _ := serve(t, sample(), nil)
	l := newLoop(t)
	g := NewGroup(4)
	var all []*answer
	for range 10 {
		c := dial(t, l, p, func(o *DialOptions) { o.Group = g })
		for range 20 {
			a := get(l, c, "/body?n=3000", newAnswer())
			l.do(func() {})
			all = append(all, a.wait(t))
		}
	}
	for _, a := range all {
		if a.err != nil || a.size != 3000 {
			t.Errorf("%d bytes, %v", a.size, a.err)
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, list := range g.sockets {
		if len(list) != 3 {
			t.Errorf("%d sockets for ten connections, four on each", len(list))
		}
	}
}
