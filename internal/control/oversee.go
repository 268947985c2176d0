package control

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"onrush.dev/onrush/internal/load"
)

const (
	// goneGrace is how long after an instance's end its last word may still
	// come over the bus.
	goneGrace = 2 * time.Second
	// longestRun bounds a run whose end nobody planned: an endless profile, or
	// a pause that nobody ends.
	longestRun = 7 * 24 * time.Hour
	// mostAttempts bounds replacements, so that a task that always dies does
	// not start for ever.
	mostAttempts = 4
)

// oversee looks after the tasks under load until all have said their last
// word, or are lost.
func (c *conductor) oversee(ctx context.Context, now time.Time) error {
	if !c.replayed {
		return nil // half the story is no ground for a decision
	}
	if err := c.startPlanned(now); err != nil {
		return err
	}
	c.tell(ctx)
	if err := c.takeAway(ctx, now); err != nil {
		return err
	}
	if err := c.findLost(ctx, now); err != nil {
		return err
	}
	if err := c.dealWithCutOff(ctx, now); err != nil {
		return err
	}
	if err := c.giveUpLate(ctx); err != nil {
		return err
	}
	if err := c.obeyCriteria(ctx, now); err != nil {
		return err
	}
	if err := c.endAdded(ctx, now); err != nil {
		return err
	}
	if err := c.boundEnd(ctx, now); err != nil {
		return err
	}
	for _, t := range c.tasks {
		if !t.over() || !t.cutOff.IsZero() {
			return nil
		}
	}
	c.quietFrom = now
	return c.move(ctx, load.Finishing, "no task is running any more", func(r *load.Run) {
		stopped := now.UTC()
		r.Stopped = &stopped
	})
}

// findLost looks for tasks that went without a last word.
func (c *conductor) findLost(ctx context.Context, now time.Time) error {
	for _, t := range c.tasks {
		if t.over() {
			continue
		}
		why := c.lostBecause(t, now)
		if why == "" {
			continue
		}
		if t.Times.Ready.IsZero() && t.Attempt == 0 { // it makes no load, and never did
			if err := c.lose(ctx, t, load.TaskFailed, why); err != nil {
				return err
			}
			c.clearBeside(ctx, t)
			continue
		}
		if err := c.lose(ctx, t, load.TaskLost, why); err != nil {
			return err
		}
		if err := c.afterLoss(ctx, t, now); err != nil {
			return err
		}
	}
	return nil
}

// dealWithCutOff does what the scenario wants for tasks that their platform asked
// to end. Why it did is known once the driver sees the end.
func (c *conductor) dealWithCutOff(ctx context.Context, now time.Time) error {
	for _, t := range c.tasks {
		if t.cutOff.IsZero() || t.gone.IsZero() && now.Sub(t.cutOff) < c.Limits.Silence/2 {
			continue
		}
		t.cutOff, c.dirty = time.Time{}, true
		if slices.ContainsFunc(c.tasks, func(next *task) bool { return next.Name == t.Name && next.Attempt > t.Attempt }) {
			continue // dealt with before the server came back
		}
		if !t.gone.IsZero() {
			t.Reason += ": " + t.goneBecause()
		}
		if err := c.note(ctx, "task", t.Name, fmt.Sprintf("task %s is %s: %s", t.Name, t.Status, t.Reason)); err != nil {
			return err
		}
		if err := c.afterLoss(ctx, t, now); err != nil {
			return err
		}
	}
	return nil
}

// giveUpLate ends the wait for tasks that are not up yet, once all others have
// ended.
func (c *conductor) giveUpLate(ctx context.Context) error {
	late := c.missing()
	for _, t := range c.tasks {
		if len(late) == 0 || t.Status == load.TaskReady || t.Status == load.TaskRunning {
			return nil
		}
	}
	for _, t := range late {
		if t.Added {
			c.takeBack(ctx, t, "the run ended before it was ready")
			continue
		}
		if err := c.lose(ctx, t, load.TaskFailed, "not ready before the end of the load: "+t.state()); err != nil {
			return err
		}
		c.clearBeside(ctx, t)
	}
	return nil
}

// lostBecause says why a task counts as lost, or nothing when it does not.
func (c *conductor) lostBecause(t *task, now time.Time) string {
	heard := c.lastHeard(t)
	if !t.gone.IsZero() && now.Sub(t.gone) > goneGrace && now.Sub(heard) > goneGrace/2 {
		return t.goneBecause()
	}
	if t.Status != load.TaskRunning && t.Status != load.TaskReady {
		late := t.Attempt == 0 && c.run.Spec.Start.LateTasks == load.LateJoin // it may join until the end
		if !late && now.Sub(t.awaited) > c.within() {
			return fmt.Sprintf("not ready within %s: %s", c.within(), t.state())
		}
		return ""
	}
	last := heard
	for _, at := range []time.Time{t.awaited, *c.run.Started} {
		if at.After(last) {
			last = at
		}
	}
	if silent := now.Sub(last); silent > c.Limits.Silence {
		return fmt.Sprintf("no word from it for %s", silent.Round(time.Second))
	}
	return ""
}

