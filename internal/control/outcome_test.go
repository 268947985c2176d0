package control

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/load"
)

// fleetOf makes tasks eu-1, eu-2… that were ready, with the statuses and a
// reason each.
func fleetOf(statuses ...load.TaskStatus) []load.Task {
	var tasks []load.Task
	for i, status := range statuses {
		tasks = append(tasks, load.Task{Name: fmt.Sprintf("eu-%d", i+1), Region: "eu", Status: status, Reason: "because", Times: load.TaskTimes{Ready: time.Now()}})
	}
	return tasks
}

// neverOf makes tasks that their region had no room for.
func neverOf(n int) []load.Task {
	var tasks []load.Task
	for i := range n {
		tasks = append(tasks, load.Task{
			Name: fmt.Sprintf("eu-%d", i+1), Region: "eu", Status: load.TaskFailed,
			Reason: fmt.Sprintf("did not start: vCPU quota reached at task %d (raise the quota)", i+1),
		})
	}
	return tasks
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	whole := load.Accounting{TasksPlanned: 2, SamplesSent: 10, SamplesReceived: 10}
	with := func(change func(*load.Accounting)) load.Accounting {
		acc := whole
		change(&acc)
		return acc
	}
	both := fleetOf(load.TaskDone, load.TaskDone)
	tests := []struct {
		name  string
		run   load.Run
		tasks []load.Task
		acc   load.Accounting
		want  load.Outcome
		cause []string
	}{
		{"all is there", load.Run{}, both, whole, load.Completed, nil},
		{"nothing was sent, and nothing is missing", load.Run{}, both, load.Accounting{TasksPlanned: 2}, load.Completed, nil},
		{
			"what control decided stands",
			load.Run{Outcome: load.Cancelled, Cause: []string{"stopped by ann"}},
			fleetOf(load.TaskLost, load.TaskDone), whole, load.Cancelled,
			[]string{"stopped by ann"},
		},
		{
			"it could not run",
			load.Run{Outcome: load.CouldNotRun, Cause: []string{"no room"}},
			fleetOf(load.TaskFailed),
			load.Accounting{TasksPlanned: 2},
			load.CouldNotRun,
			[]string{"no room"},
		},
		{
			"a task was lost",
			load.Run{},
			fleetOf(load.TaskDone, load.TaskLost), whole,
			load.Degraded,
			[]string{"1 of 2 tasks were lost while running", "eu-2: because"},
		},
		{
			"an engine failed",
			load.Run{},
			fleetOf(load.TaskFailed, load.TaskDone), whole,
			load.Degraded,
			[]string{"the engine failed in 1 of 2 tasks", "eu-1: because"},
		},
		{
			"no task measured anything",
			load.Run{},
			fleetOf(load.TaskFailed, load.TaskFailed),
			load.Accounting{TasksPlanned: 2},
			load.CouldNotRun,
			[]string{"the engine failed in 2 of 2 tasks", "eu-1, eu-2: because"},
		},
		{
			"most did not start, for one reason, and one joined late",
			load.Run{},
			append(neverOf(40), load.Task{Name: "us-1", Status: load.TaskDone, Joined: 3e9, Times: load.TaskTimes{Ready: time.Now()}}),
			load.Accounting{TasksPlanned: 41, SamplesSent: 10, SamplesReceived: 10},
			load.Degraded,
			[]string{
				"40 of 41 tasks did not start", "1 of 41 tasks were late for the start and joined the running load",
				"40 tasks in eu (eu-1, eu-2, …): did not start: vCPU quota reached at task 1 (raise the quota)",
			},
		},
		{
			"control had to step in",
			load.Run{Cause: []string{"tasks still ran"}},
			both, whole,
			load.Degraded,
			[]string{"tasks still ran"},
		},
		{
			"windows are missing",
			load.Run{},
			both,
			with(func(a *load.Accounting) { a.WindowsMissing, a.SamplesReceived = 3, 7 }),
			load.Degraded,
			[]string{"3 windows (seconds of a task) never arrived"},
		},
		{
			"samples are missing",
			load.Run{},
			both, with(func(a *load.Accounting) { a.SamplesReceived = 7 }),
			load.Degraded,
			[]string{"tasks sent 10 samples, 7 arrived"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			outcome, cause := outcomeOf(test.run, test.tasks, test.acc)
			if outcome != test.want || !slices.Equal(cause, test.cause) {
				t.Errorf("got %s, %q, want %s, %q", outcome, cause, test.want, test.cause)
			}
		})
	}
}

// TestManyCauses loses a large fleet: the causes stay a list that people read,
// and the run's own list is not written over.
func TestManyCauses(t *testing.T) {
	t.Parallel()
	own := make([]string, 1, 50)
	own[0] = "tasks still ran"
	tasks := fleetOf(slices.Repeat([]load.TaskStatus{load.TaskLost}, 30)...)
	for i := range tasks {
		tasks[i].Reason = "because of " + strings.Repeat("x", i) // of its own
	}
	_, cause := outcomeOf(load.Run{Cause: own}, tasks, load.Accounting{TasksPlanned: 30, SamplesReceived: 1})
	if len(cause) != mostCauses+1 || cause[mostCauses] != "and 22 more" || !strings.HasPrefix(cause[1], "30 of 30") {
		t.Errorf("got %d causes: %q", len(cause), cause)
	}
	if extra := own[:2][1]; extra != "" {
		t.Errorf("the run's list was written on: %q", extra)
	}
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	tests := []struct {
		outcome  load.Outcome
		criteria []load.Verdict
		want     load.Verdict
	}{
		{load.Completed, nil, load.NotJudged},
		{load.Completed, []load.Verdict{load.Passed, load.Passed}, load.Passed},
		{load.Completed, []load.Verdict{load.Passed, load.NotJudged}, load.NotJudged},
		{load.Completed, []load.Verdict{load.NotJudged, load.Passed}, load.NotJudged},
		{load.Completed, []load.Verdict{load.NotJudged, load.Failed}, load.Failed},
		{load.Completed, []load.Verdict{load.Failed, load.Passed}, load.Failed},
		{load.Degraded, []load.Verdict{load.Passed}, load.Passed},
		{load.Cancelled, []load.Verdict{load.Failed}, load.Failed},
		{load.CouldNotRun, []load.Verdict{load.Failed}, load.NotJudged},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.outcome, test.criteria), func(t *testing.T) {
			t.Parallel()
			var criteria []load.CriterionResult
			for _, verdict := range test.criteria {
				criteria = append(criteria, load.CriterionResult{Verdict: verdict})
			}
			if got := verdictOf(test.outcome, criteria); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
