package control

import (
	"context"
	"fmt"
	"time"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// startResult is a driver's answer to a request to start tasks.
type startResult struct {
	region  string
	tasks   []*task
	started []fleet.Started
	err     error
}

// provision asks the drivers for all tasks and waits until each agent is
// ready, or one cannot be, or time is up.
func (c *conductor) provision(ctx context.Context, now time.Time) error {
	if !c.replayed {
		return nil
	}
	if !c.asked {
		err := c.startTasks(ctx, c.missing())
		c.asked = err == nil
		return err
	}
	ready := 0
	for _, t := range c.tasks {
		if !t.over() && !t.gone.IsZero() && now.Sub(t.gone) > goneGrace {
			if err := c.lose(ctx, t, load.TaskFailed, "ended before it was ready: "+t.goneBecause()); err != nil {
				return err
			}
		}
		if t.over() {
			return c.fail(ctx, fmt.Sprintf("task %s did not get ready", t.Name), t.Reason)
		}
		if t.Status == load.TaskReady {
			ready++
		}
	}
	if ready == len(c.tasks) {
		return c.arm(ctx)
	}
	if now.Sub(c.run.Since) > c.Limits.Provision {
		return c.fail(ctx, fmt.Sprintf("%d of %d tasks were ready after %s", ready, len(c.tasks), c.Limits.Provision), c.unready())
	}
	return nil
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

// unready names the tasks that are not ready, with what is known of each.
func (c *conductor) unready() string {
	var names []string
	for _, t := range c.missing() {
		state := "no word from it"
		if t.instance != nil && t.instance.Reason != "" {
			state = t.instance.Reason
		} else if !t.hello.IsZero() {
			state = "it said hello and is still getting ready"
		}
		names = append(names, fmt.Sprintf("%s (%s)", t.Name, state))
	}
	return "not ready: " + shorten(names)
}

// startTasks asks the drivers, region by region and beside the loop. All tickets
// are there before the first driver is asked, so that it fails as a whole.
func (c *conductor) startTasks(ctx context.Context, tasks []*task) error {
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
	for _, t := range tasks {
		t.awaited = time.Now()
		if t.Status == load.TaskPlanned {
			t.Status = load.TaskStarting
			c.dirty = true
		}
	}
	for name, tasks := range byRegion {
		go c.callStart(ctx, name, tasks, specs[name])
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
	ctx, cancel := context.WithTimeout(ctx, c.Limits.Provision)
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
	return longestRun + c.Limits.Provision
}

// startAnswered takes in a driver's answer to startTasks.
func (c *conductor) startAnswered(r startResult) {
	c.dirty = true
	c.rooms.leave(r.region, c.id)
	for i, t := range r.tasks {
		err := r.err
		if err == nil && i < len(r.started) {
			err = r.started[i].Err
		}
		if err != nil && !t.over() {
			t.Status, t.Reason = load.TaskFailed, "did not start: "+err.Error()
			c.collector.Load().TaskGone(t.Name, t.Attempt, false, 0, 0)
			continue
		}
		if i < len(r.started) {
			t.Instance = r.started[i].Instance
		}
	}
}

// arm sets the instant at which all tasks start. It is stored before anyone is
// told, so that a crash in between changes nothing.
func (c *conductor) arm(ctx context.Context) error {
	lead := c.lead()
	start := time.Now().Add(lead).UTC()
	why := fmt.Sprintf("%s ready, start in %s", tasksText(len(c.tasks)), lead)
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
