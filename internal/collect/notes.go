package collect

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"onrush.dev/onrush/internal/load"
)

// noteShare is from which share on a shortfall is worth a note.
const noteShare = 0.01

// notes says what a reader must know before betting on the figures. It holds
// for the run so far as well as for its end.
func (c *Collector) notes() []string {
	var n []string
	n = append(n, c.lossNotes()...)
	n = append(n, c.countNotes()...)
	n = append(n, c.paceNotes()...)
	n = append(n, c.limitNotes()...)
	if _, used := c.scopes.labels[Other]; used {
		n = append(n, fmt.Sprintf("there are more labels than are told apart (%d in the run, fewer in a task): the rest counts under %s", maxLabels, Other))
	}
	return n
}

// lossNotes tells what is missing of tasks that were lost.
func (c *Collector) lossNotes() []string {
	var lines []string
	senders := c.sendersByName()
	for i, s := range senders {
		name := s.key.task
		if s.shown && s.task.Joined > 0 && s.key.attempt == 0 && !s.task.Added {
			lines = append(lines, fmt.Sprintf("task %s was late and joined in second %d: its load is missing before", name, int(time.Duration(s.task.Joined)/time.Second)))
		}
		if s.shown && s.task.Status == load.TaskFailed {
			lines = append(lines, "task "+name+" failed"+reason(s.task.Reason)+c.hole(s, senders[i+1:]))
		} else if s.lost() && s.started() {
			lines = append(lines, fmt.Sprintf("task %s was lost%s%s; samples after its last window are unknown",
				name, reason(s.task.Reason), c.hole(s, senders[i+1:])))
		}
	}
	return shorten(lines, "more tasks were lost, failed or late")
}

func reason(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

// hole says in which seconds a task's load is missing: from its last window to
// its replacement's first, or to the end of the run's load.
func (c *Collector) hole(s *sender, later []*sender) string {
	from, to := s.last+1, c.finished
	for _, next := range later {
		if next.key.task == s.key.task && next.first >= 0 {
			to = next.first - 1
			break
		}
	}
	if s.first < 0 && to == c.finished {
		return ": it made no load"
	}
	if c.bounded { // responses may come later; load that could be missing does not
		to = min(to, int((c.loadEnd-1)/time.Second))
	}
	switch {
	case to < from:
		return ""
	case to == from:
		return fmt.Sprintf(": its load is missing in second %d", from)
	}
	return fmt.Sprintf(": its load is missing in seconds %d to %d", from, to)
}

// countNotes tells where sent and received differ.
func (c *Collector) countNotes() []string {
	var n []string
	a := c.accounting()
	gone, refused := true, int64(0)
	for _, s := range c.order {
		gone = gone && s.gone
		refused += s.refused
	}
	if gone || c.status == load.Ended { // before that, windows are on their way
		if a.WindowsMissing > 0 {
			n = append(n, plural(a.WindowsMissing, "window")+" that tasks sent did not arrive")
		}
		if d := a.SamplesSent - a.SamplesReceived; d > 0 {
			n = append(n, fmt.Sprintf("%s of %d sent are not in the figures", plural(d, "sample"), a.SamplesSent))
		} else if d < 0 {
			n = append(n, plural(-d, "sample")+" more were received than tasks said they sent")
		}
	}
	n = append(n, c.toolNotes()...)
	if refused > 0 {
		n = append(n, plural(refused, "window")+" could not be read and were left out")
	}
	if a.Clamped > 0 {
		n = append(n, plural(a.Clamped, "measured time")+" lay beyond the histograms' range of 19 hours and count as its end")
	}
	return n
}

// paceNotes tells where the load was not what was planned.
func (c *Collector) paceNotes() []string {
	var n []string
	t := &c.scopes.run.total
	if gap := t.offered - t.started; t.offered > 0 && float64(gap) > noteShare*float64(t.offered) {
		n = append(n, fmt.Sprintf("%d requests were due and %d sent (%s): the tasks could not keep the rate",
			t.offered, t.started, percent(t.started, t.offered)))
	}
	if t.started > 0 && float64(t.late) > noteShare*float64(t.started) {
		n = append(n, fmt.Sprintf("%s of the requests were sent more than 1 ms after they were due (p99 of the delay: %s ms); latency counts from when they were due",
			percent(t.late, t.started), number(ms(t.hists[lag].Quantile(0.99)))))
	}
	return n
}

// limitNotes tells where the generator was the bottleneck: how much of the run,
// by what, and in which tasks the most.
func (c *Collector) limitNotes() []string {
	g := c.generator()
	if g.Limited == 0 {
		return nil
	}
	notes := []string{fmt.Sprintf("the generator, not the target, was the limit in %d of %s: %s; what was measured then is its own queue too",
		g.Limited, plural(g.TaskSeconds, "task-second"), limitWords(g.LimitedBy))}
	if len(c.scopes.tasks) < 2 {
		return notes
	}
	type task struct {
		name string
		n    int64
		by   map[string]int64
	}
	var tasks []task
	for name, s := range c.scopes.tasks {
		if n, _ := s.total.vitals.limited(); n > 0 {
			tasks = append(tasks, task{name, n, s.total.vitals.limitedBy()})
		}
	}
	slices.SortFunc(tasks, func(a, b task) int { return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.name, b.name)) })
	var lines []string
	for _, t := range tasks {
		lines = append(lines, fmt.Sprintf("task %s was limited in %s: %s", t.name, plural(t.n, "second"), limitWords(t.by)))
	}
	return append(notes, shorten(lines, "more tasks were limited")...)
}

