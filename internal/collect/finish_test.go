package collect

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"onrush.dev/onrush/internal/hist"
	"onrush.dev/onrush/internal/load"
)

// TestNotes makes a run on which everything went wrong and wants it said.
func TestNotes(t *testing.T) {
	t.Parallel()
	plan := testPlan(10, 3, "eu")
	plan.Model = load.Open
	c := newCollector(t, plan)
	running(c)
	for second := range 10 {
		one := window("eu-1", second, entry("a", 10, 10, 10, 10))
		one.Offered, one.Late, one.Lag = 5, 1, hist.New()
		one.Lag.Record(8000)
		if one.Sent = int64(second+1) * 4; second > 6 {
			one.Health.Limited = "cpu: 1.9 of 2 cores are in use"
		}
		two := window("eu-2", second, entry("a", 10, 10, 10, 10))
		two.Sent, two.Offered = int64(second+1)*4, 4
		if second == 9 {
			two.Clamped = 1
		}
		if second != 5 { // this window of eu-1 never arrives
			send(t, c, one)
		}
		if second < 7 { // eu-2 is lost after second 6; its replacement comes in second 9
			send(t, c, two)
		} else if second == 9 {
			two.Attempt, two.Seq, two.Sent = 1, 1, 4
			send(t, c, two, two)
		}
	}
	for _, done := range []struct {
		name          string
		attempt       int
		final         bool
		sent, windows int64
	}{{"eu-1", 0, true, 40, 10}, {"eu-2", 0, false, 30, 0}, {"eu-2", 1, true, 4, 1}, {"eu-3", 0, true, 0, 0}} {
		c.TaskGone(done.name, done.attempt, done.final, done.sent, uint64(done.windows))
	}
	skew := []float64{-1.5, 2, 900}
	c.Status(load.Finishing, []load.Task{
		{Name: "eu-1", Status: load.TaskDone, SkewMS: &skew[0]},
		{Name: "eu-2", Status: load.TaskLost, Reason: "exit code 137", SkewMS: &skew[1]},
		{Name: "eu-2", Attempt: 1, Status: load.TaskDone, SkewMS: &skew[2]},
		{Name: "eu-3", Status: load.TaskFailed, Reason: "no such file"},
	})
	r := finish(t, c)
	want := []string{
		"task eu-2 was lost (exit code 137): its load is missing in seconds 7 to 8; samples after its last window are unknown",
		"task eu-3 failed (no such file): it made no load",
		"1 window that tasks sent did not arrive",
		"6 samples of 74 sent are not in the figures",
		"1 measured time lay beyond the histograms' range of 19 hours and count as its end",
		"77 requests were due and 68 sent (88.31 %): the tasks could not keep the rate",
		"13.24 % of the requests were sent more than 1 ms after they were due (p99 of the delay: 8 ms); latency counts from when they were due",
		"the generator, not the target, was the limit in 3 of 17 task-seconds: CPU full (3); what was measured then is its own queue too",
		"task eu-1 was limited in 3 seconds: CPU full (3)",
	}
	if d := cmp.Diff(want, r.Notes); d != "" {
		t.Errorf("notes (-want +got):\n%s", d)
	}
	wantAccounting := load.Accounting{
		TasksPlanned: 3, TasksStarted: 2, TasksReported: 3, TasksLost: 1, SamplesSent: 74, SamplesReceived: 68,
		WindowsMissing: 1, WindowsRepeated: 1, Clamped: 1,
	}
	if d := cmp.Diff(wantAccounting, r.Accounting); d != "" {
		t.Errorf("accounting (-want +got):\n%s", d)
	}
	if r.StartSkewMS != 3.5 {
		t.Errorf("start skew %v, want 3.5: a replacement does not count", r.StartSkewMS)
	}
	if got := r.Tasks["eu-2"]; got.Requests != 32 || got.Task.Attempt != 1 {
		t.Errorf("task eu-2: %d requests, attempt %d", got.Requests, got.Task.Attempt)
	}
}

func TestCleanRunHasNoNotes(t *testing.T) {
	t.Parallel()
	c := newCollector(t, testPlan(1, 1, "eu"))
	send(t, c, window("eu-1", 0, entry("a", 10)))
	c.TaskGone("eu-1", 0, true, 1, 1)
	c.Status(load.Ended, []load.Task{{Name: "eu-1", Status: load.TaskDone}})
	if r := finish(t, c); len(r.Notes) != 0 {
		t.Errorf("notes: %q", r.Notes)
	}
}

// TestSeconds holds what rates are divided by.
func TestSeconds(t *testing.T) {
	t.Parallel()
	const second = 1_000_000
	tests := []struct {
		name    string
		planned int
		windows int   // whole seconds
		until   int64 // end of the last response, µs
		changes []load.Change
		want    float64
	}{
		{"last response before the end", 10, 10, 9.2 * second, nil, 10},
		{"last response in the drain", 10, 12, 11.5 * second, nil, 11.5},
		{"ended by a limit", 60, 0, 0.35 * second, nil, 0.35},
		{"no planned end", 0, 5, 4.25 * second, nil, 4.25},
		{"drained", 60, 22, 20.5 * second, []load.Change{{At: load.Duration(20 * time.Second), Kind: load.ChangeDrain}}, 20.5},
		{"nothing answered", 10, 10, 0, nil, 10},
		{"nothing came", 10, 0, 0, nil, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newCollector(t, testPlan(test.planned, 1, "eu"))
			c.Changes(test.changes)
			for n := range test.windows {
				w := window("eu-1", n)
				w.Until = 0
				send(t, c, w)
			}
			if test.until > 0 {
				w := window("eu-1", test.windows, entry("a", 1))
				w.Partial, w.Until = true, test.until
				send(t, c, w)
			}
			if got := finish(t, c).Seconds; got != test.want {
				t.Errorf("got %v s, want %v", got, test.want)
			}
		})
	}
}

