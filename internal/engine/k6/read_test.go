package k6

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/record"
)

// stream writes frames as k6's onrush output does.
type stream struct {
	bytes.Buffer
	last int64
}

func newStream() *stream {
	s := &stream{}
	s.WriteString(streamHeader)
	return s
}

func (s *stream) uint(n uint64) { s.Write(binary.AppendUvarint(nil, n)) }
func (s *stream) text(t string) { s.uint(uint64(len(t))); s.WriteString(t) }

func (s *stream) instant(ns int64) {
	s.Write(binary.AppendVarint(nil, ns-s.last))
	s.last = ns
}

func (s *stream) tags(id uint64, pairs ...string) {
	s.WriteByte('T')
	s.uint(id)
	s.uint(uint64(len(pairs) / 2))
	for _, p := range pairs {
		s.text(p)
	}
}

func (s *stream) metric(id uint64, name string, kind, contains byte) {
	s.WriteByte('M')
	s.uint(id)
	s.text(name)
	s.Write([]byte{kind, contains})
}

func (s *stream) request(tags uint64, end int64, duration time.Duration, failed byte) {
	s.WriteByte('R')
	s.uint(tags)
	s.instant(end)
	for _, d := range []time.Duration{duration, 0, 0, 0, duration / 10, duration / 2, duration / 4} {
		s.uint(uint64(d))
	}
	s.WriteByte(failed)
}

func (s *stream) sample(metric, tags uint64, at int64, v float64) {
	s.WriteByte('S')
	s.uint(metric)
	s.uint(tags)
	s.instant(at)
	s.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)))
}

func sinkFor(tb testing.TB, thresholds ...load.ScriptThreshold) (*sink, *record.Recorder) {
	tb.Helper()
	job := &engine.Job{Recorder: record.New(record.Options{Task: "local-1"}), Start: time.Unix(1000, 0)}
	s := newSink(job, thresholds)
	s.begin(job, nil)
	return s, job.Recorder
}

func at(after time.Duration) int64 { return time.Unix(1000, 0).Add(after).UnixNano() }

// sample is the same second of a run, as either output tells it.
func sampleStream() *stream {
	s := newStream()
	s.tags(0, "name", "http://x/a,b", "url", "http://x/a,b", "method", "GET", "status", "200", "scenario", "s")
	s.tags(1, "name", "down", "url", "down", "method", "GET", "status", "0", "error_code", "1212", "error", "dial: connection refused")
	s.metric(0, "data_received", 0, 2)
	s.metric(1, "checks", 3, 0)
	s.tags(2, "check", `says "yes"`, "group", "::a::b")
	s.request(0, at(10*time.Millisecond), 4*time.Millisecond, 0)
	s.request(1, at(20*time.Millisecond), 0, 1)
	s.request(0, at(1500*time.Millisecond), 8*time.Millisecond, 0)
	s.sample(0, 0, at(30*time.Millisecond), 1234)
	s.sample(1, 2, at(30*time.Millisecond), 1)
	s.WriteByte('E')
	return s
}

const sampleCSV = "metric_name,timestamp,metric_value,check,error,error_code,group,method,name,scenario,status,url,extra_tags,metadata\n" +
	"http_reqs,1000010000000,1.000000,,,,,GET,\"http://x/a,b\",s,200,\"http://x/a,b\",,\n" +
	"http_req_duration,1000010000000,4.000000,,,,,GET,\"http://x/a,b\",s,200,\"http://x/a,b\",,\n" +
	"http_req_sending,1000010000000,0.400000,,,,,GET,\"http://x/a,b\",s,200,\"http://x/a,b\",,\n" +
	"http_req_waiting,1000010000000,2.000000,,,,,GET,\"http://x/a,b\",s,200,\"http://x/a,b\",,\n" +
	"http_req_failed,1000010000000,0.000000,,,,,GET,\"http://x/a,b\",s,200,\"http://x/a,b\",,\n" +
	"http_reqs,1000020000000,1.000000,,dial: connection refused,1212,,GET,down,,0,down,,\n" +
	"http_req_duration,1000020000000,0.000000,,dial: connection refused,1212,,GET,down,,0,down,,\n" +
	"http_req_failed,1000020000000,1.000000,,dial: connection refused,1212,,GET,down,,0,down,,\n" +
	"http_reqs,1001500000000,1.000000,,,,,GET,\"http://x/a,b\",s,200,\"http://x/a,b\",,\n" +
	"http_req_duration,1001500000000,8.000000,,,,,GET,\"http://x/a,b\",s,200,\"http://x/a,b\",,\n" +
	"http_req_failed,1001500000000,0.000000,,,,,GET,\"http://x/a,b\",s,200,\"http://x/a,b\",,\n" +
	"data_received,1000030000000,1234.000000,,,,,,,,,,,\n" +
	"checks,1000030000000,1.000000,\"says \"\"yes\"\"\",,,::a::b,,,,,,,\n"

