package collect

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"onrush.dev/onrush/internal/load"
)

// sample is one response as the tests know it.
type sample struct {
	task, region, label, dims string
	second                    int
	latency                   float64 // ms
	failed                    bool
}

// truth sums samples up in one place, without windows, seconds or merging.
type truth struct{ total, regions, labels, tasks map[string]*cell }

func newTruth(samples []sample) truth {
	t := truth{map[string]*cell{}, map[string]*cell{}, map[string]*cell{}, map[string]*cell{}}
	for _, s := range samples {
		for _, in := range []struct {
			m    map[string]*cell
			name string
		}{{t.total, ""}, {t.regions, s.region}, {t.labels, s.label}, {t.tasks, s.task}} {
			if in.m[in.name] == nil {
				in.m[in.name] = &cell{}
			}
			s.addTo(in.m[in.name])
		}
	}
	return t
}

func (s sample) addTo(c *cell) {
	c.requests++
	c.bytesIn += 1000
	c.bytesOut += 10
	c.hist(latency).Record(int64(s.latency * 1000))
	if s.failed {
		c.failures++
		c.statuses.add(500, 1)
		c.causes.add(load.CauseStatus, 1)
	} else {
		c.statuses.add(200, 1)
	}
}

// drawSamples makes a run with a fast and a slow region, labels of their own
// weight and, in one of them, dimensions.
func drawSamples(r *rand.Rand, plan load.Plan, seconds int) []sample {
	var out []sample
	for i, region := range plan.Regions {
		for _, task := range region.Tasks {
			for second := range seconds {
				for range r.IntN(30) {
					s := sample{
						task: task.Name, region: region.Name, label: fmt.Sprintf("label %d", r.IntN(3)), second: second,
						latency: 2 * math.Pow(40, float64(i)) * math.Exp(r.NormFloat64()), failed: r.IntN(20) == 0,
					}
					if s.label == "label 1" {
						s.dims = []string{"cache=hit", "cache=miss"}[r.IntN(2)]
					}
					out = append(out, s)
				}
			}
		}
	}
	return out
}

// windowsOf packs samples as agents do. Half way, the last task of the plan is
// lost and an attempt 1 goes on.
func windowsOf(samples []sample, plan load.Plan, seconds int) (windows []*load.Window, lost string) {
	last := plan.Regions[len(plan.Regions)-1]
	lost = last.Tasks[len(last.Tasks)-1].Name
	at := map[string]*load.Window{}
	for _, region := range plan.Regions {
		for _, task := range region.Tasks {
			for second := range seconds {
				w := &load.Window{Task: task.Name, Seq: uint64(second + 1), Second: second, Users: 2, Until: int64(second+1) * 1e6}
				if task.Name == lost && second >= seconds/2 {
					w.Attempt, w.Seq = 1, uint64(second-seconds/2+1)
				}
				at[fmt.Sprint(task.Name, second)] = w
				windows = append(windows, w)
			}
		}
	}
	for _, s := range samples {
		addSample(at[fmt.Sprint(s.task, s.second)], s)
	}
	sent := map[senderKey]int64{}
	for _, w := range windows {
		for _, e := range w.Entries {
			sent[senderKey{w.Task, w.Attempt}] += e.Requests
		}
		w.Sent = sent[senderKey{w.Task, w.Attempt}]
	}
	return windows, lost
}

func addSample(w *load.Window, s sample) {
	i := 0
	for i < len(w.Entries) && (w.Entries[i].Label != s.label || w.Entries[i].Dims != s.dims) {
		i++
	}
	if i == len(w.Entries) {
		e := entry(s.label)
		e.Dims, e.Causes, e.FirstByte = s.dims, map[load.Cause]int64{}, nil
		w.Entries = append(w.Entries, e)
	}
	e := &w.Entries[i]
	e.Requests++
	e.BytesIn += 1000
	e.BytesOut += 10
	e.Latency.Record(int64(s.latency * 1000))
	if s.failed {
		e.Failures++
		e.Statuses[500]++
		e.Causes[load.CauseStatus]++
	} else {
		e.Statuses[200]++
	}
}

// TestFiguresEqualOneHistogram sends windows shuffled, repeated, late and from
// several attempts of a task, and wants every figure exactly as if all samples
// had been recorded in one place.
func TestFiguresEqualOneHistogram(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			checkTruth(t, random(seed), seed)
		})
	}
}

