package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"onrush.dev/onrush/internal/load"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s differs; look at it and run the test with -update (-want +got):\n%s", path, d)
	}
}

func block(requests, failures int64, ms float64) load.Figures {
	l := load.Latency{
		Count: requests, Min: ms / 4, Mean: ms * 1.1, StdDev: ms / 3, P50: ms, P90: ms * 1.5, P95: ms * 2, P99: ms * 4, P999: ms * 9, Max: ms * 12,
	}
	f := load.Figures{
		Requests: requests, Failures: failures, BytesReceived: requests * 5210, BytesSent: requests * 180,
		RequestsPerSecond: float64(requests) / 60.2, LatencyMS: l,
		StatusCodes: map[string]int64{"200": requests - failures}, FailureCauses: map[string]int64{},
	}
	if failures > 0 {
		f.StatusCodes["503"] = failures / 2
		f.FailureCauses["status"], f.FailureCauses["timeout"] = failures/2, failures-failures/2
	}
	return f
}

func instant(s int) *time.Time {
	at := time.Date(2026, 3, 1, 12, 0, s, 0, time.UTC)
	return &at
}

// starts is a region that was asked for tasks, of which some came up.
func starts(at, tasks, ready int, why ...string) load.RegionStart {
	came := func(first, last int) load.Reached {
		return load.Reached{Tasks: ready, First: *instant(at + first), Last: *instant(at + last)}
	}
	return load.RegionStart{
		Tasks: tasks, Failed: tasks - ready, Asked: *instant(at), Up: came(2, 9), Hello: came(3, 10), Ready: came(4, 12), Load: came(20, 20),
		SkewMS: 3.25, Why: why,
	}
}

// busy is a run with everything in it: open model, a lost task, criteria of
// every verdict, changes, notes and names that do not fit.
func busy() *load.Report {
	found, bad, when := 212.5, 0.0131, 17
	total := block(241_893, 3170, 23.4)
	body, dns, tcp, tls := block(241_893, 0, 0.3).LatencyMS, block(12, 0, 1.1).LatencyMS, block(400, 0, 0.4).LatencyMS, block(400, 0, 2.2).LatencyMS
	total.BodyMS, total.DNSMS, total.TCPMS, total.TLSMS = &body, &dns, &tcp, &tls
	service, first, connect, lag := block(241_893, 0, 20).LatencyMS, block(241_893, 0, 18).LatencyMS, block(400, 0, 3).LatencyMS, block(241_893, 0, 0.2).LatencyMS
	total.ServiceMS, total.FirstByteMS, total.ConnectMS, total.LagMS = &service, &first, &connect, &lag
	total.Offered, total.Started, total.Late, total.Redirects = 250_000, 241_893, 8120, 12
	skew := 3.25
	tasks := map[string]load.TaskFigures{}
	for i, name := range []string{"eu-1", "eu-2", "us-1", "us-2"} {
		task := load.Task{Run: "r01h2", Name: name, Region: name[:2], Index: i, Status: load.TaskDone, SkewMS: &skew, Sent: 60_000, Final: true}
		tasks[name] = load.TaskFigures{Figures: block(60_000+int64(i), 0, 12*float64(i+1)), Task: task}
	}
	return &load.Report{
		Run: load.RunFacts{
			ID: "r01h2", Scenario: "checkout <peak>", Status: load.Ended, Outcome: load.Degraded, Verdict: load.Failed,
			Cause:   []string{"1 of 4 tasks was lost", "us-2: exit code 137, the kernel ended it for want of memory on the machine that ran it"},
			Created: *instant(0), Started: instant(2), Ended: instant(64), Seconds: 60.2,
		},
		Accounting: load.Accounting{
			TasksPlanned: 4, TasksStarted: 4, TasksReported: 3, TasksLost: 1,
			SamplesSent: 241_900, SamplesReceived: 241_893, WindowsMissing: 1, WindowsRepeated: 2, Clamped: 1234,
		},
		Generator:   load.Generator{TaskSeconds: 228, Limited: 21, LimitedBy: map[string]int64{"cpu": 20, "loop": 1}},
		StartSkewMS: 6.75, Total: total,
		Regions: map[string]load.Figures{"eu": block(120_000, 12, 14.2), "us": block(121_893, 3158, 140)},
		Labels: map[string]load.Figures{
			"GET /": block(200_000, 0, 11), "POST /api/v2/customers/{customer}/orders/{order}/payments": block(41_893, 3170, 1210),
			"never": {StatusCodes: map[string]int64{}, FailureCauses: map[string]int64{}},
		},
		Tasks: tasks,
		Provisioning: map[string]load.RegionStart{
			"eu": starts(0, 4, 4), "us": starts(5, 4, 2, "us-3, us-4: did not start: vCPU quota reached (raise the quota L-3032A538)"),
		},
		Criteria: []load.CriterionResult{
			{Criterion: "p95 < 300ms", Verdict: load.Passed, Found: &found, FoundText: "212.5 ms"},
			{Criterion: "failures < 1% for 10s, stop", Verdict: load.Failed, Found: &bad, FoundText: "1.31 %", At: &when, Why: "4 of 51 windows broke it, first seconds 8 to 17, worst seconds 9 to 18"},
			{Criterion: "p95 of search < 1s", Verdict: load.NotJudged, Why: "nothing was measured of label search"},
		},
		Events: []load.Event{
			{Run: "r01h2", Seq: 1, At: *instant(2), Kind: "status", Text: "running: all tasks are ready"},
			{Run: "r01h2", Seq: 2, At: *instant(32), Kind: "change", Text: "load changed to 5000 requests/s at second 30.0, by admin"},
		},
		Notes: []string{
			"task us-2 was lost (exit code 137): its load is missing in seconds 41 to 59; samples after its last window are unknown",
			"1 window that tasks sent did not arrive",
			"the generator, not the target, was the limit in 21 of 228 task-seconds: CPU full (20), event loop behind (1); what was measured then is its own queue too",
		},
	}
}

