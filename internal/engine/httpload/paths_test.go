package httpload

import (
	"crypto/tls"
	"fmt"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine/enginetest"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/record"
)

// way is one of the paths by which requests are carried.
type way struct {
	version string
	secure  bool
	proxy   string // kind; "": none
	keep    bool
	streams int
	loops   int
	model   load.Model
	filled  bool // the requests are templates, filled in for each
	looking bool // each has a check that has its body read
}

func (w way) String() string {
	return fmt.Sprintf("http=%s tls=%v proxy=%s keep=%v streams=%d loops=%d %s filled=%v looking=%v",
		w.version, w.secure, w.proxy, w.keep, w.streams, w.loops, w.model, w.filled, w.looking)
}

// ways are all that differ from a plain one by one thing, for each protocol, and
// some that differ by many.
func ways() []way {
	var out []way
	for _, protocol := range []struct {
		version string
		secure  bool
	}{{"1.1", false}, {"1.1", true}, {"2", false}, {"2", true}, {"auto", false}, {"auto", true}, {"3", true}} {
		base := way{version: protocol.version, secure: protocol.secure, keep: true, streams: 1, loops: 1, model: load.Closed}
		one := func(change func(*way)) {
			w := base
			change(&w)
			out = append(out, w)
		}
		one(func(*way) {})
		one(func(w *way) { w.keep = false })
		one(func(w *way) { w.loops = 3 })
		one(func(w *way) { w.model = load.Open })
		one(func(w *way) { w.filled = true })
		one(func(w *way) { w.looking = true })
		one(func(w *way) { w.filled, w.looking, w.keep, w.loops, w.model = true, true, false, 3, load.Open })
		if protocol.version != "1.1" {
			one(func(w *way) { w.streams = 8 })
			one(func(w *way) { w.streams, w.model, w.filled = 8, load.Open, true })
		}
		if protocol.version == "1.1" {
			for _, kind := range []string{"http", "https", "socks5"} {
				one(func(w *way) { w.proxy = kind })
				one(func(w *way) { w.proxy, w.filled, w.model, w.keep = kind, true, load.Open, false })
			}
		}
	}
	return out
}

// times is how often a way sends each request.
const times = 3

// pathScenario is a table of requests, one label for each. Base is the begin of
// URLs; with templates the same text comes from elsewhere.
func pathScenario(w way, base string) load.Scenario {
	one, token := "one", "tok-17"
	if w.filled {
		one, token = "${d.v}", "${token}"
	}
	headers := map[string]string{"X-Mixed-CASE": one, "Accept": "*/*", "User-Agent": "proof/1"}
	is := func(status int) load.Expect {
		return load.Expect{Status: []load.StatusPattern{{Min: status, Max: status}}}
	}
	zero, two := 0, 2
	requests := []load.Request{
		{Label: "json", URL: base + "/json", Extract: map[string]load.Extract{"token": {JSON: "$.token"}}},
		{Label: "query", URL: base + "/query?a=" + one + "&b=%20x&c=ä ö&d"},
		{Label: "headers", URL: base + "/headers", Headers: headers},
		{Label: "post", Method: "POST", URL: base + "/post", Body: "a=" + one, Headers: map[string]string{"Content-Type": "text/plain"}},
		{Label: "empty", Method: "PUT", URL: base + "/empty", Headers: map[string]string{"X-A": one}},
		{Label: "delete", Method: "DELETE", URL: base + "/delete", Body: one},
		{Label: "long", Method: "POST", URL: base + "/long", Body: strings.Repeat(one+"12345", 20_000)},
		{Label: "head", Method: "HEAD", URL: base + "/large", Headers: map[string]string{"X-A": one}},
		{Label: "small file", Method: "PUT", URL: base + "/small", BodyFile: "small.bin", Headers: map[string]string{"X-A": one}},
		{Label: "large file", Method: "PUT", URL: base + "/file", BodyFile: "large.bin", Headers: map[string]string{"X-A": one}},
		{Label: "large", URL: base + "/large?v=" + one},
		{Label: "chunked", URL: base + "/chunked?v=" + one},
		{Label: "none", URL: base + "/none?v=" + one},
		{Label: "missing", URL: base + "/missing?v=" + one},
		{Label: "wanted", URL: base + "/missing?w=" + one, Expect: is(404)},
		{Label: "moved", URL: base + "/moved?v=" + one},
		{Label: "moved post", Method: "POST", URL: base + "/moved", Body: one},
		{Label: "kept post", Method: "POST", URL: base + "/kept", Body: "k" + one},
		{Label: "not followed", URL: base + "/moved?n=" + one, Redirects: &zero},
		{Label: "round", URL: base + "/round?v=" + one, Redirects: &two},
		{Label: "lost", URL: base + "/lost?v=" + one},
		{Label: "bearer", URL: base + "/bearer", Auth: &load.Auth{Bearer: token}},
		{Label: "basic", URL: base + "/moved", Auth: &load.Auth{Basic: &load.Basic{User: "ann", Password: "p" + one}}},
		{Label: "unexpected", URL: base + "/text?v=" + one, Expect: load.Expect{BodyContains: "no such text"}},
		{Label: "unmatched", URL: base + "/json?v=" + one, Expect: load.Expect{JSON: map[string]string{"$.items[1]": "7"}}},
		{Label: "no value", URL: base + "/text?x=" + one, Extract: map[string]load.Extract{"nothing": {Regex: "q+"}}},
		{Label: "needs it", URL: base + "/text?y=${nothing}"},
		{Label: "has header", URL: base + "/text?h=" + one, Expect: load.Expect{Headers: map[string]string{"x-token": "17", "X-Gone": ""}}},
	}
	if w.looking {
		for i := range requests {
			if e := &requests[i].Expect; e.BodyContains == "" {
				e.BodyMatches = "(?s)^.*$" // holds whatever the body is
			}
		}
	}
	s := load.Scenario{
		Name: "paths", Requests: requests, Data: []load.Data{{Name: "d", File: "d.csv"}},
		Connection: load.Connection{
			HTTP: w.version, KeepAlive: &w.keep, Streams: w.streams, TLS: load.TLS{CA: "cert.pem"},
		},
	}
	return s
}

