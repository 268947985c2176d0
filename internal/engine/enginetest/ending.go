package enginetest

import (
	"testing"
	"time"

	"onrush.dev/onrush/internal/load"
)

// patience is more than the contract allows an engine to end in, because the
// machine that tests run on may be busy, and far less than anything here would
// take by itself.
const patience = 5 * time.Second

func requestLimit(t *testing.T, s Subject) {
	k := NewTask(t, s.New(), load.Order{Scenario: s.Quick(t), Model: load.Closed, Profile: Endless(7), Requests: 57})
	k.Start(soon())
	got := k.Wait()
	whole(t, got)
	if got.Requests != 57 {
		t.Errorf("got %d requests, want the limit of 57", got.Requests)
	}
}

func iterationLimit(t *testing.T, s Subject) {
	scenario := s.Quick(t)
	perIteration := int64(len(scenario.Requests))
	if perIteration == 0 {
		perIteration = 1
	}
	k := NewTask(t, s.New(), load.Order{Scenario: scenario, Model: load.Closed, Profile: Endless(4), Iterations: 23})
	k.Start(soon())
	got := k.Wait()
	whole(t, got)
	if got.Requests != 23*perIteration {
		t.Errorf("got %d requests, want 23 iterations of %d", got.Requests, perIteration)
	}
}

// nothing runs tasks that get no part of the run's limit.
func nothing(t *testing.T, s Subject) {
	for _, order := range []load.Order{{Requests: load.Nothing}, {Iterations: load.Nothing}} {
		order.Scenario, order.Model, order.Profile = s.Quick(t), load.Closed, Endless(3)
		k := NewTask(t, s.New(), order)
		k.Start(soon())
		if got := k.Wait(); got.Requests != 0 || got.Started != 0 {
			t.Errorf("a task without a part of the limit sent %d requests", got.Started)
		}
	}
}

func arrivalLimit(t *testing.T, s Subject) {
	groups := []load.ShareGroup{{Tasks: 3, Weight: 1}}
	sum := int64(0)
	var tasks []*Task
	for i := range 3 {
		k := NewTask(t, s.New(), load.Order{
			Scenario: s.Quick(t), Model: load.Open, Profile: Endless(200), Requests: 41,
			Share: load.Share{Groups: groups, Index: i}, Index: i, Count: 3,
		})
		k.Start(soon())
		tasks = append(tasks, k)
	}
	for _, k := range tasks {
		got := k.Wait()
		whole(t, got)
		sum += got.Requests
	}
	if sum != 41 {
		t.Errorf("all tasks sent %d requests, want the limit of 41", sum)
	}
}

// barrier stops one task just before its start and lets another one go on: what
// the first one has recorded was begun too early.
func barrier(t *testing.T, s Subject) {
	order := load.Order{Scenario: s.Quick(t), Model: load.Closed, Profile: Hold(2, 200*time.Millisecond)}
	start := time.Now().Add(500 * time.Millisecond)
	early, later := NewTask(t, s.New(), order), NewTask(t, s.New(), order)
	early.Start(start)
	later.Start(start)
	time.Sleep(time.Until(start) - 100*time.Millisecond)
	early.Stop()
	got, stopped := early.Wait(), time.Now()
	if stopped.Before(start) && (got.Requests != 0 || got.Started != 0) {
		t.Errorf("%d requests begun before the barrier", got.Started)
	}
	got = later.Wait()
	whole(t, got)
	if got.Requests == 0 {
		t.Error("nothing happened after the barrier")
	}
}

func stopEarly(t *testing.T, s Subject) {
	k := NewTask(t, s.New(), load.Order{Scenario: s.Quick(t), Model: load.Closed, Profile: Hold(2, time.Second)})
	k.Start(time.Now().Add(time.Hour))
	begin := time.Now()
	k.Stop()
	if got := k.Wait(); got.Requests != 0 {
		t.Errorf("got %d requests, want none", got.Requests)
	}
	if took := time.Since(begin); took > patience {
		t.Errorf("stop-now took %s", took)
	}
}

// both starts a task in each model.
func both(t *testing.T, s Subject, order load.Order) map[load.Model]*Task {
	t.Helper()
	tasks, start := map[load.Model]*Task{}, soon()
	for _, model := range []load.Model{load.Closed, load.Open} {
		order.Model = model
		tasks[model] = NewTask(t, s.New(), order)
		tasks[model].Start(start)
	}
	return tasks
}

// cutOff checks that all requests were begun, recorded and cut off.
func cutOff(t *testing.T, model load.Model, got Total) {
	t.Helper()
	if got.Requests == 0 || got.Requests != got.Started || got.Causes[load.CauseStopped] != got.Requests {
		t.Errorf("%s: %d begun, %d recorded, causes %v; want all of them stopped", model, got.Started, got.Requests, got.Causes)
	}
}

func stopNow(t *testing.T, s Subject) {
	tasks := both(t, s, load.Order{Scenario: s.Stuck(t), Profile: Hold(8, time.Hour)})
	time.Sleep(700 * time.Millisecond)
	for model, k := range tasks {
		begin := time.Now()
		k.Stop()
		got := k.Wait()
		if took := time.Since(begin); took > patience {
			t.Errorf("%s: stop-now took %s", model, took)
		}
		cutOff(t, model, got)
	}
}

func drain(t *testing.T, s Subject) {
	tasks := both(t, s, load.Order{Scenario: s.Quick(t), Profile: Hold(20, time.Hour)})
	for model, k := range tasks {
		k.Change(400*time.Millisecond, load.ChangeDrain, 0)
		got := k.Wait()
		if took := time.Since(k.Job.Start); took > 400*time.Millisecond+patience {
			t.Errorf("%s: Run took %s, want the drain at 400 ms to end it", model, took)
		}
		whole(t, got)
		if got.Requests == 0 {
			t.Errorf("%s: nothing was sent before the drain", model)
		}
	}
}

func drainBound(t *testing.T, s Subject) {
	tasks := both(t, s, load.Order{
		Scenario: s.Stuck(t), Profile: Hold(8, 400*time.Millisecond),
		Drain: load.Duration(300 * time.Millisecond),
	})
	for model, k := range tasks {
		got := k.Wait()
		if took := time.Since(k.Job.Start); took < 700*time.Millisecond || took > 700*time.Millisecond+patience {
			t.Errorf("%s: Run took %s, want the profile's 400 ms and the drain's 300 ms", model, took)
		}
		cutOff(t, model, got)
	}
}

func pause(t *testing.T, s Subject) {
	tasks := both(t, s, load.Order{Scenario: s.Quick(t), Profile: Hold(40, time.Second)})
	for _, k := range tasks {
		k.Change(400*time.Millisecond, load.ChangePause, 0)
		k.Change(2200*time.Millisecond, load.ChangeResume, 0)
	}
	for model, k := range tasks {
		got := k.Wait()
		whole(t, got)
		if took := time.Since(k.Job.Start); took < 2800*time.Millisecond {
			t.Errorf("%s: ended %s after the start, want the profile's second and the pause", model, took)
		}
		started := map[int]int64{}
		for _, w := range got.Windows {
			started[w.Second] += w.Started
		}
		if started[0] == 0 || started[1] != 0 || started[2] == 0 {
			t.Errorf("%s: requests begun by second: %v; want some, none while paused, some", model, started)
		}
		if want := due(k.Job.Timeline); model == load.Open && got.Requests != want {
			t.Errorf("got %d requests, want the %d of the whole profile", got.Requests, want)
		}
	}
}