func checkTruth(t *testing.T, r *rand.Rand, seed uint64) {
	const seconds = 40
	plan := testPlan(seconds, 3, "near", "far")
	samples := drawSamples(r, plan, seconds)
	windows, lost := windowsOf(samples, plan, seconds)
	c := newCollector(t, plan)
	running(c)
	repeated := deliver(t, c, r, windows, seed)
	for _, region := range plan.Regions {
		for _, task := range region.Tasks {
			attempts := 1
			if task.Name == lost {
				attempts = 2
			}
			for a := range attempts {
				s := c.senders[senderKey{task.Name, a}]
				c.TaskGone(task.Name, a, true, s.sent, s.seqs.max())
			}
		}
	}
	got, want := finish(t, c), newTruth(samples)
	compare(t, "total", got.Total, figures(want.total[""], seconds))
	for name, sum := range want.regions {
		compare(t, name, got.Regions[name], figures(sum, seconds))
	}
	for name, sum := range want.labels {
		compare(t, name, got.Labels[name], figures(sum, seconds))
	}
	for name, sum := range want.tasks {
		compare(t, name, got.Tasks[name].Figures, figures(sum, seconds))
	}
	wantAccounting := load.Accounting{
		TasksPlanned: 6, TasksStarted: 6, TasksReported: 6, WindowsRepeated: repeated,
		SamplesSent: int64(len(samples)), SamplesReceived: int64(len(samples)),
	}
	if d := cmp.Diff(wantAccounting, got.Accounting); d != "" {
		t.Errorf("accounting (-want +got):\n%s", d)
	}
	checkSeries(t, c, got, samples, seconds)
}

// deliver sends windows in one of the orders that a bad day has.
func deliver(t *testing.T, c *Collector, r *rand.Rand, windows []*load.Window, seed uint64) (repeated int64) {
	order := make([]*load.Window, len(windows))
	for i, at := range r.Perm(len(windows)) {
		order[i] = windows[at]
	}
	if seed%2 == 0 { // in about the right order
		order = nearlySorted(r, windows)
	}
	for i, w := range order {
		send(t, c, w)
		if r.IntN(4) == 0 {
			send(t, c, order[r.IntN(i+1)])
			repeated++
		}
		if r.IntN(3) == 0 {
			c.Tick(start.Add(10*time.Minute + time.Duration(i)*300*time.Millisecond))
		}
	}
	return repeated
}

// nearlySorted puts windows in the order of their seconds, with some of them
// far later.
func nearlySorted(r *rand.Rand, windows []*load.Window) []*load.Window {
	perSecond := map[int][]*load.Window{}
	top := 0
	for _, w := range windows {
		at := w.Second
		if r.IntN(10) == 0 {
			at += r.IntN(30)
		}
		perSecond[at] = append(perSecond[at], w)
		top = max(top, at)
	}
	var out []*load.Window
	for at := range top + 1 {
		out = append(out, perSecond[at]...)
	}
	return out
}

func compare(t *testing.T, name string, got, want load.Figures) {
	t.Helper()
	got.Started, got.Offered, got.Late = 0, 0, 0
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", name, d)
	}
}

// checkSeries wants the same answers from the spool and from the file, and both
// to hold every sample at its place.
func checkSeries(t *testing.T, c *Collector, res *Result, samples []sample, seconds int) {
	var out bytes.Buffer
	if err := res.WriteSeries(&out); err != nil {
		t.Fatal(err)
	}
	file, err := OpenSeries(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []load.SeriesQuery{
		{},
		{Points: 7},
		{Points: 20},
		{Points: 1},
		{Region: "far"},
		{Region: "near", Points: 5},
		{Label: "label 1"},
		{Label: "label 1", Region: "far", Points: 9},
		{Label: "label 1", Region: "near"},
		{Task: "far-3", Points: 10},
		{Task: "near-1", Region: "near"},
		{From: 10, To: 21},
		{From: 10, To: 21, Points: 4},
		{Label: "label 0", From: 39},
	} {
		live, err := c.Series(q)
		if err != nil {
			t.Fatalf("live %+v: %v", q, err)
		}
		stored, err := file.Query(q)
		if err != nil {
			t.Fatalf("file %+v: %v", q, err)
		}
		if d := cmp.Diff(live, stored); d != "" {
			t.Errorf("%+v: file differs from live (-live +file):\n%s", q, d)
		}
		if d := cmp.Diff(trueSeries(samples, q, seconds), stripped(stored)); d != "" {
			t.Errorf("%+v (-want +got):\n%s", q, d)
		}
	}
}

// trueSeries works the series out from the samples.
func trueSeries(samples []sample, q load.SeriesQuery, seconds int) load.Series {
	from, to, step := span(q, seconds)
	out := load.Series{Step: step}
	for at := from; at < to; at += step {
		sum := &cell{}
		for _, s := range samples {
			if s.second >= at && s.second < min(at+step, to) && (q.Region == "" || q.Region == s.region) &&
				(q.Label == "" || q.Label == s.label) && (q.Task == "" || q.Task == s.task) {
				s.addTo(sum)
			}
		}
		out.Points = append(out.Points, point(at, step, sum))
	}
	return out
}

// stripped leaves what a list of samples knows.
func stripped(s load.Series) load.Series {
	for i := range s.Points {
		p := &s.Points[i]
		p.Users, p.Started, p.Tasks = 0, 0, 0
	}
	return s
}