func TestBothOutputsSayTheSame(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(*sink) error{
		"stream": func(s *sink) error { return readStream(bufio.NewReader(sampleStream()), s) },
		"csv":    func(s *sink) error { return readCSV(bufio.NewReaderSize(strings.NewReader(sampleCSV), 64), s) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, recorder := sinkFor(t, load.ScriptThreshold{Metric: "http_req_duration{status:200}", Rule: "max<9"})
			if err := read(s); err != nil {
				t.Fatal(err)
			}
			s.finish()
			first, last := recorder.Cut(0), recorder.Last()
			if n := len(first.Entries); n != 3 {
				t.Fatalf("got %d entries in the first second, want two labels and the bytes: %+v", n, first.Entries)
			}
			for _, e := range first.Entries {
				switch e.Label {
				case "GET http://x/a,b":
					if e.Requests != 1 || e.Failures != 0 || e.Statuses[200] != 1 || e.Latency.Max() != 4000 || e.FirstByte.Max() != 2400 {
						t.Errorf("got %+v, latency %v, first byte %v", e, e.Latency.Max(), e.FirstByte.Max())
					}
				case "down":
					if e.Requests != 1 || e.Causes[load.CauseRefused] != 1 || len(e.Statuses) != 0 {
						t.Errorf("got %+v", e)
					}
				case "":
					if e.BytesIn != 1234 || e.Requests != 0 {
						t.Errorf("got %+v", e)
					}
				default:
					t.Errorf("an unknown label %q", e.Label)
				}
			}
			metrics := map[string]load.Metric{}
			for _, m := range append(first.Metrics, last.Metrics...) {
				sum := metrics[m.Name]
				if err := sum.Merge(&m); err != nil {
					t.Fatal(err)
				}
				metrics[m.Name] = sum
			}
			if m := metrics[`a / b / says "yes"`]; m.N != 1 || m.Good != 1 {
				t.Errorf("got check %+v of %v", m, metrics)
			}
			if m := metrics["http_req_duration{status:200}"]; m.N != 2 || m.Max != 8 {
				t.Errorf("got the threshold's metric %+v", m)
			}
		})
	}
}

func TestCauses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code, text string
		status     int
		want       load.Cause
	}{
		{"1050", "request timeout", 0, load.CauseTimeout},
		{"1101", "lookup: no such host", 0, load.CauseDNS},
		{"1211", "dial: i/o timeout", 0, load.CauseTimeout},
		{"1212", "", 0, load.CauseRefused},
		{"1220", "", 0, load.CauseReset},
		{"1310", "x509", 0, load.CauseTLS},
		{"1404", "", 404, load.CauseStatus},
		{"1503", "", 503, load.CauseStatus},
		{"1000", "EOF", 0, load.CauseClosed},
		{"", "", 302, load.CauseStatus},
		{"1000", "strange", 0, load.CauseOther},
		{"1210", "", 0, load.CauseConnect},
		{"1648", "", 0, load.CauseReset},
	}
	for _, test := range tests {
		if got := causeOf(test.code, test.text, test.status); got != test.want {
			t.Errorf("code %s (%s): got %s, want %s", test.code, test.text, got, test.want)
		}
	}
}

// FuzzRead: no bytes make a reader fail otherwise than by an error.
func FuzzRead(f *testing.F) {
	f.Add(sampleStream().Bytes())
	f.Add([]byte(sampleCSV))
	f.Add([]byte(streamHeader + "T\x00\x01\x01a\x01bR\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, recorder := sinkFor(t)
		_ = readStream(bufio.NewReader(bytes.NewReader(data)), s)
		_ = readCSV(bufio.NewReader(bytes.NewReader(data)), s)
		s.finish()
		recorder.Last()
	})
}

func manyRequests(n int) *stream {
	s := newStream()
	for i := range 20 {
		s.tags(uint64(i), "name", fmt.Sprintf("http://x/%d", i), "url", fmt.Sprintf("http://x/%d", i), "method", "GET", "status", "200")
	}
	for i := range n {
		s.request(uint64(i%20), at(time.Duration(i)*time.Microsecond), time.Duration(1+i%50)*time.Millisecond, 0)
	}
	s.WriteByte('E')
	return s
}

// BenchmarkReadStream is what a request of k6's costs us.
func BenchmarkReadStream(b *testing.B) {
	const n = 100_000
	data := manyRequests(n).Bytes()
	for b.Loop() {
		s, _ := sinkFor(b)
		if err := readStream(bufio.NewReaderSize(bytes.NewReader(data), 1<<18), s); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "requests/s")
}

// BenchmarkReadCSV is the same of k6's CSV; a request has nine rows.
func BenchmarkReadCSV(b *testing.B) {
	const n = 20_000
	head, _, _ := strings.Cut(sampleCSV, "\n")
	var text strings.Builder
	text.WriteString(head + "\n")
	for i := range n {
		for _, m := range httpNames() {
			fmt.Fprintf(&text, "%s,%d,1.5,,,,,GET,http://x/%d,s,200,http://x/%d,,\n", m, at(time.Duration(i)*time.Microsecond), i%20, i%20)
		}
	}
	for b.Loop() {
		s, _ := sinkFor(b)
		if err := readCSV(bufio.NewReaderSize(strings.NewReader(text.String()), 1<<18), s); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "requests/s")
}