// plainRun is a short closed run without criteria, on which nothing is to say.
func plainRun() *load.Report {
	f := block(1000, 0, 0.412)
	return &load.Report{
		Run: load.RunFacts{
			ID: "r01h3", Scenario: "localhost", Status: load.Ended, Outcome: load.Completed, Verdict: load.NotJudged,
			Created: *instant(0), Started: instant(0), Ended: instant(1), Seconds: 0.61,
		},
		Accounting: load.Accounting{TasksPlanned: 1, TasksStarted: 1, TasksReported: 1, SamplesSent: 1000, SamplesReceived: 1000},
		Total:      f, Regions: map[string]load.Figures{"local": f}, Labels: map[string]load.Figures{"GET /": f},
		Tasks: map[string]load.TaskFigures{"local-1": {Figures: f, Task: load.Task{Name: "local-1"}}},
	}
}

// idle is a run that could not run.
func idle() *load.Report {
	return &load.Report{
		Run: load.RunFacts{
			ID: "r01h4", Scenario: "localhost", Status: load.Ended, Outcome: load.CouldNotRun, Verdict: load.NotJudged,
			Cause: []string{"no task of region eu started", "quota of 10 tasks is used up"}, Created: *instant(0), Ended: instant(9),
		},
		Accounting: load.Accounting{TasksPlanned: 2},
	}
}

func many() *load.Report {
	r := plainRun()
	r.Tasks, r.Labels = map[string]load.TaskFigures{}, map[string]load.Figures{}
	for i := range 60 {
		r.Tasks[fmt.Sprintf("local-%d", i+1)] = load.TaskFigures{Figures: block(1000, 0, float64(i))}
		r.Labels[fmt.Sprintf("GET /page/%02d", i)] = block(1000, 0, float64(100-i))
	}
	return r
}

func TestGolden(t *testing.T) {
	t.Parallel()
	table := func(o Options) func(io.Writer, *load.Report) error {
		return func(w io.Writer, r *load.Report) error { return Table(w, r, o) }
	}
	for _, test := range []struct {
		name   string
		report *load.Report
		render func(io.Writer, *load.Report) error
	}{
		{"busy.txt", busy(), table(Options{})},
		{"busy-wide.txt", busy(), table(Options{Width: 160})},
		{"busy-narrow.txt", busy(), table(Options{Width: 72})},
		{"busy-color.txt", busy(), table(Options{Color: true})},
		{"busy.json", busy(), JSON},
		{"busy.yaml", busy(), YAML},
		{"busy.xml", busy(), JUnit},
		{"plain.txt", plainRun(), table(Options{})},
		{"plain.xml", plainRun(), JUnit},
		{"idle.txt", idle(), table(Options{})},
		{"idle.json", idle(), JSON},
		{"idle.xml", idle(), JUnit},
		{"many.txt", many(), table(Options{})},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if err := test.render(&out, test.report); err != nil {
				t.Fatal(err)
			}
			golden(t, test.name, out.Bytes())
		})
	}
}