// outcome is what was recorded of a label.
type outcome struct {
	count     int
	status    int
	cause     load.Cause
	redirects int
	in, out   int64
}

// TestPathsAgree sends the same requests by every way there is: the server must
// see the same, and the same must be recorded.
func TestPathsAgree(t *testing.T) {
	t.Parallel()
	pair, files := pemFiles(t)
	files["d.csv"] = []byte("v\none\n")
	files["small.bin"] = []byte("small")
	files["large.bin"] = slices.Repeat([]byte("0123456789abcdef"), 100_000)
	all := map[way]travelled{}
	for _, w := range ways() {
		all[w] = travel(t, w, newWire(t, pair), files)
	}
	first := way{version: "1.1", keep: true, streams: 1, loops: 1, model: load.Closed}
	for w, got := range all {
		t.Run(w.String(), func(t *testing.T) {
			got.compare(t, w, all[first])
		})
	}
}

// travelled is what came of one way.
type travelled struct {
	labels      map[string]outcome
	raw, what   map[string]int // what the server saw, and how often
	in, out     int64          // of all samples
	server, say int64          // what came over the server's sockets, and what it said
	conns       int64
	total       enginetest.Total
}

func travel(t *testing.T, w way, s *wire, files map[string][]byte) travelled {
	t.Helper()
	host := s.addr
	switch {
	case w.version == "3":
		host = s.by3(t)
	case w.version != "1.1":
		host = s.library(t, w.secure)
	}
	scheme := "http"
	if w.secure {
		scheme = "https"
	}
	order := load.Order{Model: w.model, Scenario: pathScenario(w, scheme+"://"+host), Iterations: times}
	if w.proxy != "" {
		order.Scenario.Connection.Proxy = w.proxy + "://" + s.addr
	}
	order.Profile = enginetest.Endless(times)
	if w.model == load.Open {
		order.Profile = enginetest.Endless(200)
		order.Scenario.Load.Arrival = load.ArrivalIteration
	}
	e, seen := New(), new(witness)
	e.loops, e.observe = w.loops, seen.observe
	k := enginetest.NewTask(t, e, order)
	for name, data := range files {
		write(t, filepath.Join(k.Job.Dir, name), data)
	}
	k.Start(soon())
	got := travelled{total: k.Wait(), labels: map[string]outcome{}, raw: map[string]int{}, what: map[string]int{}}
	names := map[int]string{}
	for _, q := range e.program.requests {
		names[k.Job.Recorder.Label(q.label, "")] = q.label
	}
	for i := range seen.samples {
		got.add(t, w, names, &seen.samples[i])
	}
	settled(s)
	got.server, got.say, got.conns = s.in.Load(), s.out.Load(), s.conns.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.came {
		raw := strings.ReplaceAll(a.raw, scheme+"://"+host, "")
		got.raw[strings.ReplaceAll(strings.ReplaceAll(raw, host, "HOST"), "Connection: close\r\n", "")]++
		got.what[strings.ReplaceAll(a.what, host, "HOST")]++
	}
	return got
}

