package locust

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/record"
	"onrush.dev/onrush/internal/tools"
)

// frame packs values as Python's struct does.
func frame(kind byte, values ...any) []byte {
	out := []byte{kind}
	for _, v := range values {
		switch v := v.(type) {
		case string:
			out = append(out, v...)
		default:
			buf := new(bytes.Buffer)
			_ = binary.Write(buf, binary.LittleEndian, v)
			out = append(out, buf.Bytes()...)
		}
	}
	return out
}

func named(kind, label string) []byte {
	return frame('N', uint16(len(kind)), uint16(len(label)), kind+label)
}

func failing(cause uint8, text string) []byte { return frame('X', cause, uint16(len(text)), text) }

// fed is a recorder with a sink whose run began at instant 1000.
func fed(t testing.TB) (*sink, *record.Recorder) {
	t.Helper()
	r := record.New(record.Options{Task: "t"})
	s := newSink(&engine.Job{Recorder: r, Log: slog.New(slog.DiscardHandler)})
	s.start.Store(1000 * int64(time.Second))
	return s, r
}

func feed(t testing.TB, s *sink, parts ...[]byte) error {
	t.Helper()
	return readStream(bufio.NewReader(bytes.NewReader(append([]byte(streamHeader), bytes.Join(parts, nil)...))), s)
}

func TestFramesBecomeSamples(t *testing.T) {
	t.Parallel()
	s, r := fed(t)
	said := `{"users": 5, "shape": ""}`
	err := feed(t, s,
		frame('R', uint32(len(said)), said),
		named("GET", "/a"), named("grpc", "Shop/Buy"), failing(10, "CatchResponseError: no"),
		frame('S', uint32(0), 1000.25, 12.5, int64(100), uint16(200), uint32(0)),
		frame('S', uint32(1), 1000.5, math.NaN(), int64(7), uint16(0), uint32(1)),
		frame('U', uint32(3)),
		frame('C'), named("GET", "/b"),
		frame('S', uint32(0), 999.0, 1.0, int64(-1), uint16(404), uint32(0)), // before the barrier: at its instant
		frame('T', int64(3), int64(1), int32(2), uint8(3)),
	)
	if err != nil {
		t.Fatal(err)
	}
	s.finish(time.Second / 2)
	w := r.Last()
	labels := map[string]*load.Entry{}
	for i := range w.Entries {
		labels[w.Entries[i].Label] = &w.Entries[i]
	}
	if a := labels["GET /a"]; a == nil || a.Requests != 1 || a.Latency.Max() != 12500 || a.BytesIn != 100 || a.Statuses[200] != 1 {
		t.Errorf("GET /a is %+v", a)
	}
	if b := labels["grpc Shop/Buy"]; b == nil || b.Causes[load.CauseCheck] != 1 || b.Latency.Count() != 0 {
		t.Errorf("grpc Shop/Buy is %+v", b)
	}
	if c := labels["GET /b"]; c == nil || c.BytesIn != 0 || c.Statuses[404] != 1 {
		t.Errorf("GET /b is %+v", c)
	}
	if s.users.Load() != 3 || *s.said.Users != 5 || s.totals == nil || s.totals.requests != 3 || !s.totals.said || s.totals.exit != 2 {
		t.Errorf("users %d, said %+v, totals %+v", s.users.Load(), s.said, s.totals)
	}
}

