package load

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

func points(pairs ...float64) Profile {
	var p Profile
	for i := 0; i < len(pairs); i += 2 {
		p.Points = append(p.Points, Point{At: Duration(pairs[i] * 1e9), Level: pairs[i+1]})
	}
	return p
}

func seconds(s float64) time.Duration { return time.Duration(s * 1e9) }

func change(at float64, kind ChangeKind, level ...float64) Change {
	c := Change{At: Duration(at * 1e9), Kind: kind}
	if len(level) > 0 {
		c.Level = level[0]
	}
	return c
}

func TestTimeline(t *testing.T) {
	t.Parallel()
	ramp := points(0, 0, 10, 100, 20, 100, 30, 0)
	hold := points(0, 50, 10, 50)
	endless := Profile{Points: points(0, 0, 10, 10).Points, Endless: true}
	for _, test := range []struct {
		name     string
		profile  Profile
		changes  []Change
		at       float64
		level    float64
		arrivals float64
		end      float64 // -1: not known
	}{
		{"start of a ramp", ramp, nil, 0, 0, 0, 30},
		{"middle of a ramp", ramp, nil, 5, 50, 125, 30},
		{"hold", ramp, nil, 15, 100, 1000, 30},
		{"ramp down", ramp, nil, 25, 50, 1875, 30},
		{"at the end", ramp, nil, 30, 0, 2000, 30},
		{"after the end", ramp, nil, 99, 0, 2000, 30},
		{"before the start", ramp, nil, -1, 0, 0, 30},
		{"jump", points(0, 10, 5, 10, 5, 20, 10, 20), nil, 5, 20, 50, 10},
		{"jump at the start", points(0, 0, 0, 20, 10, 20), nil, 0, 20, 0, 10},
		{"endless", endless, nil, 1000, 10, 9950, -1},
		{"no points", Profile{}, nil, 1, 0, 0, 0},
		{"level change", hold, []Change{change(4, ChangeLevel, 100)}, 6, 100, 400, 10},
		{"level change keeps the end", ramp, []Change{change(5, ChangeLevel, 10)}, 29, 10, 125 + 240, 30},
		{"two level changes", hold, []Change{change(2, ChangeLevel, 0), change(6, ChangeLevel, 10)}, 8, 10, 120, 10},
		{"changes out of order", hold, []Change{change(6, ChangeLevel, 10), change(2, ChangeLevel, 0)}, 8, 10, 120, 10},
		{"change after the end", hold, []Change{change(11, ChangeLevel, 10)}, 12, 0, 500, 10},
		{"paused", hold, []Change{change(4, ChangePause)}, 6, 0, 200, -1},
		{"paused for good", hold, []Change{change(4, ChangePause)}, 600, 0, 200, -1},
		{"resumed", hold, []Change{change(4, ChangePause), change(7, ChangeResume)}, 8, 50, 250, 13},
		{"ramp resumed", ramp, []Change{change(5, ChangePause), change(7, ChangeResume)}, 7, 50, 125, 32},
		{"level set in a pause", hold, []Change{change(4, ChangePause), change(5, ChangeLevel, 1), change(7, ChangeResume)}, 8, 1, 201, 13},
		{"paused before the start", hold, []Change{change(-1, ChangePause), change(1, ChangeResume)}, 2, 50, 50, 11},
		{"drain", hold, []Change{change(4, ChangeDrain)}, 5, 0, 200, 4},
		{"drain in a pause", hold, []Change{change(3, ChangePause), change(4, ChangeDrain)}, 5, 0, 150, 4},
		{"stop of an endless run", endless, []Change{change(20, ChangeStop)}, 30, 0, 150, 20},
		{"resume after a drain", hold, []Change{change(4, ChangeDrain), change(5, ChangeResume)}, 6, 0, 200, 4},
	} {
		line := NewTimeline(test.profile, test.changes)
		if got := line.Level(seconds(test.at)); math.Abs(got-test.level) > 1e-9 {
			t.Errorf("%s: level at %vs is %v, want %v", test.name, test.at, got, test.level)
		}
		if got := line.Arrivals(seconds(test.at)); math.Abs(got-test.arrivals) > 1e-9 {
			t.Errorf("%s: arrivals up to %vs are %v, want %v", test.name, test.at, got, test.arrivals)
		}
		end, known := line.End()
		if known != (test.end >= 0) || known && end != seconds(test.end) {
			t.Errorf("%s: end is %v, %v, want %vs", test.name, end, known, test.end)
		}
	}
}

