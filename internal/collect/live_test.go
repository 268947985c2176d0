package collect

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"onrush.dev/onrush/internal/load"
)

// at is the collector's clock so many milliseconds into a test.
func at(ms int) time.Time { return start.Add(time.Minute + time.Duration(ms)*time.Millisecond) }

func TestSecondIsCutWhenAllReported(t *testing.T) {
	t.Parallel()
	c := newCollector(t, testPlan(10, 2, "eu", "us"))
	running(c)
	c.Tick(at(0))
	send(t, c, window("eu-1", 0, entry("a", 10, 20)), window("eu-2", 0, entry("b", 30)), window("us-1", 0, entry("a", 40)))
	if got := c.Snapshot().Second; got != -1 {
		t.Fatalf("second %d was cut before all had reported", got)
	}
	send(t, c, window("us-2", 0))
	s := c.Snapshot()
	if s.Second != 0 || s.Total.Requests != 4 || s.Last.Requests != 4 || s.Last.Tasks != 4 || s.Last.Users != 12 {
		t.Errorf("total %d, last %+v", s.Total.Requests, s.Last)
	}
	if s.Regions["eu"].Requests != 3 || s.Labels["a"].Requests != 3 || s.RegionLast["us"].Max != 40 {
		t.Errorf("regions %+v, labels %+v, last %+v", s.Regions, s.Labels, s.RegionLast)
	}
	if got := s.Tasks["eu-1"]; got.Requests != 2 || got.Rate != 2 || got.P95 != 20 || got.Users != 3 || got.Region != "eu" {
		t.Errorf("task eu-1: %+v", got)
	}
}

func TestSecondIsCutAfterGraceAndCorrected(t *testing.T) {
	t.Parallel()
	c := newCollector(t, testPlan(10, 2, "eu"))
	running(c)
	c.Tick(at(0))
	send(t, c, window("eu-1", 0, entry("a", 10)))
	c.Tick(at(600))
	if got := c.Snapshot().Second; got != -1 {
		t.Fatalf("second %d was cut before its time", got)
	}
	c.Tick(at(700))
	if s := c.Snapshot(); s.Second != 0 || s.Last.Requests != 1 {
		t.Fatalf("second %d, last %+v", s.Second, s.Last)
	}
	send(t, c, window("eu-2", 0, entry("a", 90, 90)))
	s := c.Snapshot()
	if s.Second != 0 || s.Last.Requests != 3 || s.Last.Max != 90 || s.Last.Tasks != 2 || s.Last.Users != 6 || s.Total.Requests != 3 {
		t.Errorf("the straggler was not added: %+v", s.Last)
	}
	series, err := c.Series(load.SeriesQuery{})
	if d := cmp.Diff([]load.SeriesPoint{s.Last}, series.Points); err != nil || d != "" {
		t.Errorf("series differs from the last second: %v\n%s", err, d)
	}
}

// TestSilentTaskHoldsNobodyUp wants seconds to be cut without delay when a task
// has been silent for long.
func TestSilentTaskHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	c := newCollector(t, testPlan(10, 2, "eu"))
	running(c)
	c.Tick(at(0))
	send(t, c, window("eu-1", 0), window("eu-2", 0))
	for second := 1; second <= 5; second++ {
		send(t, c, window("eu-1", second, entry("a", 1)))
		if got, waits := c.Snapshot().Second == second, second <= patience; got == waits {
			t.Errorf("second %d is cut at once: %v", second, got)
		}
		c.Tick(at(1000 * second))
	}
	s := c.Snapshot()
	if s.Second != 5 || s.Total.Requests != 5 {
		t.Errorf("second %d with %d requests", s.Second, s.Total.Requests)
	}
	if got := s.Tasks["eu-2"].Behind; got != 5 {
		t.Errorf("eu-2 is %d seconds behind, want 5", got)
	}
	// It was stopped, not lost: all its seconds come at once.
	for second := 1; second <= 5; second++ {
		send(t, c, window("eu-2", second, entry("a", 1)))
	}
	c.Tick(at(6000))
	if got := c.Snapshot().Total.Requests; got != 10 {
		t.Errorf("%d requests after the late windows, want 10", got)
	}
}