var colours = regexp.MustCompile("\x1b\\[[0-9]+m")

func TestTableKeepsToItsWidth(t *testing.T) {
	t.Parallel()
	for width := narrowest; width < 200; width++ {
		for _, r := range []*load.Report{busy(), plainRun(), idle(), many()} {
			var out bytes.Buffer
			if err := Table(&out, r, Options{Width: width, Color: width%2 == 0}); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(colours.ReplaceAllString(out.String(), "")) {
				line = strings.TrimSuffix(line, "\n")
				if n := utf8.RuneCountInString(line); n > width {
					t.Fatalf("width %d: a line of %d: %q", width, n, line)
				}
				if strings.TrimRight(line, " ") != line {
					t.Fatalf("width %d: spaces at the end of %q", width, line)
				}
			}
		}
	}
}

// TestTableCannotMoveTheCursor holds that what targets and scenarios say is
// only text.
func TestTableCannotMoveTheCursor(t *testing.T) {
	t.Parallel()
	r := busy()
	evil := "x\x1b[2J\r\n\ty"
	r.Labels[evil], r.Regions[evil], r.Total.FailureCauses[evil] = block(1, 0, 1), block(1, 0, 1), 1
	r.Run.Scenario, r.Notes, r.Run.Cause = evil, []string{evil}, []string{evil}
	r.Criteria[0].Criterion, r.Events[1].Text = evil, evil
	var out bytes.Buffer
	if err := Table(&out, r, Options{}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\r\t") {
		t.Errorf("control characters in %q", out.String())
	}
}

// TestKeys holds the keys that other tools rely on, in JSON and YAML.
func TestKeys(t *testing.T) {
	t.Parallel()
	var fromJSON, fromYAML map[string]any
	var out bytes.Buffer
	if err := JSON(&out, busy()); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out.Bytes(), &fromJSON); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	if err := YAML(&out, busy()); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(out.Bytes(), &fromYAML); err != nil {
		t.Fatal(err)
	}
	figures := strings.Fields(`requests failures bytes_received requests_per_second status_codes latency_ms.min latency_ms.mean
		latency_ms.stddev latency_ms.p50 latency_ms.p90 latency_ms.p95 latency_ms.p99 latency_ms.p99_9 latency_ms.max`)
	keys := strings.Fields(`run.id run.outcome run.verdict accounting.tasks_planned accounting.tasks_reported
		accounting.samples_sent accounting.samples_received start_skew_ms
		provisioning.eu.tasks provisioning.eu.asked provisioning.eu.ready.last`)
	for _, block := range []string{"total", "regions.eu", "labels.GET /"} {
		for _, f := range figures {
			keys = append(keys, block+"."+f)
		}
	}
	for _, key := range keys {
		for form, doc := range map[string]any{"JSON": fromJSON, "YAML": fromYAML} {
			for part := range strings.SplitSeq(key, ".") {
				m, _ := doc.(map[string]any)
				doc = m[part]
			}
			if doc == nil {
				t.Errorf("%s has no %s", form, key)
			}
		}
	}
}

func TestJUnitIsXML(t *testing.T) {
	t.Parallel()
	r := busy()
	r.Notes = append(r.Notes, "]]> & < \x00 \x1b")
	var out bytes.Buffer
	if err := JUnit(&out, r); err != nil {
		t.Fatal(err)
	}
	var got junitSuite
	if err := xml.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Tests != 4 || got.Failures != 2 || got.Skipped != 1 || got.Errors != 0 {
		t.Errorf("got %d tests, %d failures, %d skipped, %d errors", got.Tests, got.Failures, got.Skipped, got.Errors)
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		figure(0): "0", figure(0.4126): "0.41", figure(9.994): "9.99", figure(45.67): "45.7", figure(100.4): "100", figure(12345.6): "12,346",
		count(-1234567): "-1,234,567", count(999): "999", size(0): "0 B", size(999): "999 B", size(1e6): "1.00 MB", size(12.34e9): "12.3 GB", size(2e15): "2,000 TB",
		share(1, 1e9): "<0.01 %", share(1e9-1, 1e9): ">99.99 %", share(5, 5): "100 %", share(1, 8): "12.5 %", share(0, 0): "0 %",
		length(0.61): "0.6 s", length(60): "1 min 00 s", length(3723): "1 h 02 min", cut("abcdefghij", 6): "ab…hij",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