func TestDrainAndStop(t *testing.T) {
	t.Parallel()
	line := NewTimeline(points(0, 1, 10, 1), nil)
	if line.Draining(seconds(20)) {
		t.Error("a run that ended by itself was told to drain")
	}
	line.Add(change(5, ChangeDrain))
	if line.Draining(seconds(4.9)) || !line.Draining(seconds(5)) || line.Stopping(seconds(9)) {
		t.Error("a drain at second 5 is not seen from second 5 on, or seen as a stop")
	}
	line.Add(change(7, ChangeStop))
	if end, _ := line.End(); end != seconds(5) || line.Stopping(seconds(6)) || !line.Stopping(seconds(7)) {
		t.Error("a stop in a drain changes the end, or is not seen")
	}
	late := NewTimeline(points(0, 1, 10, 1), []Change{change(30, ChangeStop)})
	if end, known := late.End(); end != seconds(10) || !known || late.Stopping(seconds(29)) || !late.Stopping(seconds(30)) {
		t.Error("a stop after the end moves the end, or is not seen")
	}
}

// randomTimeline has ramps, jumps, holds, nothing for a while, pauses and level
// changes.
func randomTimeline(r *rand.Rand) *Timeline {
	var p Profile
	at := 0.0
	level := func() float64 { return []float64{0, 1, 0.3, 7, 100, 12345.678}[r.IntN(6)] }
	for range 2 + r.IntN(5) {
		p.Points = append(p.Points, Point{At: Duration(at * 1e9), Level: level()})
		at += []float64{0, 0.001, 1, 2.5, 10}[r.IntN(5)]
	}
	line := NewTimeline(p, nil)
	for range r.IntN(5) {
		kinds := []ChangeKind{ChangeLevel, ChangePause, ChangeResume, ChangeResume}
		line.Add(change(r.Float64()*at*1.2, kinds[r.IntN(len(kinds))], level()))
	}
	line.Add(change(at*1.2, ChangeResume))
	return line
}

// TestDueIsTheInverseOfArrivals: at the instant at which arrival k is due, k
// arrivals have come due before it; none is due before the start or after the
// end, and they are in order.
func TestDueIsTheInverseOfArrivals(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		line := randomTimeline(r)
		total, known := line.Total()
		end, _ := line.End()
		if !known {
			t.Fatal("the timeline has no end")
		}
		if _, ok := line.Due(total); ok {
			t.Errorf("of %d arrivals, one more is due", total)
		}
		last := time.Duration(0)
		for k := int64(0); k < total; k += 1 + total/997 {
			due, ok := line.Due(k)
			if !ok || due < last || due > end {
				t.Fatalf("arrival %d of %d is due at %v, %v; the one before at %v, the end is %v", k, total, due, ok, last, end)
			}
			// A nanosecond of rounding is rate/1e9 arrivals.
			if got := line.Arrivals(due); math.Abs(got-float64(k)) > 1e-4 {
				t.Fatalf("arrival %d is due at %v, where %v have come due", k, due, got)
			}
			if line.Paused(due) {
				t.Fatalf("arrival %d is due at %v, in a pause", k, due)
			}
			last = due
		}
	}
}

// TestArrivalsAreContinuous: no change makes the sum jump or fall, and what was
// due before a change stays.
func TestArrivalsAreContinuous(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		line := randomTimeline(r)
		last := 0.0
		end, _ := line.End()
		step := end/1000 + 1
		for at := time.Duration(0); at <= end+step; at += step {
			got := line.Arrivals(at)
			if most := 12346 * step.Seconds(); got < last || got > last+most+1e-6 {
				t.Fatalf("arrivals go from %v to %v within %v", last, got, step)
			}
			last = got
		}
		at := time.Duration(r.Int64N(int64(end) + 1))
		before := line.Arrivals(at)
		line.Add(Change{At: Duration(at), Kind: ChangeLevel, Level: 5})
		if after := line.Arrivals(at); math.Abs(after-before) > 1e-6 {
			t.Fatalf("a change at %v moves its arrivals from %v to %v", at, before, after)
		}
	}
}

