package control

import (
	"context"
	"fmt"
	"time"

	"onrush.dev/onrush/internal/load"
)

// readIntents takes in what users asked of the run since the last look, in
// order, each once: the number of the last one is stored with its effect.
func (c *conductor) readIntents(ctx context.Context, now time.Time) error {
	if now.Before(c.intentsDue) || c.run.Status == load.Finishing {
		return nil
	}
	intents, err := c.Store.Intents(ctx, c.id, c.run.Applied)
	if err != nil {
		return err
	}
	c.intentsDue = now.Add(intentEvery)
	for _, intent := range intents {
		if err := c.apply(ctx, intent, now); err != nil {
			return err
		}
	}
	return nil
}

// apply does what one intent asks, as far as the run's status allows.
func (c *conductor) apply(ctx context.Context, intent load.Intent, now time.Time) error {
	applied := func(r *load.Run) { r.Applied = intent.Seq }
	stop := intent.Kind == load.IntentStop || intent.Kind == load.IntentDrain
	switch {
	case stop && c.run.Started == nil:
		return c.move(ctx, load.Cancelling, "stopped by "+intent.By+" before the start", func(r *load.Run) {
			applied(r)
			r.Outcome, r.Cause = load.Cancelled, []string{"stopped by " + intent.By + " before the start"}
		})
	case c.run.Status != load.Running && !stop:
		if err := c.note(ctx, "change", "", fmt.Sprintf("%s by %s has no effect: the run is %s", intent.Kind, intent.By, c.run.Status)); err != nil {
			return err
		}
		return c.update(ctx, applied)
	}
	if intent.Kind == load.IntentTasks {
		return c.changeTasks(ctx, intent, now)
	}
	change := load.Change{Kind: load.ChangeKind(intent.Kind), Level: intent.Level, At: c.soon(now)}
	return c.change(ctx, change, "by "+intent.By, func(r *load.Run) {
		applied(r)
		if stop {
			r.Outcome, r.Cause = load.Cancelled, []string{fmt.Sprintf("stopped by %s (%s)", intent.By, intent.Kind)}
			r.Status, r.Since = load.Cancelling, now.UTC()
		}
	})
}

// soon is an instant of the run that commands reach all tasks before.
func (c *conductor) soon(now time.Time) load.Duration {
	return load.Duration(max(0, now.Add(c.lead()).Sub(*c.run.Started)))
}

// change stores a live change; tell brings it to the tasks.
func (c *conductor) change(ctx context.Context, change load.Change, why string, more func(*load.Run)) error {
	if err := c.update(ctx, func(r *load.Run) {
		r.Changes = append(r.Changes, change)
		if more != nil {
			more(r)
		}
	}); err != nil {
		return err
	}
	c.timeline.Add(change)
	c.collector.Load().Changes(c.run.Changes)
	text := fmt.Sprintf("%s at second %.1f, %s", change.Kind, time.Duration(change.At).Seconds(), why)
	switch change.Kind { //nolint:exhaustive // the others are what their name says
	case load.ChangeTasks:
		text = fmt.Sprintf("tasks changed to %s at second %.1f, %s", tasksByRegion(change.Tasks), time.Duration(change.At).Seconds(), why)
	case load.ChangeLevel:
		text = fmt.Sprintf("load changed to %g %s at second %.1f, %s", change.Level, c.unit(), time.Duration(change.At).Seconds(), why)
	}
	// It is done: a server that ends now must tell of it all the same.
	return c.note(context.WithoutCancel(ctx), "change", "", text)
}

func (c *conductor) unit() string {
	if c.run.Plan.Model == load.Open {
		return "requests/s"
	}
	return "users"
}

func (c *conductor) update(ctx context.Context, change func(*load.Run)) error {
	run, err := c.Store.UpdateRun(ctx, c.id, c.Owner, func(r *load.Run) error { change(r); return nil })
	if err == nil {
		c.run = run
		c.dirty = true
	}
	return err
}

// fold ends a run that was cancelled before its start.
func (c *conductor) fold(ctx context.Context) error {
	c.settle("the run was cancelled before its start")
	return c.move(ctx, load.Finishing, "cancelled before the start", nil)
}
