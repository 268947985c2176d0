package fleettest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

func testLife(s *suite) {
	d := s.driver()
	run := s.run(d)
	before := time.Now().Add(-time.Minute)
	started := s.start(d, specs(run, "wait", "eu-1", "eu-2"))
	for i, task := range []string{"eu-1", "eu-2"} {
		got := s.await(d, run, task+"/0", fleet.Up)
		if got.ID != started[i].Instance || got.Started.Before(before) || !got.Ended.IsZero() || got.ExitCode != nil {
			s.Errorf("instance %+v does not fit the answer %+v", got, started[i])
		}
	}
	for range 2 { // nothing to stop is no error
		s.must(d.Stop(s.Context(), run))
		s.wantNothingLeft(d, run)
	}
	s.must(d.Stop(s.Context(), "never-started"))
}

func testIdempotent(s *suite) {
	d := s.driver()
	run := s.run(d)
	list := specs(run, "wait", "eu-1", "eu-2")
	first := s.start(d, list[:1])
	second := s.start(d, list)
	if second[0].Instance != first[0].Instance {
		s.Errorf("a second start made instance %s, want the old %s", second[0].Instance, first[0].Instance)
	}
	if got := s.instances(d, run); len(got) != 2 {
		s.Errorf("the list has %v, want two instances", got)
	}
	// One that has ended is not started again either: a new try is an attempt.
	ended := specs(run, "done", "eu-3")
	s.start(d, ended)
	s.await(d, run, "eu-3/0", fleet.Gone)
	s.start(d, ended)
	if got := s.instances(d, run)["eu-3/0"]; got.State != fleet.Gone {
		s.Errorf("a task that had ended is %s after a second start", got.State)
	}
}

func testPartial(s *suite) {
	d := s.limited(2)
	run := s.run(d)
	list := specs(run, "wait", "eu-1", "eu-2", "eu-3")
	answers, err := d.Start(s.Context(), list)
	s.must(err)
	if len(answers) != 3 || answers[0].Err != nil || answers[1].Err != nil {
		s.Fatalf("got answers %+v", answers)
	}
	var refused *fleet.StartError
	if !errors.As(answers[2].Err, &refused) || refused.Kind != fleet.Quota || refused.Remedy == "" || answers[2].Instance != "" {
		s.Fatalf("the third of two: got %+v, want a quota error with a remedy", answers[2])
	}
	for _, word := range []string{"eu-3", "2"} {
		if !strings.Contains(refused.Reason, word) {
			s.Errorf("reason %q does not name %q", refused.Reason, word)
		}
	}
	if again := s.start(d, list[:2]); again[0].Instance != answers[0].Instance {
		s.Errorf("a full region did not answer for a task that it has")
	}
	s.must(d.Stop(s.Context(), run, "eu-1"))
	s.start(d, list[2:]) // there is room again
}

func testCapacity(s *suite) {
	d := s.limited(5)
	run := s.run(d)
	s.start(d, specs(run, "wait", "eu-1", "eu-2"))
	s.await(d, run, "eu-1/0", fleet.Up)
	s.await(d, run, "eu-2/0", fleet.Up)
	got, err := d.Capacity(s.Context())
	s.must(err)
	if got.Limit != 5 || got.InUse < 2 || got.Note == "" {
		s.Errorf("got capacity %+v, want limit 5, at least 2 in use, and a note", got)
	}
}

func testRunsApart(s *suite) {
	d := s.driver()
	mine, other := s.run(d), s.run(d)
	s.start(d, specs(mine, "wait", "eu-1"))
	s.start(d, specs(other, "wait", "eu-1", "eu-2"))
	if got := slices.Sorted(maps.Keys(s.instances(d, mine))); !slices.Equal(got, []string{"eu-1/0"}) {
		s.Errorf("the list of one run has %v", got)
	}
	all := s.instances(d, "")
	for _, key := range []string{mine + "/eu-1/0", other + "/eu-1/0", other + "/eu-2/0"} {
		if all[key].State == "" {
			s.Errorf("the list of all runs lacks %s", key)
		}
	}
	s.must(d.Stop(s.Context(), mine))
	for _, key := range []string{"eu-1/0", "eu-2/0"} {
		if got := s.instances(d, other)[key]; got.State == fleet.Gone {
			s.Errorf("stop of another run ended %s", key)
		}
	}
}

