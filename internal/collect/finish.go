package collect

import (
	"context"
	"math"
	"slices"

	"onrush.dev/onrush/internal/load"
)

// Result is a run's summary.
type Result struct {
	Seconds     float64 // measured time under load; see measured
	Accounting  load.Accounting
	StartSkewMS float64
	Total       load.Figures
	Regions     map[string]load.Figures
	Labels      map[string]load.Figures
	Tasks       map[string]load.TaskFigures // the task as its latest attempt left it, figures of all attempts
	Generator   load.Generator
	Metrics     map[string]load.MetricFigures
	Starts      map[string]load.RegionStart
	Criteria    []load.CriterionResult
	Notes       []string

	collector *Collector
}

// Finish cuts all that is open and works out the result. It may be called
// again, when windows came after the first time. The result can write its
// series until the collector is closed.
func (c *Collector) Finish(ctx context.Context) (*Result, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, load.Errorf(load.Unavailable, "collector of run %s is closed", c.run.ID)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c.cutThrough(math.MaxInt)
	for ; c.settled < c.finished; c.settled++ {
		c.judgeLive(c.settled + 1)
	}
	if c.failed != nil {
		return nil, c.failed
	}
	seconds := c.measured()
	r := &Result{
		Seconds: seconds, Accounting: c.accounting(), StartSkewMS: c.skew(),
		Total:   figures(&c.scopes.run.total, seconds),
		Regions: map[string]load.Figures{}, Labels: map[string]load.Figures{},
		Tasks: map[string]load.TaskFigures{}, Generator: c.generator(),
		Metrics: c.metricFigures(seconds), Notes: c.notes(), Starts: c.starts(), collector: c,
	}
	for name, s := range c.scopes.regions {
		r.Regions[name] = figures(&s.total, seconds)
	}
	for name, s := range c.scopes.labels {
		r.Labels[name] = figures(&s.total, seconds)
	}
	for name, s := range c.latest() {
		r.Tasks[name] = load.TaskFigures{Figures: figures(&s.scope.total, seconds), Task: s.task, Health: taskHealth(s.scope)}
	}
	var err error
	if r.Criteria, err = c.judge(seconds); err != nil {
		return nil, err
	}
	r.Criteria = append(r.Criteria, c.judgeThresholds(seconds)...)
	c.publish()
	return r, nil
}

// latest returns the latest attempt of every task that is known.
func (c *Collector) latest() map[string]*sender {
	out := make(map[string]*sender, len(c.scopes.tasks))
	for _, s := range c.order {
		if before := out[s.key.task]; before == nil || before.key.attempt < s.key.attempt {
			out[s.key.task] = s
		}
	}
	return out
}

// accounting proves that nothing was lost, or says what was.
func (c *Collector) accounting() load.Accounting {
	a := load.Accounting{TasksPlanned: len(c.scopes.tasks), Clamped: c.scopes.run.total.clamped}
	started, reported := map[string]bool{}, map[string]bool{}
	for _, s := range c.order {
		if s.started() {
			started[s.key.task] = true
		}
		if s.final {
			reported[s.key.task] = true
		}
		if s.lost() && s.started() {
			a.TasksLost++
		}
		a.SamplesSent += s.samplesSent()
		a.SamplesReceived += s.received
		a.WindowsMissing += s.missing()
		a.WindowsRepeated += s.repeated
		if s.toolSaid != nil {
			a.ToolTasks++
			a.ToolRequests += *s.toolSaid
			a.ToolDiffers += max(*s.toolSaid-s.received, s.received-*s.toolSaid)
		}
	}
	a.TasksStarted, a.TasksReported = len(started), len(reported)
	return a
}

// skew is the latest minus the earliest start of the tasks that were there at
// the barrier.
func (c *Collector) skew() float64 {
	first, last := math.Inf(1), math.Inf(-1)
	for _, s := range c.order {
		if s.task.SkewMS != nil && s.key.attempt == 0 && s.task.Joined == 0 {
			first, last = min(first, *s.task.SkewMS), max(last, *s.task.SkewMS)
		}
	}
	return max(0, last-first) // no task: -Inf
}

// starts is how the tasks of each region came up.
func (c *Collector) starts() map[string]load.RegionStart {
	var tasks []load.Task
	for _, s := range c.order {
		if s.shown {
			tasks = append(tasks, s.task)
		}
	}
	return load.RegionStarts(tasks, c.run.Spec.Start.Within)
}

// sendersByName returns all senders sorted by task and attempt.
func (c *Collector) sendersByName() []*sender {
	out := slices.Clone(c.order)
	slices.SortFunc(out, func(a, b *sender) int {
		if a.scope.id != b.scope.id {
			return a.scope.id - b.scope.id // the plan's order
		}
		return a.key.attempt - b.key.attempt
	})
	return out
}
