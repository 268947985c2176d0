package collect

import (
	"math"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/load"
)

// criterion makes one with a text that tests can read.
func criterion(metric, op string, value float64, change ...func(*load.Criterion)) load.Criterion {
	c := load.Criterion{Metric: metric, Op: op, Value: value, Text: metric + " " + op + " " + number(value)}
	for _, f := range change {
		f(&c)
	}
	return c
}

func of(label string) func(*load.Criterion)  { return func(c *load.Criterion) { c.Label = label } }
func in(region string) func(*load.Criterion) { return func(c *load.Criterion) { c.Region = region } }
func stop(c *load.Criterion)                 { c.Stop = true }
func share(c *load.Criterion)                { c.Percent = true }
func within(seconds int) func(*load.Criterion) {
	return func(c *load.Criterion) { c.For = load.Duration(time.Duration(seconds) * time.Second) }
}

// judgedRun has 20 seconds under load: label a in eu takes 10 ms, but 100 ms in
// seconds 8 and 9; label b in us takes 50 ms and fails in every tenth request.
func judgedRun(t *testing.T, criteria ...load.Criterion) *Collector {
	c := newCollector(t, testPlan(20, 1, "eu", "us"), criteria...)
	running(c)
	for second := range 20 {
		slow := 10.0
		if second == 8 || second == 9 {
			slow = 100
		}
		b := entry("b", 50, 50, 50, 50, 50, 50, 50, 50, 50, 50)
		b.Failures, b.Causes = 1, map[load.Cause]int64{load.CauseTimeout: 1}
		w := window("us-1", second, b)
		w.Sent = int64(second+1) * 10
		send(t, c, window("eu-1", second, entry("a", slow, slow)), w)
	}
	return c
}

func TestCriteria(t *testing.T) {
	t.Parallel()
	tests := []struct {
		c       load.Criterion
		verdict load.Verdict
		found   float64
		text    string
		at      int // -1: none
		why     string
	}{
		{criterion("p50", "<", 60), load.Passed, 50, "50.05 ms", -1, ""},
		{criterion("p99", "<", 60), load.Failed, 100, "100 ms", -1, ""},
		{criterion("p95", "<", 60, of("b")), load.Passed, 50, "50 ms", -1, ""},
		{criterion("max", "<=", 100), load.Passed, 100, "100 ms", -1, ""},
		{criterion("max", "<", 100, of("a"), in("eu")), load.Failed, 100, "100 ms", -1, ""},
		{criterion("min", ">", 20), load.Failed, 10, "10 ms", -1, ""},
		{criterion("mean", "<", 20, in("eu")), load.Passed, 19, "19 ms", -1, ""},
		{criterion("ttfb p95", "<", 30), load.Passed, 25, "25.02 ms", -1, ""},
		{criterion("failures", "<", 0.05, share), load.Failed, 20.0 / 240, "8.333 %", -1, ""},
		{criterion("failures", "<=", 20), load.Passed, 20, "20", -1, ""},
		{criterion("failures", "<", 0.01, share, of("a")), load.Passed, 0, "0 %", -1, ""},
		{criterion("status 2xx", ">=", 1, share), load.Passed, 1, "100 %", -1, ""},
		{criterion("status 200-299", "<", 240, within(20)), load.Failed, 240, "240", 19, "1 of 1 windows broke it, first seconds 0 to 19, worst seconds 0 to 19"},
		{criterion("requests", ">", 240), load.Failed, 240, "240", -1, ""},
		{criterion("rate", ">=", 12), load.Passed, 12, "12 requests/s", -1, ""},
		{criterion("rate", ">=", 11, in("us")), load.Failed, 10, "10 requests/s", -1, ""},
		{criterion("bandwidth", ">", 12001), load.Failed, 12000, "12 kB/s", -1, ""},
		// Windows: two slow seconds are all of a window of 2, not half of one of 5.
		{criterion("p50", "<", 60, within(2), in("eu")), load.Failed, 100, "100 ms", 9, "1 of 19 windows broke it, first seconds 8 to 9, worst seconds 8 to 9"},
		{criterion("p50", "<", 60, within(5), in("eu")), load.Passed, 10, "10.02 ms", -1, "worst in seconds 4 to 8"},
		{criterion("mean", "<", 45, within(5), in("eu")), load.Failed, 46, "46 ms", 9, "4 of 16 windows broke it, first seconds 5 to 9, worst seconds 5 to 9"},
		{criterion("rate", ">", 11.5, within(10)), load.Passed, 12, "12 requests/s", -1, "worst in seconds 0 to 9"},
		{criterion("p50", "<", 60, within(21)), load.NotJudged, math.NaN(), "", -1, "20 seconds were measured, its windows are of 21"},
		// Nothing to go by.
		{criterion("p50", "<", 60, of("c")), load.NotJudged, math.NaN(), "", -1, "nothing was measured of label c"},
		{criterion("p50", "<", 60, of("a"), in("us")), load.NotJudged, math.NaN(), "", -1, "nothing was measured of region us, label a"},
		{criterion("connect p95", "<", 60), load.NotJudged, math.NaN(), "", -1, "nothing was measured of it"},
		{criterion("connect p95", "<", 60, within(3)), load.NotJudged, math.NaN(), "", -1, "nothing was measured of it"},
		{criterion("lag p99", "<", 60, of("a")), load.NotJudged, math.NaN(), "", -1, "schedule lag is not kept by label"},
		{criterion("p101", "<", 60), load.NotJudged, math.NaN(), "", -1, `"p101" is no percentile: write p50 to p99.99, with at most three digits after the point`},
	}
	var criteria []load.Criterion
	for _, test := range tests {
		criteria = append(criteria, test.c)
	}
	results := finish(t, judgedRun(t, criteria...)).Criteria
	for i, test := range tests {
		got := results[i]
		name := test.c.Text + " " + test.c.Label + " " + test.c.Region + " " + time.Duration(test.c.For).String()
		found, at := math.NaN(), -1
		if got.Found != nil {
			found = *got.Found
		}
		if got.At != nil {
			at = *got.At
		}
		// 0.4 % is what a histogram promises.
		near := math.IsNaN(found) && math.IsNaN(test.found) || math.Abs(found-test.found) <= 0.004*test.found
		if got.Verdict != test.verdict || !near || at != test.at || got.Why != test.why || got.FoundText != test.text {
			t.Errorf("%s: got %s, %v (%s) at %d, %q; want %s, %v (%s) at %d, %q",
				name, got.Verdict, found, got.FoundText, at, got.Why, test.verdict, test.found, test.text, test.at, test.why)
		}
	}
}

