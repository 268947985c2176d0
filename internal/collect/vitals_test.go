package collect

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"onrush.dev/onrush/internal/hist"
	"onrush.dev/onrush/internal/load"
)

func histOf(us ...int64) *hist.Hist {
	h := hist.New()
	for _, v := range us {
		h.Record(v)
	}
	return h
}

// healthRun is three seconds of two tasks of which one is limited in two.
func healthRun(t *testing.T) *Collector {
	t.Helper()
	c := newCollector(t, testPlan(3, 2, "eu"))
	running(c)
	for second := range 3 {
		one, two := window("eu-1", second, entry("a", 10)), window("eu-2", second, entry("a", 10))
		one.Health = load.Health{
			CPU: 0.5 * float64(second+1), Wait: 0.25, GC: 0.125, Pause: 300, RSS: 50e6 - int64(second), Files: 20, Connections: 12,
			LoopLag: int64(1000 * (3 - second)), Dropped: 2, NoPort: 1, NoFile: 4,
		}
		if second > 0 {
			one.Health.Limited = []string{"", "cpu: 1.0 of 1 cores are in use", "a word that is not known"}[second]
		}
		two.Health = load.Health{CPU: 0.25, LoopLag: 2500, RSS: 1e6}
		again := *one // the task's last word on a second that it has told of
		again.Seq, again.Entries, again.Partial = uint64(second+10), nil, true
		send(t, c, one, two)
		if second == 2 {
			again.Seq, again.Started, again.Sent = 4, 0, 3
			send(t, c, &again)
		}
	}
	return c
}

func TestHealthInTheReport(t *testing.T) {
	t.Parallel()
	r := finish(t, healthRun(t))
	by := map[string]int64{"cpu": 1, "other": 1}
	if d := cmp.Diff(load.Generator{TaskSeconds: 6, Limited: 2, LimitedBy: by}, r.Generator); d != "" {
		t.Errorf("generator (-want +got):\n%s", d)
	}
	want := &load.TaskHealth{
		Seconds: 3, CPUMean: 1, CPUMax: 1.5, WaitMean: 0.25, WaitMax: 0.25, GCMax: 0.125, PauseMaxMS: 0.3,
		RSSMax: 50e6, FilesMax: 20, ConnsMax: 12, LoopLagMax: 3, Dropped: 8, NoPort: 4, NoFile: 16, LimitedBy: by,
	}
	if d := cmp.Diff(want, r.Tasks["eu-1"].Health); d != "" {
		t.Errorf("health of eu-1 (-want +got):\n%s", d)
	}
	if h := r.Tasks["eu-2"].Health; h.LimitedBy != nil || h.CPUMax != 0.25 {
		t.Errorf("health of eu-2: %+v", h)
	}
	notes := []string{
		"the generator, not the target, was the limit in 2 of 6 task-seconds: CPU full (1), something that the engine names in the task's log (1); what was measured then is its own queue too",
		"task eu-1 was limited in 2 seconds: CPU full (1), something that the engine names in the task's log (1)",
	}
	if d := cmp.Diff(notes, limitOnly(r.Notes)); d != "" {
		t.Errorf("notes (-want +got):\n%s", d)
	}
}

func limitOnly(notes []string) (out []string) {
	for _, n := range notes {
		if bytes.Contains([]byte(n), []byte("limit")) {
			out = append(out, n)
		}
	}
	return out
}

func TestHealthInTheSnapshot(t *testing.T) {
	t.Parallel()
	c := healthRun(t)
	c.Tick(start)
	s := c.Snapshot()
	one := s.Tasks["eu-1"]
	if one.CPU != 1.5 || one.CPUWait != 0.25 || one.LoopLag != 1 || one.Conns != 12 || one.LimitedSeconds != 2 || one.Limited == "" {
		t.Errorf("eu-1 is %+v", one)
	}
	if s.Generator.Limited != 2 || s.Last.Limited != 1 || s.Last.LimitedBy != "other" || s.RegionLast["eu"].Limited != 1 {
		t.Errorf("generator %+v, last %+v", s.Generator, s.Last)
	}
}

// TestHealthInTheSeries wants the limits at their seconds, in steps of any
// width, while the run goes on and from its file.
func TestHealthInTheSeries(t *testing.T) {
	t.Parallel()
	c := healthRun(t)
	file, data := seriesFile(t, finish(t, c))
	for name, test := range map[string]struct {
		query load.SeriesQuery
		want  []int64
	}{
		"by second": {load.SeriesQuery{}, []int64{0, 1, 1}}, "by two": {load.SeriesQuery{Points: 2}, []int64{1, 1}},
		"a task": {load.SeriesQuery{Task: "eu-2"}, []int64{0, 0, 0}}, "a label": {load.SeriesQuery{Label: "a"}, []int64{0, 0, 0}},
	} {
		for where, query := range map[string]func(load.SeriesQuery) (load.Series, error){"live": c.Series, "file": file.Query} {
			series, err := query(test.query)
			if err != nil {
				t.Fatal(err)
			}
			var got []int64
			for _, p := range series.Points {
				got = append(got, p.Limited)
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("%s, %s (-want +got):\n%s", name, where, d)
			}
		}
	}
	for _, r := range rowsOf(t, data) {
		label := r.Scope == string(kindLabel) || r.Scope == string(kindRegionLabel)
		if label != (r.CPU == 0) {
			t.Errorf("row of scope %s has health %+v", r.Scope, r.fileVitals)
		}
		if r.Scope == string(kindRegion) && r.Second == 0 && (r.CPU != 0.75 || r.LoopLag != 3 || r.RSS != 51e6 || r.Dropped != 2 || r.Limited != "") {
			t.Errorf("region's second 0: cpu %v, loop lag %v, rss %v, dropped %v, limited %q", r.CPU, r.LoopLag, r.RSS, r.Dropped, r.Limited)
		}
		if r.Scope == string(kindTask) && r.Task == "eu-1" && r.Second == 1 && r.Limited != `{"cpu":1}` {
			t.Errorf("task's second 1 is limited by %q", r.Limited)
		}
	}
}

