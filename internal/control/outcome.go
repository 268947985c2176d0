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
	cause := append(missing, reasons(tasks)...)
	if len(cause) > mostCauses {
		cause = append(cause[:mostCauses], fmt.Sprintf("and %d more", len(cause)-mostCauses))
	}
	if acc.SamplesReceived == 0 {
		return load.CouldNotRun, cause
	}
	return load.Degraded, cause
}

// missingParts says what was planned and is not in the figures.
func missingParts(tasks []load.Task, acc load.Accounting) []string {
	var missing []string
	lost, failed := 0, 0
	for _, t := range tasks {
		switch t.Status {
		case load.TaskLost:
			lost++
		case load.TaskFailed:
			failed++
		}
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

func reasons(tasks []load.Task) []string {
	var texts []string
	for _, t := range tasks {
		if t.Status == load.TaskLost || t.Status == load.TaskFailed {
			texts = append(texts, t.Name+": "+t.Reason)
		}
	}
	return texts
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