func TestFaultsOfAStream(t *testing.T) {
	t.Parallel()
	sampleOf := func(name, failure uint32) []byte {
		return frame('S', name, 1000.0, 1.0, int64(0), uint16(0), failure)
	}
	for name, test := range map[string]struct {
		parts [][]byte
		fault bool
	}{
		"nothing":         {},
		"cut off":         {parts: [][]byte{named("GET", "/a"), sampleOf(0, 0)[:9]}},
		"unknown frame":   {parts: [][]byte{{'?'}}, fault: true},
		"unknown name":    {parts: [][]byte{sampleOf(0, 0)}, fault: true},
		"unknown failure": {parts: [][]byte{named("GET", "/a"), sampleOf(0, 1)}, fault: true},
		"unknown cause":   {parts: [][]byte{failing(99, "x")}, fault: true},
		"much said":       {parts: [][]byte{frame('R', uint32(math.MaxUint32))}, fault: true},
		"no JSON":         {parts: [][]byte{frame('R', uint32(1), "{")}, fault: true},
	} {
		s, _ := fed(t)
		if err := feed(t, s, test.parts...); (err != nil) != test.fault {
			t.Errorf("%s: got %v, want a fault: %v", name, err, test.fault)
		}
	}
	s, _ := fed(t)
	if err := readStream(bufio.NewReader(strings.NewReader("onrush-locust 9\nabc")), s); err == nil {
		t.Error("another version of the stream is read")
	}
}

// TestSecretsStayOutOfFigures: a message or a name may hold one.
func TestSecretsStayOutOfFigures(t *testing.T) {
	t.Parallel()
	r := record.New(record.Options{Task: "t"})
	job := &engine.Job{Recorder: r, Log: slog.New(slog.DiscardHandler)}
	job.Order.Secrets = map[string]string{"TOKEN": "hunter22"}
	s := newSink(job)
	s.start.Store(1)
	err := feed(t, s, named("GET", "/a?token=hunter22"), failing(0, "no hunter22"), frame('S', uint32(0), 1000.5, 1.0, int64(0), uint16(0), uint32(1)))
	if err != nil {
		t.Fatal(err)
	}
	s.finish(time.Second)
	if text := fmt.Sprintf("%+v", r.Last()); strings.Contains(text, "hunter22") || !strings.Contains(text, "token=***") {
		t.Errorf("the window is %s", text)
	}
}

// FuzzStream: whatever the bytes, the reader ends, and what it counts is what
// the recorder has.
func FuzzStream(f *testing.F) {
	f.Add(bytes.Join([][]byte{named("GET", "/a"), failing(3, "no"), frame('S', uint32(0), 1000.5, 2.5, int64(1), uint16(200), uint32(1))}, nil))
	f.Add(frame('S', uint32(0), math.Inf(1), math.Inf(-1), int64(-5), uint16(65535), uint32(0)))
	f.Add(append(named("a", "b"), frame('S', uint32(0), math.NaN(), 1e300, int64(math.MaxInt64), uint16(1), uint32(0))...))
	f.Add(frame('T', int64(-1), int64(-1), int32(-1), uint8(255)))
	f.Add(frame('E', uint8(1), uint16(3), "abc"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, r := fed(t)
		_ = feed(t, s, data) // a fault is fine
		s.finish(time.Second)
		sum := int64(0)
		w := r.Last()
		for i := range w.Entries {
			sum += w.Entries[i].Requests
		}
		if sum != s.requests {
			t.Errorf("%d requests counted, %d in the window", s.requests, sum)
		}
	})
}

func BenchmarkStream(b *testing.B) {
	s, _ := fed(b)
	one := frame('S', uint32(0), 1000.25, 12.5, int64(100), uint16(200), uint32(0))
	data := append([]byte(streamHeader), named("GET", "/a")...)
	data = append(data, bytes.Repeat(one, 100_000)...)
	b.SetBytes(int64(len(one)) * 100_000)
	for b.Loop() {
		if err := readStream(bufio.NewReaderSize(bytes.NewReader(data), 1<<18), s); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*100_000/b.Elapsed().Seconds(), "samples/s")
}

// inPython runs a program of Python with our own files at hand.
func inPython(t *testing.T, program string) string {
	t.Helper()
	found, err := tools.Find(t.Context(), Name)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := writePlugin(dir); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), found.Path, "-c", "import sys; sys.path.insert(0, "+fmt.Sprintf("%q", filepath.ToSlash(dir))+")\n"+program)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

func TestOldLocusts(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{"2.9.1": false, "2.42.6": false, "2.43.0": true, "2.47.0": true, "3.0": true} {
		if err := supported(version); (err == nil) != want {
			t.Errorf("%s: got %v, want it taken: %v", version, err, want)
		}
	}
}