// limitText is what a limit is called in a sentence.
func limitText(l load.Limit) string {
	switch l {
	case load.LimitFiles:
		return "no file descriptors left"
	case load.LimitPorts:
		return "no local ports left"
	case load.LimitMemory:
		return "memory nearly full"
	case load.LimitCPU:
		return "CPU full"
	case load.LimitWait:
		return "waiting for a CPU"
	case load.LimitGC:
		return "garbage collection"
	case load.LimitLoop:
		return "event loop behind"
	case load.LimitConnections:
		return "load.max_connections reached"
	case load.LimitData:
		return "the rows of a unique file used up"
	case load.LimitDropped:
		return "requests given up"
	case load.LimitLate:
		return "requests sent late"
	case load.LimitOther:
	}
	return "something that the engine names in the task's log"
}

// limitWords lists the reasons, the most frequent first.
func limitWords(by map[string]int64) string {
	reasons := load.Limits()
	slices.SortStableFunc(reasons, func(a, b load.Limit) int { return cmp.Compare(by[string(b)], by[string(a)]) })
	var parts []string
	for _, l := range reasons {
		if n := by[string(l)]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s (%d)", limitText(l), n))
		}
	}
	return strings.Join(parts, ", ")
}

// shorten keeps a list readable in a run of a thousand tasks.
func shorten(lines []string, more string) []string {
	const most = 5
	if len(lines) <= most+1 {
		return lines
	}
	return append(slices.Clip(lines[:most]), fmt.Sprintf("%d %s", len(lines)-most, more))
}

func plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	if strings.HasSuffix(what, "cy") {
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(what, "y"))
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func percent(part, whole int64) string {
	return number(100*float64(part)/float64(whole)) + " %"
}

// number writes v with at most four digits that mean something.
func number(v float64) string {
	switch {
	case v >= 1000 || v <= -1000:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 100:
		return trim(strconv.FormatFloat(v, 'f', 1, 64))
	case v >= 10:
		return trim(strconv.FormatFloat(v, 'f', 2, 64))
	}
	return trim(strconv.FormatFloat(v, 'f', 3, 64))
}

func trim(s string) string { return strings.TrimRight(strings.TrimRight(s, "0"), ".") }