// TestStop sends a run second by second and wants Stop to speak up in the right
// one.
func TestStop(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		c    load.Criterion
		at   int // -1: never
		why  string
	}{
		{"window", criterion("p95", "<", 40, within(3), stop, of("a")), 10, "first seconds 8 to 10"},
		{"run so far, from 5 s on", criterion("failures", "<", 0.01, share, stop, of("b")), 9, "judged after 10 seconds and 100 requests"},
		{"count", criterion("failures", "<", 3, stop), 2, "judged after 3 seconds"},
		{"more requests may come", criterion("requests", ">", 1000, stop), -1, ""},
		{"rate may grow", criterion("rate", ">", 1000, stop), -1, ""},
		{"rate over windows", criterion("rate", ">", 1000, within(4), stop), 3, "first seconds 0 to 3"},
		{"only marked", criterion("p95", "<", 1), -1, ""},
		{"kept", criterion("p95", "<", 60, stop), -1, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newCollector(t, testPlan(20, 1, "eu"), test.c)
			running(c)
			at := -1
			for second := range 20 {
				slow := 5.0
				if second >= 10 {
					slow = 50
				}
				b := entry("b", slow, slow, slow, slow, slow, slow, slow, slow, slow, slow)
				b.Failures = 1
				send(t, c, window("eu-1", second, entry("a", slow), b))
				if c.Stop() != nil && at < 0 {
					at = second
				}
			}
			if at != test.at {
				t.Fatalf("stopped in second %d, want %d: %+v", at, test.at, c.Stop())
			}
			if at >= 0 && !strings.Contains(c.Stop().Why, test.why) {
				t.Errorf("why is %q, want %q in it", c.Stop().Why, test.why)
			}
		})
	}
}

// TestBreachStays holds that a run which a criterion stopped has failed it,
// even if what came after mended the figure.
func TestBreachStays(t *testing.T) {
	t.Parallel()
	c := newCollector(t, testPlan(0, 1, "eu"), criterion("failures", "<", 0.5, share, stop))
	running(c)
	for second := range 10 {
		e := entry("a", make([]float64, 30)...)
		if second < 5 {
			e.Failures = 29
		}
		send(t, c, window("eu-1", second, e))
	}
	got := finish(t, c).Criteria[0]
	if got.Verdict != load.Failed || !strings.HasSuffix(got.Why, "; 48.33 % in the end") {
		t.Errorf("got %+v", got)
	}
}

// TestDrainIsNotJudgedAsSlow wants the seconds after the load's end to count
// for how the target answered, and not for how much load there was.
func TestDrainIsNotJudgedAsSlow(t *testing.T) {
	t.Parallel()
	rate := criterion("rate", ">=", 2, within(5), stop)
	slow := criterion("max", "<", 60, within(5))
	c := newCollector(t, testPlan(60, 1, "eu"), rate, slow)
	running(c)
	c.Changes([]load.Change{{At: load.Duration(20 * time.Second), Kind: load.ChangeDrain}})
	for second := range 20 {
		send(t, c, window("eu-1", second, entry("a", 10, 10)))
	}
	send(t, c, window("eu-1", 20), window("eu-1", 21), window("eu-1", 22, entry("a", 70)))
	got := finish(t, c).Criteria
	if got[0].Verdict != load.Passed || c.Stop() != nil {
		t.Errorf("rate: %+v", got[0])
	}
	if got[1].Verdict != load.Failed || *got[1].At != 22 {
		t.Errorf("max: %+v", got[1])
	}
}

// TestLateWindowsAreJudged wants a window that came after its second was cut to
// count for the criteria as any other.
func TestLateWindowsAreJudged(t *testing.T) {
	t.Parallel()
	c := newCollector(t, testPlan(10, 2, "eu"), criterion("max", "<", 40, within(3)))
	running(c)
	var late *load.Window
	for second := range 10 {
		w := window("eu-2", second, entry("a", 5))
		if second == 4 {
			w, late = nil, window("eu-2", second, entry("a", 90))
		}
		send(t, c, window("eu-1", second, entry("a", 5)))
		if w != nil {
			send(t, c, w)
		}
	}
	c.Tick(start.Add(time.Minute))
	if got := c.Snapshot().Criteria[0]; got.Verdict != load.Passed {
		t.Fatalf("before the late window: %+v", got)
	}
	send(t, c, late)
	got := finish(t, c).Criteria[0]
	if got.Verdict != load.Failed || *got.At != 4 || *got.Found != 90 {
		t.Errorf("after the late window: %+v", got)
	}
}
