package httpload

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine/enginetest"
	"onrush.dev/onrush/internal/load"
)

// soak is how long the chaos lasts; ONRUSH_SOAK says otherwise.
func soak(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("ONRUSH_SOAK")
	if text == "" {
		return 500 * time.Millisecond
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// chaos is a server that does something else each time.
type chaos struct {
	began atomic.Int64 // requests of which at least the first line came
	whole atomic.Int64 // answers that were given in full
}

// does is a behaviour: a request is read, or not, and answered, or not.
func (x *chaos) does(f *fault, c net.Conn, in *bufio.Reader) {
	for {
		switch rand.IntN(40) {
		case 0: // ends before a request
			return
		case 1:
			resetOf(c)
			return
		case 2:
			time.Sleep(time.Duration(rand.IntN(30)) * time.Millisecond)
		}
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		x.began.Add(1)
		if !x.answer(f, c, in, r) {
			return
		}
	}
}

// answer says whether the connection goes on.
func (x *chaos) answer(f *fault, c net.Conn, in *bufio.Reader, r *http.Request) bool {
	const good = "HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n"
	body := strings.Repeat("x", 60_000)
	switch rand.IntN(24) {
	case 0: // in the middle of the upload
		resetOf(c)
		return false
	case 1:
		say(c, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n") // early
		return false
	case 2:
		_, _ = io.CopyN(io.Discard, r.Body, 1000)
		return false
	}
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return false
	}
	switch rand.IntN(24) {
	case 0:
		resetOf(c)
		return false
	case 1:
		say(c, good[:rand.IntN(len(good))])
		return false
	case 2:
		say(c, good+body[:rand.IntN(len(body))])
		resetOf(c)
		return false
	case 3:
		say(c, "\x00garbage\r\n\r\n")
		return false
	case 4:
		x.whole.Add(1)
		say(c, "HTTP/1.0 200 OK\r\n\r\n"+body)
		return false
	case 5:
		x.whole.Add(1)
		say(c, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nyes")
		finish(c, in)
		return false
	case 6: // says more than it was asked for
		return say(c, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyesHTTP/1.1 200 OK\r\n\r\n")
	case 7: // never
		select {
		case <-f.quit:
		case <-time.After(time.Duration(rand.IntN(700)) * time.Millisecond):
		}
		return false
	case 8: // in pieces
		for piece := range strings.SplitSeq(good+body[:100], "\r") {
			say(c, piece)
			time.Sleep(time.Millisecond)
		}
		return false
	case 9:
		return say(c, "HTTP/1.1 302 Found\r\nLocation: /"+fmt.Sprint(rand.IntN(3))+"\r\nContent-Length: 0\r\n\r\n")
	case 10:
		time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
		return say(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nyes\r\n0\r\n\r\n")
	}
	return say(c, good+body)
}

func resetOf(c net.Conn) {
	if tc, ok := c.(*tls.Conn); ok {
		c = tc.NetConn()
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

// TestChaos has every way to send meet a server that does everything wrong: what
// was begun is recorded, once each, and nothing hangs or is left behind.
func TestChaos(t *testing.T) {
	t.Parallel()
	pair, files := pemFiles(t)
	files["large.bin"] = make([]byte, 512<<10)
	for _, model := range []load.Model{load.Closed, load.Open} {
		for _, secure := range []bool{false, true} {
			for _, loops := range []int{1, 3} {
				t.Run(fmt.Sprintf("%s,tls=%v,loops=%d", model, secure, loops), func(t *testing.T) {
					t.Parallel()
					wreak(t, model, secure, loops, pair, files)
				})
			}
		}
	}
}

func wreak(t *testing.T, model load.Model, secure bool, loops int, pair tls.Certificate, files map[string][]byte) {
	x := new(chaos)
	scheme, config := "http", (*tls.Config)(nil)
	if secure {
		scheme, config = "https", &tls.Config{Certificates: []tls.Certificate{pair}}
	}
	f := newFaultTLS(t, config, x.does)
	url := f.url(scheme)
	order := load.Order{
		Model: model, Profile: enginetest.Hold(20, soak(t)), Drain: load.Duration(500 * time.Millisecond),
		Scenario: load.Scenario{
			Requests: []load.Request{
				{Label: "get", URL: url, Timeout: load.Duration(200 * time.Millisecond)},
				{Label: "look", URL: url, Timeout: load.Duration(300 * time.Millisecond), Expect: load.Expect{BodyContains: "x"}},
				{Label: "small", Method: "POST", URL: url, Body: "small", Timeout: load.Duration(time.Second)},
				{Label: "large", Method: "PUT", URL: url, BodyFile: "large.bin", Timeout: load.Duration(time.Second)},
			},
			Load:       load.Load{Arrival: load.ArrivalIteration, MaxConnections: 200},
			ThinkTime:  load.Span{Max: load.Duration(4 * time.Millisecond)},
			Connection: load.Connection{TLS: load.TLS{CA: "cert.pem"}, ConnectTimeout: load.Duration(2 * time.Second)},
		},
	}
	if model == load.Open {
		order.Profile = enginetest.Hold(40, soak(t))
	}
	e, seen := New(), new(witness)
	e.loops, e.observe = loops, seen.observe
	got := sendBy(t, e, order, files)
	if got.Requests != got.Started || got.Requests != int64(len(seen.samples)) || got.Requests == 0 {
		t.Errorf("%d requests begun, %d recorded, %d samples", got.Started, got.Requests, len(seen.samples))
	}
	statuses, unanswered := int64(0), int64(0)
	for _, r := range seen.samples {
		if r.Status > 0 {
			statuses += 1 + int64(r.Redirects)
		}
		if r.Cause == "" && r.Status == 0 {
			unanswered++
		}
		if r.BytesIn < 0 || r.BytesOut < 0 || r.Latency < 0 || r.Connect > r.Latency || r.FirstByte > r.Latency {
			t.Errorf("a sample is not right: %+v", r)
		}
	}
	if began := x.began.Load(); unanswered > 0 || statuses > began || got.Requests+got.Redirects < began {
		t.Errorf("%d requests and %d redirects, the server has seen %d begin, %d answers are reported, %d good ones without a status",
			got.Requests, got.Redirects, began, statuses, unanswered)
	}
	if good := got.Requests - got.Failures; good == 0 {
		t.Errorf("none of %d were good: %v", got.Requests, got.Causes)
	}
	t.Logf("%d requests, causes %v, statuses %v", got.Requests, got.Causes, got.Statuses)
}
