package control

import (
	"fmt"
	"slices"

	"onrush.dev/onrush/internal/load"
)

// mostCauses bounds the list of causes; the tasks' own reasons are in the
// report's task table.
const mostCauses = 10

// outcomeOf says whether the run did what was planned, and if not, why, the
// outermost cause first. run.Cause holds what control itself had to do.
func outcomeOf(run load.Run, tasks []load.Task, acc load.Accounting) (load.Outcome, []string) {
	if run.Outcome == load.CouldNotRun || run.Outcome == load.Cancelled {
		return run.Outcome, run.Cause
	}
	missing := append(slices.Clone(run.Cause), missingParts(tasks, acc)...)
	if len(missing) == 0 {
		return load.Completed, nil
	}
	cause := bounded(append(missing, reasons(tasks)...))
	if acc.SamplesReceived == 0 {
		return load.CouldNotRun, cause
	}
	return load.Degraded, cause
}

// missingParts says what was planned and is not in the figures.
func missingParts(tasks []load.Task, acc load.Accounting) []string {
	var missing []string
	never, lost, failed, joined := 0, 0, 0, 0
	for i := range tasks {
		t := &tasks[i]
		switch {
		case t.NeverReady():
			never++
		case t.Status == load.TaskLost:
			lost++
		case t.Status == load.TaskFailed:
			failed++
		}
		if t.Joined > 0 && t.Attempt == 0 && !t.Added {
			joined++
		}
	}
	if never > 0 {
		missing = append(missing, fmt.Sprintf("%d of %d tasks did not start", never, acc.TasksPlanned))
	}
	if joined > 0 {
		missing = append(missing, fmt.Sprintf("%d of %d tasks were late for the start and joined the running load", joined, acc.TasksPlanned))
	}
	if lost > 0 {
		missing = append(missing, fmt.Sprintf("%d of %d tasks were lost while running", lost, acc.TasksPlanned))
	}
	if failed > 0 {
		missing = append(missing, fmt.Sprintf("the engine failed in %d of %d tasks", failed, acc.TasksPlanned))
	}
	if acc.WindowsMissing > 0 {
		missing = append(missing, fmt.Sprintf("%d windows (seconds of a task) never arrived", acc.WindowsMissing))
	}
	if acc.SamplesSent != acc.SamplesReceived && lost == 0 && acc.WindowsMissing == 0 {
		missing = append(missing, fmt.Sprintf("tasks sent %d samples, %d arrived", acc.SamplesSent, acc.SamplesReceived))
	}
	return missing
}

// reasons says why tasks are missing, a reason that many share once.
func reasons(tasks []load.Task) []string {
	return reasonTexts(slices.DeleteFunc(slices.Clone(tasks), func(t load.Task) bool {
		return t.Status != load.TaskLost && t.Status != load.TaskFailed
	}))
}

func reasonTexts(tasks []load.Task) []string {
	var texts []string
	for _, g := range load.GroupReasons(tasks) {
		texts = append(texts, g.String())
	}
	return texts
}

// bounded keeps a list of causes one that people read.
func bounded(causes []string) []string {
	if len(causes) <= mostCauses {
		return causes
	}
	return append(causes[:mostCauses:mostCauses], fmt.Sprintf("and %d more", len(causes)-mostCauses))
}

// verdictOf sums the criteria up. One that failed decides; one that could not
// be judged leaves the whole not judged.
func verdictOf(outcome load.Outcome, criteria []load.CriterionResult) load.Verdict {
	if outcome == load.CouldNotRun || len(criteria) == 0 {
		return load.NotJudged
	}
	verdict := load.Passed
	for _, c := range criteria {
		switch c.Verdict {
		case load.Failed:
			return load.Failed
		case load.NotJudged:
			verdict = load.NotJudged
		}
	}
	return verdict
}