// TestTotalsAreWhole: rates that are no sums of powers of two give as many
// arrivals as a person would say.
func TestTotalsAreWhole(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		rate string
		for_ float64
		want int64
	}{{"200", 30, 6000}, {"1000/h", 90, 25}, {"0.1", 100, 10}, {"7/m", 3600, 420}, {"100", 0.01, 1}, {"1/m", 90, 2}, {"33.3", 86400, 2877120}, {"1/h", 3600, 1}} {
		var rate Rate
		if err := rate.UnmarshalText([]byte(test.rate)); err != nil {
			t.Fatal(err)
		}
		line := NewTimeline(points(0, float64(rate), test.for_, float64(rate)), nil)
		if got, _ := line.Total(); got != test.want {
			t.Errorf("%s for %vs: %d arrivals, want %d", test.rate, test.for_, got, test.want)
		}
	}
}

// TestUsersFollowTheRamp: all tasks together have as many users as the level
// says, at every instant, and the same one is never in two tasks.
func TestUsersFollowTheRamp(t *testing.T) {
	t.Parallel()
	line := NewTimeline(points(0, 0, 10, 50, 20, 50, 30, 0), nil)
	all := shares(ShareGroup{3, 5}, ShareGroup{2, 2})
	for at := time.Duration(0); at < seconds(31); at += 37 * time.Millisecond {
		sum := 0
		for _, s := range all {
			sum += line.Users(at, s)
		}
		if want := int(math.Ceil(snap(line.Level(at)))); sum != want {
			t.Fatalf("at %v the tasks have %d users together, want %d", at, sum, want)
		}
	}
	for at := seconds(10); at < seconds(20); at += seconds(1) {
		if got := line.Users(at, all[0]); got != 14 { // 50 * 5/19 = 13.2, and the first of its kind is ahead
			t.Errorf("at %v the first task has %d users, want 14", at, got)
		}
	}
}

func TestTimelineIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	line := NewTimeline(Profile{Points: points(0, 100).Points, Endless: true}, nil)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for n := range int64(100) {
				<-line.Changed() // closed at least once more: see below
				line.Due(n)
				line.Users(seconds(1), Share{})
				line.End()
				if n%20 == 0 {
					line.Add(change(float64(n), ChangePause))
				}
			}
		})
	}
	done := make(chan struct{})
	go func() {
		group.Wait()
		close(done)
	}()
	for n := 0; ; n++ {
		select {
		case <-done:
			return
		default:
			line.Add(change(float64(n%50), ChangeLevel, float64(n)))
		}
	}
}

func TestChangedIsClosedAtEachChange(t *testing.T) {
	t.Parallel()
	line := NewTimeline(points(0, 1, 1, 1), nil)
	for range 2 {
		changed := line.Changed()
		select {
		case <-changed:
			t.Fatal("closed before a change")
		default:
		}
		line.Add(change(0.5, ChangeLevel, 2))
		select {
		case <-changed:
		default:
			t.Fatal("not closed by a change")
		}
	}
}

func TestTimelineReadsAllocateNothing(t *testing.T) {
	line := NewTimeline(points(0, 0, 10, 1000, 100, 1000), nil)
	s := Share{Groups: []ShareGroup{{3, 2}, {2, 3}}, Group: 1}
	if n := testing.AllocsPerRun(100, func() {
		line.Due(5000)
		line.Level(seconds(5))
		line.Users(seconds(5), s)
		line.End()
	}); n != 0 {
		t.Errorf("reads allocate %v times, want never", n)
	}
}

func BenchmarkDue(b *testing.B) {
	line := NewTimeline(points(0, 0, 10, 1e5, 20, 1e5, 20, 5e4, 1000, 5e4), []Change{change(3, ChangePause), change(4, ChangeResume)})
	b.ReportAllocs()
	for k := int64(0); b.Loop(); k++ {
		line.Due(k % 1_000_000)
	}
}