// settled waits until the server has read all that was sent to it.
func settled(s *wire) {
	for last := int64(-1); last != s.in.Load()+s.out.Load(); time.Sleep(20 * time.Millisecond) {
		last = s.in.Load() + s.out.Load()
	}
}

func (g *travelled) add(t *testing.T, w way, names map[int]string, r *record.Sample) {
	t.Helper()
	g.in += r.BytesIn
	g.out += r.BytesOut
	label := names[r.Label]
	o := outcome{1, r.Status, r.Cause, r.Redirects, r.BytesIn, r.BytesOut}
	old, ok := g.labels[label]
	if ok && (old.status != o.status || old.cause != o.cause || old.redirects != o.redirects) {
		t.Errorf("%s: %s: %+v is not %+v", w, label, o, old)
	}
	o.count += old.count
	o.in, o.out = o.in+old.in, o.out+old.out
	g.labels[label] = o
}

func (g travelled) compare(t *testing.T, w way, base travelled) {
	plain := w.version == "1.1" && !w.secure && w.proxy == ""
	for label, want := range base.labels {
		o := g.labels[label]
		if !w.keep && plain {
			o.out -= int64(len("Connection: close\r\n")) * int64(o.count+o.redirects*o.count)
			if o.cause == load.CauseExtract && o.status == 0 {
				o.out = want.out // was not sent
			}
		}
		if !plain {
			o.in, o.out = want.in, want.out
		}
		if o != want || o.count != times {
			t.Errorf("%s: recorded %+v, want %+v", label, o, want)
		}
	}
	diff(t, "means", g.what, base.what)
	if w.version == "1.1" {
		diff(t, "is", g.raw, base.raw)
		g.bytes(t, w)
	}
}

// bytes compares what was counted with what the server's sockets carried. What
// TLS says at the end of a connection is behind the last request.
func (g travelled) bytes(t *testing.T, w way) {
	spare := int64(0)
	if w.secure || w.proxy == "https" {
		spare = 80 * g.conns
	}
	if left := g.server - g.out; left < 0 || left > spare {
		t.Errorf("counted %d bytes out, the server has read %d", g.out, g.server)
	}
	if left := g.say - g.in; left < 0 || left > spare {
		t.Errorf("counted %d bytes in, the server has written %d", g.in, g.say)
	}
	if total := g.total; total.BytesIn != g.in || total.BytesOut != g.out {
		t.Errorf("windows have %d bytes in and %d out, samples %d and %d", total.BytesIn, total.BytesOut, g.in, g.out)
	}
}

func diff(t *testing.T, what string, got, want map[string]int) {
	t.Helper()
	for _, text := range slices.Sorted(maps.Keys(want)) {
		if got[text] != want[text] {
			t.Errorf("%d times, and not %d, the server saw what %s\n%s", got[text], want[text], what, text)
		}
	}
	for text, n := range got {
		if want[text] == 0 {
			t.Errorf("%d times, and not 0, the server saw what %s\n%s", n, what, text)
		}
	}
}

// library serves by Go's own server, which speaks HTTP/2.
func (s *wire) library(t *testing.T, secure bool) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &http.Server{Handler: s, Protocols: new(http.Protocols), TLSConfig: &tls.Config{Certificates: []tls.Certificate{s.pair}}}
	h.Protocols.SetHTTP1(true)
	h.Protocols.SetHTTP2(true)
	h.Protocols.SetUnencryptedHTTP2(true)
	served := make(chan struct{})
	go func() {
		defer close(served)
		if secure {
			_ = h.ServeTLS(l, "", "")
			return
		}
		_ = h.Serve(l)
	}()
	t.Cleanup(func() { _ = h.Close(); <-served })
	return l.Addr().String()
}
