package jmeter

import (
	"bufio"
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/engine/enginetest"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/record"
)

// counted reads rows as a task does, from second 0 of a run that began at 1000.
func counted(t testing.TB, rows string, parents ...string) (enginetest.Total, *sink) {
	t.Helper()
	job := engine.Job{
		Start: time.UnixMilli(1000), Recorder: record.New(record.Options{Task: "t"}), Log: slog.New(slog.DiscardHandler),
	}
	s := newSink(&job, parents)
	s.begin(&job)
	if err := readJTL(bufio.NewReader(strings.NewReader(rows)), func([]byte) {}, s.row, s.flush); err != nil {
		t.Fatal(err)
	}
	s.finish()
	return enginetest.Sum([]*load.Window{job.Recorder.Last()}), s
}

func row(at, elapsed int, label, code, message, thread, success, failure string) string {
	return fmt.Sprintf("%d,%d,%s,%s,%s,%s,text,%s,%s,100,10,1,3,http://x/,%d,0,0\n", at, elapsed, label, code, message, thread, success, failure, elapsed/2)
}

func TestRowsBecomeSamples(t *testing.T) {
	t.Parallel()
	const class = "Non HTTP response code: "
	tests := map[string]struct {
		rows     string
		requests int64
		cause    load.Cause
	}{
		"plain":              {row(1000, 20, "a", "200", "OK", "g 1-1", "true", ""), 1, ""},
		"header":             {usualHeader + "\n" + row(1000, 20, "a", "200", "OK", "g 1-1", "true", ""), 1, ""},
		"quotes":             {row(1000, 20, `"a, ""b"""`, "200", "OK", "g 1-1", "true", ""), 1, ""},
		"line ends":          {row(1000, 20, "a", "200", "OK", "g 1-1", "false", "\"want\none\"") + row(1030, 20, "a", "200", "OK", "g 1-1", "true", ""), 2, load.CauseCheck},
		"variables of plans": {strings.TrimSpace(row(1000, 20, "a", "200", "OK", "g 1-1", "true", "")) + ",mine,\"too\"\n", 1, ""},
		"cut off":            {row(1000, 20, "a", "200", "OK", "g 1-1", "true", "") + "1000,20,a,2", 1, ""},
		"no row":             {"a,b\n\n", 0, ""},
		"parts": {row(1000, 20, "a", "200", "OK", "g 1-1", "true", "") + row(1000, 8, "a-0", "302", "Found", "g 1-1", "true", "") +
			row(1008, 12, "a-1", "200", "OK", "g 1-1", "true", "") + row(1009, 2, "a-1-0", "200", "OK", "g 1-1", "true", ""), 1, ""},
		"parts of another thread": {row(1000, 20, "a", "200", "OK", "g 1-1", "true", "") + row(1000, 8, "a-0", "200", "OK", "g 1-2", "true", ""), 2, ""},
		"named like a part":       {row(1000, 20, "a", "200", "OK", "g 1-1", "true", "") + row(1021, 8, "a-0", "200", "OK", "g 1-1", "true", ""), 2, ""},
		"transaction": {row(1000, 20, "a", "200", "OK", "g 1-1", "true", "") +
			row(1000, 20, "t", "200", `"Number of samples in transaction : 1, number of failing samples : 0"`, "g 1-1", "true", ""), 1, ""},
		"named like a part of a transaction": {row(1000, 20, "t", "200", `"Number of samples in transaction : 1, number of failing samples : 0"`, "g 1-1", "true", "") +
			row(1000, 20, "t-1", "200", "OK", "g 1-1", "true", ""), 1, ""},
		"status":       {row(1000, 20, "a", "503", "Busy", "g 1-1", "false", ""), 1, load.CauseStatus},
		"own code":     {row(1000, 20, "a", "E-17", "no", "g 1-1", "false", ""), 1, load.CauseOther},
		"no name":      {row(1000, 20, "a", class+"java.net.UnknownHostException", "x", "g 1-1", "false", ""), 1, load.CauseDNS},
		"refused":      {row(1000, 20, "a", class+"org.apache.http.conn.HttpHostConnectException", "Connect to x failed: Connection refused", "g 1-1", "false", ""), 1, load.CauseRefused},
		"unreachable":  {row(1000, 20, "a", class+"java.net.NoRouteToHostException", "No route to host", "g 1-1", "false", ""), 1, load.CauseConnect},
		"timeout":      {row(1000, 20, "a", class+"java.net.SocketTimeoutException", "Read timed out", "g 1-1", "false", ""), 1, load.CauseTimeout},
		"connect slow": {row(1000, 20, "a", class+"org.apache.http.conn.ConnectTimeoutException", "x", "g 1-1", "false", ""), 1, load.CauseTimeout},
		"reset":        {row(1000, 20, "a", class+"java.net.SocketException", "Connection reset", "g 1-1", "false", ""), 1, load.CauseReset},
		"closed":       {row(1000, 20, "a", class+"org.apache.http.NoHttpResponseException", "x failed to respond", "g 1-1", "false", ""), 1, load.CauseClosed},
		"tls":          {row(1000, 20, "a", class+"javax.net.ssl.SSLHandshakeException", "x", "g 1-1", "false", ""), 1, load.CauseTLS},
		"not HTTP":     {row(1000, 20, "a", class+"org.apache.http.client.ClientProtocolException", "x", "g 1-1", "false", ""), 1, load.CauseMalformed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _ := counted(t, test.rows)
			want := map[load.Cause]int64{}
			if test.cause != "" {
				want[test.cause] = 1
			}
			if got.Requests != test.requests || fmt.Sprint(got.Causes) != fmt.Sprint(want) {
				t.Errorf("got %d requests, causes %v; want %d, %v", got.Requests, got.Causes, test.requests, want)
			}
		})
	}
}

