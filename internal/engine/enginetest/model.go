package enginetest

import (
	"testing"
	"time"

	"onrush.dev/onrush/internal/load"
)

// soon is a start that all engines can meet.
func soon() time.Time { return time.Now().Add(20 * time.Millisecond) }

// whole checks that every request begun is recorded, and that nothing failed.
func whole(t *testing.T, got Total) {
	t.Helper()
	if got.Requests != got.Started {
		t.Errorf("%d requests begun, %d recorded", got.Started, got.Requests)
	}
	if got.Failures != 0 {
		t.Errorf("got failures %v, want none", got.Causes)
	}
	if n := got.Latency.Count(); n != got.Requests {
		t.Errorf("%d requests with %d latencies", got.Requests, n)
	}
}

func closedModel(t *testing.T, s Subject) {
	k := NewTask(t, s.New(), load.Order{Scenario: s.Quick(t), Model: load.Closed, Profile: Hold(3, 1500*time.Millisecond)})
	start := soon()
	k.Start(start)
	got := k.Wait()
	if took := time.Since(start); took < 1500*time.Millisecond {
		t.Errorf("Run returned after %s, before the profile's end", took)
	}
	whole(t, got)
	if got.Requests < 3 {
		t.Errorf("got %d requests from 3 users", got.Requests)
	}
	if users := got.Windows[0].Users; users != 3 {
		t.Errorf("got %d users after a second, want 3", users)
	}
	for _, w := range got.Windows {
		if w.InFlight > 3 || w.Users > 3 {
			t.Errorf("second %d: %d users, %d in flight, want at most 3", w.Second, w.Users, w.InFlight)
		}
	}
	if got.Service.Count() != 0 || got.Lag.Count() != 0 {
		t.Error("the closed model has no service time and no lag of its own")
	}
}

func openModel(t *testing.T, s Subject) {
	k := NewTask(t, s.New(), load.Order{Scenario: s.Quick(t), Model: load.Open, Profile: Hold(100, 1200*time.Millisecond)})
	k.Start(soon())
	got := k.Wait()
	whole(t, got)
	if want := due(k.Job.Timeline); got.Requests != want || got.Offered != want {
		t.Errorf("got %d requests, %d offered, want %d of each", got.Requests, got.Offered, want)
	}
	if got.Service.Count() != got.Requests || got.Lag.Count() != got.Requests {
		t.Errorf("%d requests have %d service times and %d lags", got.Requests, got.Service.Count(), got.Lag.Count())
	}
	if got.Latency.Mean() < got.Service.Mean() {
		t.Errorf("mean latency %v is below mean service time %v", got.Latency.Mean(), got.Service.Mean())
	}
}

// due counts the arrivals of a whole run.
func due(line *load.Timeline) int64 {
	for k := int64(0); ; k++ {
		if _, ok := line.Due(k); !ok {
			return k
		}
	}
}

func sharedArrivals(t *testing.T, s Subject) {
	groups := []load.ShareGroup{{Tasks: 2, Weight: 3}, {Tasks: 1, Weight: 1}}
	shares := []load.Share{
		{Groups: groups, Group: 0, Index: 0},
		{Groups: groups, Group: 0, Index: 1},
		{Groups: groups, Group: 1, Index: 0},
	}
	scenario, start := s.Quick(t), soon()
	tasks := make([]*Task, len(shares))
	for i, share := range shares {
		tasks[i] = NewTask(t, s.New(), load.Order{
			Scenario: scenario, Model: load.Open, Profile: Hold(91, time.Second),
			Share: share, Index: i, Count: len(shares),
		})
		tasks[i].Start(start)
	}
	sum := int64(0)
	for i, k := range tasks {
		got := k.Wait()
		whole(t, got)
		if want := shares[i].Count(due(k.Job.Timeline)); got.Requests != want {
			t.Errorf("task %d: got %d requests, want its share of %d", i, got.Requests, want)
		}
		sum += got.Requests
	}
	if want := due(tasks[0].Job.Timeline); sum != want {
		t.Errorf("all tasks sent %d requests, want %d", sum, want)
	}
}

func skippedArrivals(t *testing.T, s Subject) {
	k := NewTask(t, s.New(), load.Order{
		Scenario: s.Quick(t), Model: load.Open, Profile: Hold(50, 2*time.Second),
		Skip: load.Duration(time.Second),
	})
	k.Start(time.Now().Add(-990 * time.Millisecond))
	got := k.Wait()
	whole(t, got)
	all := due(k.Job.Timeline)
	if got.Requests < all/2-1 || got.Requests > all/2+1 {
		t.Errorf("a replacement in the middle sent %d of %d arrivals", got.Requests, all)
	}
}

func levelChange(t *testing.T, s Subject) {
	k := NewTask(t, s.New(), load.Order{Scenario: s.Quick(t), Model: load.Closed, Profile: Hold(1, 2100*time.Millisecond)})
	k.Start(soon())
	k.Change(300*time.Millisecond, load.ChangeLevel, 5)
	got := k.Wait()
	whole(t, got)
	if users := got.Windows[1].Users; users != 5 {
		t.Errorf("got %d users after the change, want 5", users)
	}
}

func rateChange(t *testing.T, s Subject) {
	k := NewTask(t, s.New(), load.Order{Scenario: s.Quick(t), Model: load.Open, Profile: Hold(1, 1500*time.Millisecond)})
	k.Start(soon())
	k.Change(300*time.Millisecond, load.ChangeLevel, 200)
	got := k.Wait()
	whole(t, got)
	if want := due(k.Job.Timeline); got.Requests != want || want < 200 {
		t.Errorf("got %d requests, want %d", got.Requests, want)
	}
}