// afterLoss makes sure that a lost task makes no more load, and does what the
// scenario wants done then.
func (c *conductor) afterLoss(ctx context.Context, t *task, now time.Time) error {
	if c.run.Status != load.Running || c.run.Spec.LostTasks != load.LostReplace || t.plan.Leaves != nil {
		c.clearBeside(ctx, t)
	}
	if c.run.Status != load.Running || t.plan.Leaves != nil {
		return nil
	}
	switch c.run.Spec.LostTasks {
	case load.LostStop:
		return c.change(ctx, load.Change{Kind: load.ChangeDrain, At: c.soon(now)}, "a task was lost and the scenario says to stop then", nil)
	case load.LostReplace:
		return c.replace(ctx, t, now)
	}
	return nil
}

// replace starts another attempt at a lost task. It joins at the run's present
// second; what its predecessor missed stays missing and is stated.
func (c *conductor) replace(ctx context.Context, t *task, now time.Time) error {
	end, known := c.timeline.End()
	left := end - now.Sub(*c.run.Started)
	if (known && left < 3*time.Second) || t.Attempt+1 >= mostAttempts {
		c.clearBeside(ctx, t)
		return c.note(ctx, "task", t.Name, "task "+t.Name+" is not replaced: too late, or lost too often")
	}
	next := &task{plan: t.plan, awaited: now, Task: load.Task{
		Run: c.id, Name: t.Name, Region: t.Region, Index: t.Index, Added: t.Added,
		Attempt: t.Attempt + 1, Status: load.TaskPlanned,
	}}
	c.tasks = append(c.tasks, next)
	c.dirty = true
	if err := c.publish(ctx); err != nil {
		return err
	}
	c.clear(ctx, t, fmt.Sprintf("%s.lost-%d.log", t.Name, t.Attempt+1))
	if err := c.note(ctx, "task", t.Name, "task "+t.Name+" is being replaced"); err != nil {
		return err
	}
	return c.startTasks([]*task{next})
}

// startPlanned asks for tasks that came by a change, and for those that were
// asked for when another server, or this one before a crash, owned the run.
func (c *conductor) startPlanned(now time.Time) error {
	if c.run.Status != load.Running {
		return nil
	}
	due := c.missing()
	if c.asked {
		due = slices.DeleteFunc(due, func(t *task) bool { return t.Status != load.TaskPlanned })
	}
	due = slices.DeleteFunc(due, func(t *task) bool { return t.plan.Leaves != nil })
	if len(due) > 0 {
		if err := c.startTasks(due); err != nil {
			return err
		}
	}
	c.asked = true
	return c.startAgain(now)
}

// stopTasks makes a driver end tasks, all of the run's when none is named.
func (c *conductor) stopTasks(ctx context.Context, name string, tasks ...string) error {
	r := c.fleet[name]
	if r.driver == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.Limits.Platform)
	defer cancel()
	err := r.driver.Stop(ctx, c.id, tasks...)
	if err != nil {
		c.log.Error("cannot stop tasks", "region", name, "tasks", tasks, "err", err)
	}
	return err
}

// obeyCriteria ends the run when a criterion that says so is broken.
func (c *conductor) obeyCriteria(ctx context.Context, now time.Time) error {
	if c.run.Status != load.Running || c.changed(load.ChangeDrain, load.ChangeStop) {
		return nil
	}
	broken := c.collector.Load().Stop()
	if broken == nil {
		return nil
	}
	why := fmt.Sprintf("criterion %q is broken: found %s", broken.Criterion, broken.FoundText)
	if err := c.note(ctx, "criterion", "", why); err != nil {
		return err
	}
	return c.change(ctx, load.Change{Kind: load.ChangeDrain, At: c.soon(now)}, why, nil)
}

// changed says that the run has a live change of one of these kinds.
func (c *conductor) changed(kinds ...load.ChangeKind) bool {
	return slices.ContainsFunc(c.run.Changes, func(change load.Change) bool { return slices.Contains(kinds, change.Kind) })
}

// boundEnd ends tasks that do not end by themselves: first by command, then by
// force.
func (c *conductor) boundEnd(ctx context.Context, now time.Time) error {
	end, known := c.timeline.End()
	if !known {
		end = longestRun
	}
	late := now.Sub(*c.run.Started) - end - c.Limits.Drain - c.Limits.Overrun
	if late < 0 {
		return nil
	}
	if !c.changed(load.ChangeStop) {
		return c.change(ctx, load.Change{Kind: load.ChangeStop, At: c.soon(now)}, "the planned end and the drain are over", func(r *load.Run) {
			r.Cause = append(r.Cause, fmt.Sprintf("tasks still ran %s after the end and were stopped: %s", c.Limits.Drain+c.Limits.Overrun, c.running()))
		})
	}
	if late < c.Limits.Overrun {
		return nil
	}
	for _, t := range c.tasks {
		if t.over() {
			continue
		}
		c.clearBeside(ctx, t)
		if err := c.lose(ctx, t, load.TaskLost, fmt.Sprintf("still running %s after the end, stopped by force", late.Round(time.Second))); err != nil {
			return err
		}
	}
	return nil
}

// running names the tasks that have not ended.
func (c *conductor) running() string {
	var names []string
	for _, t := range c.tasks {
		if !t.over() {
			names = append(names, t.Name)
		}
	}
	return shorten(names)
}

// shorten joins a list of names, the first few of them.
func shorten(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
