package control

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"onrush.dev/onrush/internal/load"
)

// Room says whether a region has room for more tasks of a run, which then has
// so many there; an error of code Conflict says why not.
func (c *Controller) Room(ctx context.Context, name string, tasks, more int) error {
	region, driver, err := c.opts.Regions.Region(ctx, name)
	if err != nil {
		return err
	}
	if region.RunLimit > 0 && tasks > region.RunLimit {
		return load.Errorf(load.Conflict, "region %s allows one run at most %d tasks (its run_limit), and it would have %d", name, region.RunLimit, tasks)
	}
	ctx, cancel := context.WithTimeout(ctx, c.opts.Limits.Platform)
	defer cancel()
	has, err := driver.Capacity(ctx)
	if err != nil {
		return fmt.Errorf("ask region %s for its capacity: %w", name, err)
	}
	if free := has.Limit - has.InUse; has.Limit > 0 && more > free {
		return load.Errorf(load.Conflict, "region %s has room for %d more tasks, %d are wanted: %d of its %d are in use", name, max(0, free), more, has.InUse, has.Limit)
	}
	return nil
}

// changeTasks adds tasks to a running run, and takes some away. The plan with
// them is stored first: what then is to be done follows from it, by whichever
// server.
func (c *conductor) changeTasks(ctx context.Context, intent load.Intent, now time.Time) error {
	applied := func(r *load.Run) { r.Applied = intent.Seq }
	if err := c.run.Plan.CheckTasks(intent.Tasks); err != nil {
		if err := c.note(ctx, "change", "", fmt.Sprintf("%s by %s has no effect: %v", intent.Kind, intent.By, err)); err != nil {
			return err
		}
		return c.update(ctx, applied)
	}
	at := c.soon(now)
	change := load.Change{Kind: load.ChangeTasks, Tasks: intent.Tasks, At: at}
	err := c.change(ctx, change, "by "+intent.By, func(r *load.Run) {
		applied(r)
		r.Plan.ChangeTasks(intent.Tasks, at)
	})
	if err == nil {
		c.adopt()
	}
	return err
}

// adopt takes in what a change made of the plan.
func (c *conductor) adopt() {
	known := map[string][]*task{}
	for _, t := range c.tasks {
		known[t.Name] = append(known[t.Name], t)
	}
	for _, r := range c.run.Plan.Regions {
		for _, p := range r.Tasks {
			for _, t := range known[p.Name] {
				t.plan = p
			}
			if known[p.Name] == nil {
				c.tasks = append(c.tasks, newTask(c.id, r.Name, p))
				c.collector.Load().AddTask(r.Name, p.Name)
			}
		}
	}
	c.dirty = true
}

// takeAway ends tasks that are to leave and cannot be told, since they are not
// up yet, or that do not heed it. The others drain by themselves: see tell.
func (c *conductor) takeAway(ctx context.Context, now time.Time) error {
	for _, t := range c.tasks {
		if t.over() || t.plan.Leaves == nil {
			continue
		}
		t.Left = inMillis(*t.plan.Leaves)
		if t.Status != load.TaskReady && t.Status != load.TaskRunning {
			c.takeBack(ctx, t, "taken away before it was ready")
			continue
		}
		late := now.Sub(c.run.Started.Add(time.Duration(t.Left))) - c.Limits.Drain - 2*c.Limits.Overrun
		if late < 0 {
			continue
		}
		c.clearBeside(ctx, t)
		if err := c.lose(ctx, t, load.TaskLost, fmt.Sprintf("still running %s after it was to leave, stopped by force", (late+c.Limits.Drain+2*c.Limits.Overrun).Round(time.Second))); err != nil {
			return err
		}
	}
	return nil
}

// takeBack ends a task that has made no load, and needs not to.
func (c *conductor) takeBack(ctx context.Context, t *task, why string) {
	t.Status, t.Reason, t.Final, c.dirty = load.TaskDone, why, true, true
	c.collector.Load().TaskGone(t.Name, t.Attempt, true, 0, 0)
	c.clearBeside(ctx, t)
}

// endAdded ends tasks that were added once those that were planned have ended:
// theirs is the run's end.
func (c *conductor) endAdded(ctx context.Context, now time.Time) error {
	if c.changed(load.ChangeDrain, load.ChangeStop) {
		return nil
	}
	added, ended := false, false
	for _, t := range c.tasks {
		switch {
		case t.Added:
			added = added || !t.over()
		case !t.over():
			return nil
		case t.plan.Leaves == nil && t.Status != load.TaskLost:
			ended = true
		}
	}
	if !added || !ended {
		return nil
	}
	return c.change(ctx, load.Change{Kind: load.ChangeDrain, At: c.soon(now)}, "the planned tasks have ended, and with them the run", nil)
}

// tasksByRegion is "3 in eu, 1 in us".
func tasksByRegion(tasks map[string]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(tasks)) {
		parts = append(parts, fmt.Sprintf("%d in %s", tasks[name], name))
	}
	return strings.Join(parts, ", ")
}
