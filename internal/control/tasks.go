package control

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"onrush.dev/onrush/internal/bus"
	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// attempt names one sender of windows: a task and how often it was replaced.
type attempt struct {
	task string
	n    int
}

// task is what is known of one attempt of a task.
type task struct {
	load.Task
	plan     load.PlanTask
	instance *fleet.Instance
	gone     time.Time // when the driver first said that it is gone
	awaited  time.Time // since when this attempt is expected to get up
	askAgain time.Time // when to ask for it again, since its platform did not answer; zero: not
	told     bool      // it acknowledged the start
	leaving  bool      // it acknowledged that it is to leave
	changes  int       // how many of the run's changes it acknowledged
	telling  bool      // a command to it is under way
	windows  uint64
	cutOff   time.Time // when its platform's asking it to end was heard of; zero: it did not, or the loss is dealt with
}

// over says that no more windows of this attempt will come.
func (t *task) over() bool {
	return t.Status == load.TaskDone || t.Status == load.TaskLost || t.Status == load.TaskFailed
}

// goneBecause is why the task's instance is gone, never empty.
func (t *task) goneBecause() string { return cmp.Or(t.instance.Reason, "its instance is gone") }

func (t *task) attempt() attempt { return attempt{t.Name, t.Attempt} }

// region is a region of the run with its driver, or why it has none.
type region struct {
	load.Region
	driver fleet.Driver
	err    error
}

// tasksOf makes the run's tasks from its plan and what the store kept of them.
// Facts that the bus replays (ready, started, done) are taken from the bus.
func tasksOf(run load.Run, stored []load.Task) []*task {
	var tasks []*task
	byName, added := map[string]load.PlanTask{}, map[string]bool{}
	for _, r := range run.Plan.Regions {
		for _, p := range r.Tasks {
			byName[p.Name] = p
			if len(stored) == 0 {
				tasks = append(tasks, newTask(run.ID, r.Name, p))
			} else {
				added[p.Name] = p.Added
			}
		}
	}
	for _, s := range stored {
		tasks = append(tasks, &task{plan: byName[s.Name], Task: s, awaited: time.Now()})
		delete(added, s.Name)
	}
	for _, r := range run.Plan.Regions {
		for _, p := range r.Tasks {
			if added[p.Name] { // the server ended between the change and its first word on it
				tasks = append(tasks, newTask(run.ID, r.Name, p))
			}
		}
	}
	return tasks
}

func newTask(run, region string, p load.PlanTask) *task {
	return &task{plan: p, awaited: time.Now(), Task: load.Task{
		Run: run, Name: p.Name, Region: region, Index: p.Index, Added: p.Added, Status: load.TaskPlanned,
	}}
}

// attempts returns the tasks as store and collector know them.
func (c *conductor) attempts() []load.Task {
	tasks := make([]load.Task, len(c.tasks))
	for i, t := range c.tasks {
		tasks[i] = t.Task
	}
	return tasks
}

// find returns the given attempt of a task, or nil.
func (c *conductor) find(name string, n int) *task {
	for _, t := range c.tasks {
		if t.Name == name && t.Attempt == n {
			return t
		}
	}
	return nil
}

// consume feeds the bus's messages, from the run's first one, to the collector
// and the loop.
func (c *conductor) consume(ctx context.Context) {
	_ = c.retry(ctx, "read the bus", func() error {
		once := func() {
			select {
			case <-c.caught:
			default:
				close(c.caught)
			}
		}
		return c.Bus.Consume(ctx, c.id, once, func(m bus.Message) error { return c.receive(ctx, m) })
	})
}

// receive takes one message. A message that cannot be read is logged and
// dropped: it would be no better the second time, and its gap is counted.
func (c *conductor) receive(ctx context.Context, m bus.Message) error {
	c.heardMu.Lock()
	c.heard[attempt{m.Task, m.Attempt}] = time.Now()
	c.heardMu.Unlock()
	if m.Kind == bus.KindWindow {
		if err := c.collector.Load().Window(m.Data); err != nil {
			c.log.Error("cannot read window", "task", m.Task, "err", err)
		}
		return nil
	}
	var e load.TaskEvent
	if err := json.Unmarshal(m.Data, &e); err != nil {
		c.log.Error("cannot read event", "task", m.Task, "err", err)
		return nil
	}
	e.Task, e.Attempt = m.Task, m.Attempt // as the subject says, which the sender cannot forge
	e.At = m.At                           // all in one clock
	select {
	case c.heeds <- e:
	case <-ctx.Done():
	}
	return nil
}