func testAttempts(s *suite) {
	d := s.driver()
	run := s.run(d)
	s.start(d, specs(run, "quit", "eu-1"))
	s.await(d, run, "eu-1/0", fleet.Gone)
	second := specs(run, "wait", "eu-1")
	second[0].Attempt = 1
	s.start(d, second)
	s.await(d, run, "eu-1/1", fleet.Up)
	if got := s.instances(d, run)["eu-1/0"]; got.State != fleet.Gone {
		s.Errorf("the first attempt is %q beside the second, want it gone", got.State)
	}
	s.awaitLog(d, run, "eu-1", "up and waiting")
	s.must(d.Stop(s.Context(), run, "eu-1"))
	s.wantNothingLeft(d, run)
}

func testConcurrent(s *suite) {
	d := s.driver()
	run := s.run(d)
	var tasks []string
	for i := range 8 {
		tasks = append(tasks, fmt.Sprintf("eu-%d", i))
	}
	list := specs(run, "wait", tasks...)
	var all sync.WaitGroup
	answers := make([][]fleet.Started, 4)
	for i := range answers {
		all.Go(func() {
			var err error
			if answers[i], err = d.Start(s.Context(), list); err != nil {
				s.Error(err)
			}
		})
		all.Go(func() {
			if _, err := d.List(s.Context(), run); err != nil {
				s.Error(err)
			}
		})
	}
	all.Wait()
	for i := range answers {
		if !slices.Equal(answers[i], answers[0]) {
			s.Errorf("starts at the same time answered %v and %v", answers[0], answers[i])
		}
	}
	if got := s.instances(d, run); len(got) != len(tasks) {
		s.Errorf("%d instances after four starts of %d tasks at once", len(got), len(tasks))
	}
	for range 3 {
		all.Go(func() {
			if err := d.Stop(s.Context(), run); err != nil {
				s.Error(err)
			}
		})
	}
	all.Wait()
	s.wantNothingLeft(d, run)
}

func testNames(s *suite) {
	d := s.driver()
	run := s.run(d)
	s.start(d, specs(run, "wait", "eu-1"))
	for _, bad := range []string{"..", "../" + run, "a/b", ""} {
		for _, spec := range []fleet.TaskSpec{{Run: bad, Task: "eu-1", Ticket: "wait"}, {Run: run, Task: bad, Ticket: "wait"}} {
			answers, err := d.Start(s.Context(), []fleet.TaskSpec{spec})
			if err == nil && answers[0].Err == nil {
				s.Errorf("started task %q of run %q", spec.Task, spec.Run)
			}
		}
		if err := d.Stop(s.Context(), bad); err == nil && bad == "" {
			s.Error("stop without a run is not an error")
		}
	}
	if got := s.await(d, run, "eu-1/0", fleet.Up); got.ID == "" {
		s.Error("an instance without id")
	}
}

func testStartCancelled(s *suite) {
	d := s.driver()
	run := s.run(d)
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	answers, err := d.Start(ctx, specs(run, "wait", "eu-1"))
	if err == nil && (len(answers) != 1 || answers[0].Err == nil) {
		s.Errorf("got %+v, want no start", answers)
	}
	if got := s.instances(d, run); len(got) != 0 {
		s.Errorf("the list has %v", got)
	}
	_, err = d.Logs(s.Context(), run, "eu-1", false)
	if load.ErrorCode(err) != load.NotFound {
		s.Errorf("logs of nothing: %v, want an error of code not_found", err)
	}
}