func TestFiguresOfARow(t *testing.T) {
	t.Parallel()
	// Begun 250 ms into the run, 40 ms long beside 10 ms of idling.
	got, s := counted(t, "1250,40,a,206,OK,g 1-1,text,true,,1000,90,2,5,http://x/,30,10,7\n")
	w := got.Windows[0]
	if got.BytesIn != 1000 || got.BytesOut != 90 || got.Statuses[206] != 1 || s.users.Load() != 0 || w.Started != 1 {
		t.Errorf("got %+v", got)
	}
	for name, h := range map[string]struct{ got, want int64 }{
		"latency": {got.Latency.Max(), 40_000}, "first byte": {got.FirstByte.Max(), 30_000}, "connect": {got.Connect.Max(), 7000},
	} {
		if h.got != h.want {
			t.Errorf("%s is %d µs, want %d", name, h.got, h.want)
		}
	}
}

func TestTransactionsThatStandForTheirSamples(t *testing.T) {
	t.Parallel()
	transaction := func(at, elapsed int, label string, samples int) string {
		return row(at, elapsed, label, "200", fmt.Sprintf("\"Number of samples in transaction : %d, number of failing samples : 0\"", samples), "g 1-1", "true", "")
	}
	sample := func(at, elapsed int, label string) string {
		return row(at, elapsed, label, "200", "OK", "g 1-1", "true", "")
	}
	tests := map[string]struct {
		rows           string
		requests, want int64
	}{
		"plain":     {transaction(1000, 20, "pay 7", 2) + sample(1000, 10, "a") + sample(1010, 10, "b") + sample(1020, 0, "c"), 3, 2},
		"another":   {sample(1000, 20, "a") + transaction(1000, 20, "buy", 1) + sample(1020, 5, "b"), 2, 0},
		"nested":    {transaction(1000, 20, "pay 7", 2) + transaction(1000, 15, "pay 8", 1) + sample(1000, 15, "a") + sample(1015, 5, "b"), 2, 2},
		"same name": {sample(1000, 20, "a") + transaction(1000, 20, "pay 7", 1) + sample(1021, 5, "b"), 2, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, s := counted(t, test.rows, "pay ${n}")
			if got.Requests != test.requests || s.inParents != test.want {
				t.Errorf("got %d requests, %d of them within parents; want %d, %d", got.Requests, s.inParents, test.requests, test.want)
			}
		})
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	var rows strings.Builder
	for i := range 3 * mostThreads {
		rows.WriteString(row(1000+i, 1, fmt.Sprint("label ", i), "200", "OK", fmt.Sprint("g 1-", i), "false", fmt.Sprint("want ", i)))
	}
	got, s := counted(t, rows.String())
	if got.Requests != 3*mostThreads || len(s.threads) > mostThreads || len(s.labels) > mostLabels || len(s.failures) > mostFailures+1 {
		t.Errorf("%d requests; %d threads, %d labels, %d failures kept", got.Requests, len(s.threads), len(s.labels), len(s.failures))
	}
}

func FuzzRows(f *testing.F) {
	f.Add([]byte(row(1000, 20, `"a, ""b"""`, "200", "OK", "g 1-1", "false", "\"want\none\"")))
	f.Add([]byte(usualHeader + "\n" + row(-5, -20, "a", "E", "", "", "", "")))
	f.Add([]byte("timeStamp,elapsed\n"))
	f.Add([]byte("\"\n\"\"\n,,,,,,,,,,,,,,,,\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		job := engine.Job{Start: time.UnixMilli(1000), Recorder: record.New(record.Options{Task: "t"})}
		s := newSink(&job, nil)
		_ = readJTL(bufio.NewReaderSize(bytes.NewReader(data), 16), func([]byte) {}, s.row, s.flush) // not to fall over is all
		s.finish()
		if sum := enginetest.Sum([]*load.Window{job.Recorder.Last()}); sum.Requests > s.rows {
			t.Errorf("%d requests of %d rows", sum.Requests, s.rows)
		}
	})
}

// BenchmarkRows reads what JMeter writes of ten samplers of fifty threads.
func BenchmarkRows(b *testing.B) {
	var rows strings.Builder
	for i := range 10_000 {
		rows.WriteString(row(1000+i, 20, fmt.Sprint("request ", i%10), "200", "OK", fmt.Sprintf("users 1-%d", i%50), "true", ""))
	}
	text := rows.String()
	job := engine.Job{Start: time.UnixMilli(1000), Recorder: record.New(record.Options{Task: "t"}), Log: slog.New(slog.DiscardHandler)}
	s := newSink(&job, nil)
	s.begin(&job)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if err := readJTL(bufio.NewReaderSize(strings.NewReader(text), 1<<18), func([]byte) {}, s.row, s.flush); err != nil {
			b.Fatal(err)
		}
		n += 10_000
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "samples/s")
}