func TestGoneTaskIsNotAwaited(t *testing.T) {
	t.Parallel()
	c := newCollector(t, testPlan(10, 2, "eu"))
	running(c)
	send(t, c, window("eu-1", 0), window("eu-2", 0), window("eu-1", 1, entry("a", 1)))
	if got := c.Snapshot().Second; got != 0 {
		t.Fatalf("second %d", got)
	}
	c.TaskGone("eu-2", 0, false, 0, 0)
	if got := c.Snapshot().Second; got != 1 {
		t.Errorf("second %d is cut, want 1", got)
	}
}

func TestGaugesOfARepeatedSecondDoNotAddUp(t *testing.T) {
	t.Parallel()
	c := newCollector(t, testPlan(10, 1, "eu"))
	w := window("eu-1", 0, entry("a", 1))
	w.Users, w.InFlight = 7, 5
	more := window("eu-1", 0, entry("a", 1))
	more.Seq, more.Users, more.InFlight, more.Partial = 2, 4, 0, true
	send(t, c, w, more)
	finish(t, c)
	if got := c.Snapshot().Last; got.Users != 4 || got.InFlight != 0 || got.Tasks != 1 || got.Requests != 2 {
		t.Errorf("last second: %+v", got)
	}
}

func TestSubscribe(t *testing.T) {
	t.Parallel()
	c := newCollector(t, testPlan(10, 1, "eu"))
	running(c)
	slow, end := c.Subscribe()
	fast, endFast := c.Subscribe()
	defer endFast()
	for second := range 5 {
		send(t, c, window("eu-1", second, entry("a", 1)))
		for s := range fast {
			if s.Second == second {
				break
			}
		}
	}
	if got := (<-slow).Second; got != 4 {
		t.Errorf("a slow reader got second %d, want the latest", got)
	}
	end()
	end()
	if _, open := <-slow; open {
		t.Error("the channel is open after its end")
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	for range fast { // ends, because Close closes it
	}
	after, _ := c.Subscribe()
	if got := (<-after).Second; got != 4 {
		t.Errorf("second %d after Close", got)
	}
	if _, err := c.Series(load.SeriesQuery{}); load.ErrorCode(err) != load.Unavailable {
		t.Errorf("series after Close: %v", err)
	}
	if err := c.Window(nil); load.ErrorCode(err) != load.Unavailable {
		t.Errorf("window after Close: %v", err)
	}
}

// TestQuietRunIsPublished wants a snapshot each second when nothing comes in.
func TestQuietRunIsPublished(t *testing.T) {
	t.Parallel()
	c := newCollector(t, testPlan(10, 1, "eu"))
	snapshots, end := c.Subscribe()
	defer end()
	<-snapshots
	seen := 0
	for ms := 0; ms <= 3000; ms += 100 {
		c.Tick(at(ms))
		select {
		case <-snapshots:
			seen++
		default:
		}
	}
	if seen != 4 {
		t.Errorf("%d snapshots in three quiet seconds, want 4", seen)
	}
}

func TestSeriesErrors(t *testing.T) {
	t.Parallel()
	c := newCollector(t, testPlan(10, 1, "eu"))
	send(t, c, window("eu-1", 0, entry("a", 1)))
	for _, test := range []struct {
		q    load.SeriesQuery
		code load.Code
	}{
		{load.SeriesQuery{Task: "eu-1", Label: "a"}, load.Invalid},
		{load.SeriesQuery{Task: "eu-9"}, load.NotFound},
		{load.SeriesQuery{Region: "us", Task: "eu-1"}, load.NotFound},
		{load.SeriesQuery{Label: "b"}, load.NotFound},
		{load.SeriesQuery{Region: "us", Label: "a"}, load.NotFound},
	} {
		_, err := c.Series(test.q)
		var e *load.Error
		if load.ErrorCode(err) != test.code || !errors.As(err, &e) {
			t.Errorf("%+v: got %v, want code %s", test.q, err, test.code)
		}
	}
	for _, q := range []load.SeriesQuery{{From: 5}, {From: 3, To: 2}, {To: -1, From: -4}} {
		if s, err := c.Series(q); err != nil || s.Step != 1 {
			t.Errorf("%+v: %+v, %v", q, s, err)
		}
	}
}