func TestRefusedWindowsLeaveNoTrace(t *testing.T) {
	t.Parallel()
	good := window("eu-1", 0, entry("a", 10))
	change := func(f func(*load.Window)) []byte {
		w := window("eu-1", 0, entry("a", 10), entry("b", 10))
		f(w)
		return load.AppendWindow(nil, w)
	}
	bad := map[string][]byte{
		"empty":        nil,
		"cut short":    load.AppendWindow(nil, good)[:20],
		"other task":   change(func(w *load.Window) { w.Task = "us-1" }),
		"attempt":      change(func(w *load.Window) { w.Attempt = -1 }),
		"no sequence":  change(func(w *load.Window) { w.Seq = 0 }),
		"negative":     change(func(w *load.Window) { w.Entries[1].Requests = -1 }),
		"status":       change(func(w *load.Window) { w.Entries[1].Statuses[0] = 1 }),
		"far future":   change(func(w *load.Window) { w.Second = 1 << 30 }),
		"before start": change(func(w *load.Window) { w.Second = -1 }),
	}
	for name, data := range bad {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCollector(t, testPlan(10, 1, "eu"))
			c.Tick(at(0))
			if err := c.Window(data); err == nil {
				t.Fatal("it was merged")
			}
			send(t, c, good) // the same sequence number, and it still counts
			c.TaskGone("eu-1", 0, true, 1, 1)
			r := finish(t, c)
			if r.Total.Requests != 1 || len(r.Labels) != 1 || r.Accounting.SamplesReceived != 1 || r.Accounting.WindowsMissing != 0 {
				t.Errorf("got %+v, %+v", r.Total, r.Accounting)
			}
		})
	}
}

func TestLabelsAreBounded(t *testing.T) {
	t.Parallel()
	c := newCollector(t, testPlan(10, 1, "eu"))
	for second := range 3 {
		var entries []load.Entry
		for i := range 1000 {
			entries = append(entries, load.Entry{Label: strings.Repeat("x", 1+second*1000+i), Requests: 1})
		}
		send(t, c, window("eu-1", second, entries...))
	}
	r := finish(t, c)
	if len(r.Labels) != maxLabels+1 || r.Labels[Other].Requests != 1000 || r.Total.Requests != 3000 {
		t.Errorf("%d labels, %d requests under %s", len(r.Labels), r.Labels[Other].Requests, Other)
	}
	if len(r.Notes) == 0 || !strings.Contains(strings.Join(r.Notes, "\n"), Other) {
		t.Errorf("no note on it: %q", r.Notes)
	}
}

// TestHoleEndsWithTheLoad has a response come after the load's end: no load
// is missing in that second.
func TestHoleEndsWithTheLoad(t *testing.T) {
	t.Parallel()
	c := newCollector(t, testPlan(4, 2, "eu"))
	running(c)
	for second := range 7 {
		if second < 2 {
			send(t, c, window("eu-2", second, entry("a", 1)))
		}
		send(t, c, window("eu-1", second, entry("a", 1)))
	}
	c.TaskGone("eu-1", 0, true, 7, 7)
	c.TaskGone("eu-2", 0, false, 2, 0)
	c.Status(load.Finishing, []load.Task{{Name: "eu-1", Status: load.TaskDone}, {Name: "eu-2", Status: load.TaskLost}})
	want := "task eu-2 was lost: its load is missing in seconds 2 to 3; samples after its last window are unknown"
	if notes := finish(t, c).Notes; len(notes) == 0 || notes[0] != want {
		t.Errorf("found %q, want %q", notes, want)
	}
}

func TestNewEmptiesTheSpool(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	options := Options{Run: load.Run{ID: "r1"}, Plan: testPlan(10, 1, "eu"), Dir: dir}
	before, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	send(t, before, window("eu-1", 0, entry("a", 1)))
	c, err := New(options) // as after a crash: the one before was never closed
	if err != nil {
		t.Fatal(err)
	}
	if s, err := c.Series(load.SeriesQuery{}); err != nil || len(s.Points) != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the spool's folder is left behind: %v, %v", left, err)
	}
}

func TestEmptyRunHasASeries(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := finish(t, newCollector(t, testPlan(10, 1, "eu"))).WriteSeries(&out); err != nil {
		t.Fatal(err)
	}
	f, err := OpenSeries(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if s, err := f.Query(load.SeriesQuery{}); err != nil || len(s.Points) != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestOpenSeriesRefusesOtherFiles(t *testing.T) {
	t.Parallel()
	for _, data := range []string{"", "PAR1", strings.Repeat("PAR1", 100)} {
		if _, err := OpenSeries(strings.NewReader(data), int64(len(data))); err == nil {
			t.Errorf("%.10q was opened", data)
		}
	}
}