func seriesFile(t *testing.T, r *Result) (*SeriesFile, []byte) {
	t.Helper()
	var out bytes.Buffer
	if err := r.WriteSeries(&out); err != nil {
		t.Fatal(err)
	}
	file, err := OpenSeries(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return file, out.Bytes()
}

func rowsOf(t *testing.T, data []byte) []fileRow {
	t.Helper()
	rows, err := parquet.Read[fileRow](bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestPhases follows the phases of a request from the window to every place
// that shows them, each with a value of its own.
func TestPhases(t *testing.T) {
	t.Parallel()
	c := newCollector(t, testPlan(1, 1, "eu"))
	running(c)
	e := entry("a", 10)
	e.FirstByte, e.Body, e.Connect = histOf(1000), histOf(2000, hist.MaxValue+1), histOf(60_000)
	e.DNS, e.TCP, e.TLS = histOf(10_000), histOf(20_000), histOf(30_000)
	w := window("eu-1", 0, e, entry("b", 10))
	w.Clamped = 1
	send(t, c, w)
	r := finish(t, c)
	for name, f := range map[string]load.Figures{"total": r.Total, "label": r.Labels["a"], "region": r.Regions["eu"], "task": r.Tasks["eu-1"].Figures} {
		for phase, got := range map[string]*load.Latency{"connect 60": f.ConnectMS, "dns 10": f.DNSMS, "tcp 20": f.TCPMS, "tls 30": f.TLSMS} {
			want := map[string]float64{"connect 60": 60, "dns 10": 10, "tcp 20": 20, "tls 30": 30}[phase]
			if got == nil || got.Count != 1 || got.Max != want || got.P95 != want {
				t.Errorf("%s: %s is %+v", name, phase, got)
			}
		}
		if b := f.BodyMS; b == nil || b.Count != 2 || b.Min != 2 || b.Clamped != 1 {
			t.Errorf("%s: body is %+v", name, b)
		}
	}
	if f := r.Labels["b"]; f.BodyMS != nil || f.ConnectMS != nil || f.DNSMS != nil || f.TCPMS != nil || f.TLSMS != nil {
		t.Errorf("label b has phases that were not measured: %+v", f)
	}
	if r.Accounting.Clamped != 1 {
		t.Errorf("%d values clamped, want 1", r.Accounting.Clamped)
	}
	_, data := seriesFile(t, r)
	for _, row := range rowsOf(t, data) {
		if row.Label == "b" {
			continue
		}
		got := [...]float64{row.ConnectP95, row.DNSP95, row.TCPP95, row.TLSP95}
		if got != [...]float64{60, 10, 20, 30} || len(row.Body) == 0 || len(row.DNS) == 0 || len(row.TCP) == 0 || len(row.TLS) == 0 {
			t.Errorf("row of scope %s: connect, dns, tcp, tls are %v", row.Scope, got)
		}
	}
}

// TestPhasesAreJudged has a criterion on each phase, on the bound and above it.
func TestPhasesAreJudged(t *testing.T) {
	t.Parallel()
	var criteria []load.Criterion
	texts := map[string]load.Verdict{
		"dns p95 <= 10ms": load.Passed, "dns p95 < 10ms": load.Failed, "tcp max <= 20ms": load.Passed, "tcp max < 20ms": load.Failed,
		"tls mean <= 30ms": load.Passed, "tls mean < 30ms": load.Failed, "body p50 <= 2ms": load.Passed, "body p50 of a < 2ms for 1s": load.Failed,
		"dns p95 of b < 1s": load.NotJudged,
	}
	for text := range texts {
		c, err := load.ParseCriterion(text)
		if err != nil {
			t.Fatal(err)
		}
		criteria = append(criteria, c)
	}
	c := newCollector(t, testPlan(1, 1, "eu"), criteria...)
	running(c)
	e := entry("a", 10)
	e.Body, e.DNS, e.TCP, e.TLS = histOf(2000), histOf(10_000), histOf(20_000), histOf(30_000)
	send(t, c, window("eu-1", 0, e, entry("b", 10)))
	for _, got := range finish(t, c).Criteria {
		if got.Verdict != texts[got.Criterion] {
			t.Errorf("%s: %s, want %s (%s %s)", got.Criterion, got.Verdict, texts[got.Criterion], got.FoundText, got.Why)
		}
	}
}
