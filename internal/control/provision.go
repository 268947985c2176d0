package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// askAgain is the pause before a platform that did not answer is asked once
// more to start tasks.
const askAgain = 2 * time.Second

// startResult is a driver's answer to a request to start tasks.
type startResult struct {
	region  string
	tasks   []*task
	started []fleet.Started
	err     error
}

// provision asks the drivers for all tasks and waits until each agent is ready,
// or cannot be, or time is up. What then happens is the scenario's start policy.
func (c *conductor) provision(ctx context.Context, now time.Time) error {
	if !c.replayed {
		return nil
	}
	if !c.asked {
		err := c.startTasks(c.missing())
		c.asked = err == nil
		return err
	}
	if err := c.startAgain(now); err != nil {
		return err
	}
	ready, failed, waiting := 0, 0, 0
	for _, t := range c.tasks {
		if !t.over() && !t.gone.IsZero() && now.Sub(t.gone) > goneGrace {
			if err := c.lose(ctx, t, load.TaskFailed, "ended before it was ready: "+t.goneBecause()); err != nil {
				return err
			}
		}
		switch {
		case t.over():
			failed++
		case t.Status == load.TaskReady:
			ready++
		default:
			waiting++
		}
	}
	late := now.Sub(c.run.Since) > c.within()
	lenient := c.run.Spec.Start.Lenient() && (ready > 0 || waiting > 0 && !late)
	switch {
	case failed > 0 && !lenient:
		return c.fail(ctx, bounded(append([]string{c.notReady(failed)}, c.reasons()...))...)
	case waiting == 0:
		return c.arm(ctx)
	case !late:
		return nil
	case lenient:
		return c.armWithout(ctx)
	}
	why := fmt.Sprintf("%d of %d tasks were ready after %s", ready, len(c.tasks), c.within())
	return c.fail(ctx, bounded(append([]string{why}, c.reasons()...))...)
}

// within is how long tasks may take to get ready.
func (c *conductor) within() time.Duration {
	if within := time.Duration(c.run.Spec.Start.Within); within > 0 {
		return within
	}
	return c.Limits.Provision
}

func (c *conductor) notReady(n int) string {
	if n == 1 {
		for _, t := range c.tasks {
			if t.over() {
				return "task " + t.Name + " did not get ready"
			}
		}
	}
	return fmt.Sprintf("%d of %d tasks did not get ready", n, len(c.tasks))
}

// armWithout starts the run with the tasks that are ready. Late ones are
// stopped, or join when they are ready.
func (c *conductor) armWithout(ctx context.Context) error {
	if c.run.Spec.Start.LateTasks != load.LateJoin {
		for _, t := range c.missing() {
			if err := c.lose(ctx, t, load.TaskFailed, fmt.Sprintf("not ready within %s: %s", c.within(), t.state())); err != nil {
				return err
			}
			c.clearBeside(ctx, t)
		}
	}
	return c.arm(ctx)
}

// missing returns the tasks that have not spoken yet. Drivers start nothing
// that exists already, so asking again after a crash is safe.
func (c *conductor) missing() []*task {
	var missing []*task
	for _, t := range c.tasks {
		if !t.over() && t.Status != load.TaskReady && t.Status != load.TaskRunning {
			missing = append(missing, t)
		}
	}
	return missing
}

// reasons says of all tasks that are not ready why, the same reason once.
func (c *conductor) reasons() []string {
	var failed, waiting []load.Task
	for _, t := range c.tasks {
		switch {
		case t.over():
			failed = append(failed, t.Task)
		case t.Status != load.TaskReady:
			late := t.Task
			late.Reason = "not ready: " + t.state()
			waiting = append(waiting, late)
		}
	}
	if len(failed) > 0 {
		waiting = nil // they are not ready because the run ends
	}
	return reasonTexts(append(failed, waiting...))
}

// state says how far a task is that is not ready.
func (t *task) state() string {
	switch {
	case t.Reason != "":
		return t.Reason
	case !t.Times.Hello.IsZero():
		return "it said hello and is still getting ready"
	case !t.Times.Up.IsZero():
		return "it is up, and no word came from it"
	case t.instance != nil:
		return "the platform has not brought it up"
	}
	return "no word from it"
}

// startAgain repeats the request where the platform did not answer.
func (c *conductor) startAgain(now time.Time) error {
	var due []*task
	for _, t := range c.tasks {
		if !t.over() && !t.askAgain.IsZero() && now.After(t.askAgain) {
			t.askAgain = time.Time{}
			due = append(due, t)
		}
	}
	if len(due) == 0 {
		return nil
	}
	return c.startTasks(due)
}