// lastHeard is when a task last said anything to this process.
func (c *conductor) lastHeard(t *task) time.Time {
	c.heardMu.Lock()
	defer c.heardMu.Unlock()
	return c.heard[t.attempt()]
}

// heed takes in what an agent said. It may be said again after a replay.
func (c *conductor) heed(e load.TaskEvent) {
	t := c.find(e.Task, e.Attempt)
	if t == nil {
		c.log.Warn("event of an unknown task", "task", e.Task, "attempt", e.Attempt, "kind", e.Kind)
		return
	}
	c.dirty = true
	c.quietFrom = time.Now()
	switch e.Kind {
	case load.EventHello:
		t.Times.Hello = e.At
		if t.Times.Up.IsZero() || t.Times.Up.After(e.At) {
			t.Times.Up = e.At // it was seen later than it was there
		}
	case load.EventReady:
		t.ClockMS, t.Times.Ready = e.ClockMS, e.At
		c.learn(e)
		if t.Status == load.TaskPlanned || t.Status == load.TaskStarting {
			t.Status, t.Reason = load.TaskReady, ""
		}
	case load.EventStarted:
		t.SkewMS, t.Joined, t.told = e.SkewMS, inMillis(e.Skip), true
		if c.run.Started != nil && e.SkewMS != nil {
			t.Times.Load = c.run.Started.Add(time.Duration(e.Skip) + time.Duration(*e.SkewMS*float64(time.Millisecond)))
		}
		if t.Status != load.TaskDone && t.Status != load.TaskFailed {
			t.Status, t.Reason = load.TaskRunning, ""
		}
	case load.EventDone:
		c.lastWord(t, e, load.TaskDone)
	case load.EventFailed:
		c.lastWord(t, e, load.TaskFailed)
	}
}

// inMillis is as exact as people want an instant of the run.
func inMillis(d load.Duration) load.Duration {
	return load.Duration(time.Duration(d).Round(time.Millisecond))
}

// lastWord ends a task by its own account. One that its platform asked to end
// in the middle of the load is lost, though nothing of what it measured is.
func (c *conductor) lastWord(t *task, e load.TaskEvent, status load.TaskStatus) {
	if status == load.TaskDone && c.cutOff(t, e) {
		status, t.cutOff = load.TaskLost, time.Now()
		e.Text = "its platform asked it to end"
	}
	if !t.over() || !t.NeverReady() { // else it says that it ended as it was told, and why it was told stands
		t.Status, t.Reason = status, e.Text
	}
	t.Sent, t.Final, t.windows = e.Sent, true, e.Windows
	c.collector.Load().ToolCount(t.Name, t.Attempt, e.Detail[load.DetailToolRequests])
	c.collector.Load().TaskGone(t.Name, t.Attempt, true, e.Sent, e.Windows)
}

// cutOff tells whether a task ended because its platform wanted so: a machine
// that is taken back, a pod that is evicted. Once the run itself ends its tasks,
// or the load is over, that is no loss.
func (c *conductor) cutOff(t *task, e load.TaskEvent) bool {
	if e.Detail[load.DetailCutOff] == "" || c.run.Started == nil || c.run.Status != load.Running || t.plan.Leaves != nil {
		return false
	}
	at := e.At.Sub(*c.run.Started)
	end, known := c.timeline.End()
	ended := slices.ContainsFunc(c.run.Changes, func(change load.Change) bool {
		return (change.Kind == load.ChangeDrain || change.Kind == load.ChangeStop) && time.Duration(change.At) <= at
	})
	return !ended && (!known || at < end)
}

// lose ends a task that went without a last word.
func (c *conductor) lose(ctx context.Context, t *task, status load.TaskStatus, reason string) error {
	t.Status, t.Reason, t.Final = status, reason, false
	c.dirty = true
	c.collector.Load().TaskGone(t.Name, t.Attempt, false, t.Sent, 0)
	return c.note(ctx, "task", t.Name, fmt.Sprintf("task %s is %s: %s", t.Name, status, reason))
}

// settle ends the tasks that are left when a run ends without having started.
func (c *conductor) settle(reason string) {
	for _, t := range c.tasks {
		if t.over() {
			continue
		}
		t.Status, t.Reason = load.TaskFailed, reason
		c.dirty = true
		c.collector.Load().TaskGone(t.Name, t.Attempt, false, 0, 0)
	}
}

func tasksText(n int) string {
	if n == 1 {
		return "1 task"
	}
	return fmt.Sprintf("%d tasks", n)
}