// TestStripesAgree: the share that Python works out is load.Share's.
func TestStripesAgree(t *testing.T) {
	t.Parallel()
	var shares []load.Share
	for _, groups := range [][]load.ShareGroup{
		{{Tasks: 1, Weight: 1}},
		{{Tasks: 7, Weight: 3}},
		{{Tasks: 2, Weight: 3}, {Tasks: 1, Weight: 1}},
		{{Tasks: 3, Weight: 5}, {Tasks: 2, Weight: 0}, {Tasks: 4, Weight: 1 << 48}},
		{{Tasks: 1, Weight: 7}, {Tasks: 1, Weight: 7}},
	} {
		for g, group := range groups {
			for i := range group.Tasks {
				shares = append(shares, load.Share{Groups: groups, Group: g, Index: i})
			}
		}
	}
	data, err := json.Marshal(shares)
	if err != nil {
		t.Fatal(err)
	}
	numbers := []int64{0, 1, 2, 3, 5, 8, 13, 100, 1001, 99_999, 12_345_678}
	text, err := json.Marshal(numbers)
	if err != nil {
		t.Fatal(err)
	}
	out := inPython(t, fmt.Sprintf("import json, onrush_share as o\nfor s in json.loads('%s'):\n  stripe = o.Stripe(s['groups'], s['group'], s['index'])\n  print(json.dumps([stripe.count(n) for n in json.loads('%s')]))\n", data, text))
	for i, line := range strings.Split(strings.TrimSpace(out), "\n") {
		var got []int64
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatal(err)
		}
		for j, n := range numbers {
			if want := shares[i].Count(n); got[j] != want {
				t.Errorf("%+v: of %d Python counts %d, want %d", shares[i], n, got[j], want)
			}
		}
	}
}

// TestCauses: what clients throw, in our words.
func TestCauses(t *testing.T) {
	t.Parallel()
	out := inPython(t, `
import locust, errno, socket, ssl, http.client
import requests, urllib3, gevent
from locust.exception import CatchResponseError
import onrush_cause as o
def from_(top, low):
    try:
        try:
            raise low
        except Exception as e:
            raise top from e
    except Exception as e:
        return e
for e in [
    CatchResponseError("x"), requests.HTTPError("404"), requests.ReadTimeout(), requests.ConnectTimeout(), requests.TooManyRedirects(),
    ConnectionRefusedError(errno.ECONNREFUSED, "x"), OSError(errno.ECONNRESET, "x"), OSError(errno.EHOSTUNREACH, "x"),
    socket.gaierror(-2, "x"), ssl.SSLError("x"), TimeoutError(), http.client.RemoteDisconnected("x"), http.client.BadStatusLine("x"),
    from_(requests.ConnectionError("x"), ConnectionResetError(errno.ECONNRESET, "x")), gevent.Timeout(), ValueError("x"), "a text",
    requests.ConnectionError(urllib3.exceptions.ProtocolError("x", http.client.RemoteDisconnected("y"))),
]:
    print("cause", o.cause_of(e))
`)
	want := []load.Cause{
		load.CauseCheck, load.CauseStatus, load.CauseTimeout, load.CauseTimeout, load.CauseRedirect,
		load.CauseRefused, load.CauseReset, load.CauseConnect,
		load.CauseDNS, load.CauseTLS, load.CauseTimeout, load.CauseClosed, load.CauseMalformed,
		load.CauseReset, load.CauseTimeout, load.CauseOther, load.CauseOther,
		load.CauseClosed,
	}
	i := 0
	for line := range strings.Lines(out) {
		var n int
		if _, err := fmt.Sscanf(line, "cause %d", &n); err != nil {
			continue // a warning of Python's
		}
		if causes()[n] != want[i] {
			t.Errorf("exception %d has cause %s, want %s", i, causes()[n], want[i])
		}
		i++
	}
	if i != len(want) {
		t.Errorf("got %d causes, want %d:\n%s", i, len(want), out)
	}
}