// startTasks asks the drivers, region by region and beside the loop. All tickets
// are there before the first driver is asked, so that it fails as a whole.
func (c *conductor) startTasks(tasks []*task) error {
	byRegion, specs := map[string][]*task{}, map[string][]fleet.TaskSpec{}
	for _, t := range tasks {
		ticket, err := c.Bus.IssueTicket(c.id, t.Name, t.Region, t.Attempt, c.ticketLife())
		if err != nil {
			return err
		}
		place := c.fleet[t.Region]
		specs[t.Region] = append(specs[t.Region], fleet.TaskSpec{
			Run: c.id, Task: t.Name, Region: t.Region, Attempt: t.Attempt, Ticket: ticket,
			Image: c.image(place), CPU: place.CPU, Memory: int64(place.Memory),
			Deadline: time.Now().Add(c.ticketLife()),
		})
		byRegion[t.Region] = append(byRegion[t.Region], t)
	}
	now := time.Now()
	for _, t := range tasks {
		if t.Times.Asked.IsZero() {
			t.awaited, t.Times.Asked = now, now.UTC()
		}
		if t.Status == load.TaskPlanned {
			t.Status = load.TaskStarting
		}
		c.dirty = true
	}
	for name, tasks := range byRegion {
		c.startsOut++
		go c.callStart(c.startCtx, name, tasks, specs[name])
	}
	return nil
}

// image is what a task runs in a region: what the region says for the engine,
// but for a run that tries the region's images one after another.
func (c *conductor) image(place region) string {
	if c.run.Check != nil && c.run.Check.Image != "" {
		return c.run.Check.Image
	}
	return place.ImageFor(c.run.Plan.Engine)
}

func (c *conductor) callStart(ctx context.Context, name string, tasks []*task, specs []fleet.TaskSpec) {
	ctx, cancel := context.WithTimeout(ctx, c.startBound)
	defer cancel()
	r := c.fleet[name]
	if r.driver == nil {
		c.starts <- startResult{region: name, tasks: tasks, err: r.err}
		return
	}
	started, err := r.driver.Start(ctx, specs)
	c.starts <- startResult{name, tasks, started, err}
}

// ticketLife is how long an agent's credentials hold: longer than any run may
// take. They end earlier, with the run.
func (c *conductor) ticketLife() time.Duration {
	return longestRun + c.within()
}

// startAnswered takes in a driver's answer to startTasks.
func (c *conductor) startAnswered(r startResult) {
	c.startsOut--
	c.dirty = true
	c.rooms.leave(r.region, c.id)
	for i, t := range r.tasks {
		err := r.err
		if err == nil && i < len(r.started) {
			err = r.started[i].Err
		}
		switch {
		case err == nil && i < len(r.started):
			t.Instance = r.started[i].Instance
			if t.Status == load.TaskStarting {
				t.Reason = ""
			}
		case err == nil || t.over():
		case c.helps(t, err):
			t.Reason, t.askAgain = "did not start yet: "+err.Error(), time.Now().Add(askAgain)
		default:
			if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
				err = errors.New("its platform had not come to it before the wait was over")
			}
			t.Status, t.Reason = load.TaskFailed, "did not start: "+err.Error()
			c.collector.Load().TaskGone(t.Name, t.Attempt, false, 0, 0)
		}
	}
}

// endStarts makes drivers start no more tasks, and waits until each has said
// what it did start: a sweep before that would miss some.
func (c *conductor) endStarts() {
	c.stopStarts()
	late := time.NewTimer(c.Limits.Platform)
	defer late.Stop()
	for c.startsOut > 0 {
		select {
		case r := <-c.starts:
			c.startAnswered(r)
		case <-late.C:
			c.log.Error("drivers that were told to start no more tasks do not answer; what they start is left to the sweep of orphans", "regions", c.startsOut)
			return
		}
	}
}

// helps says whether to ask once more for a task that did not start: a platform
// that does not answer now may do so soon, and one that has no machine now may
// have one for a task that may join late.
func (c *conductor) helps(t *task, err error) bool {
	var refused *fleet.StartError
	if !errors.As(err, &refused) {
		return false
	}
	if c.run.Spec.Start.LateTasks == load.LateJoin && t.Attempt == 0 {
		return refused.Kind == fleet.Down || refused.Kind == fleet.NoRoom
	}
	return refused.Kind == fleet.Down && time.Since(t.awaited) < c.within()
}

// arm sets the instant at which all tasks start. It is stored before anyone is
// told, so that a crash in between changes nothing.
func (c *conductor) arm(ctx context.Context) error {
	ready := 0
	for _, t := range c.tasks {
		if t.Status == load.TaskReady {
			ready++
		}
	}
	lead := c.lead()
	start := time.Now().Add(lead).UTC()
	why := fmt.Sprintf("%s ready, start in %s", tasksText(ready), lead)
	if ready < len(c.tasks) {
		why = fmt.Sprintf("%d of %d tasks ready, start in %s without the others", ready, len(c.tasks), lead)
	}
	return c.move(ctx, load.Ready, why, func(r *load.Run) {
		r.Started = &start
		if r.Plan.Script == nil {
			r.Plan.Script = c.script
		}
	})
}

// lead is how long it takes at most, in the ordinary way, to tell all tasks
// something.
func (c *conductor) lead() time.Duration {
	return 150*time.Millisecond + time.Duration(len(c.tasks))*time.Millisecond
}

// barrier tells all tasks the instant of the start and waits for it.
func (c *conductor) barrier(ctx context.Context, now time.Time) error {
	c.tell(ctx)
	if now.Before(*c.run.Started) {
		return nil
	}
	return c.move(ctx, load.Running, "the start instant has come", nil)
}
