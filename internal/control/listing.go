package control

import (
	"context"
	"time"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// listing is what one region's driver sees of the run.
type listing struct {
	region    string
	instances []fleet.Instance
	err       error
}

// relist asks every driver, beside the loop, what it sees. A slow driver
// delays only its own answer.
func (c *conductor) relist(ctx context.Context, now time.Time) {
	for name, r := range c.fleet {
		if due, asked := c.listDue[name]; r.driver == nil || asked && now.Before(due) {
			continue
		}
		c.listDue[name] = now.Add(c.Limits.Platform + time.Second) // or its answer
		go func() {
			ctx, cancel := context.WithTimeout(ctx, c.Limits.Platform)
			defer cancel()
			instances, err := r.driver.List(ctx, c.id)
			c.lists <- listing{name, instances, err}
		}()
	}
}

// see takes in a driver's answer.
func (c *conductor) see(l listing) {
	c.listDue[l.region] = time.Now().Add(listEvery)
	if l.err != nil {
		c.log.Warn("cannot list tasks", "region", l.region, "err", l.err)
		return
	}
	for i := range l.instances {
		instance := l.instances[i]
		t := c.find(instance.Task, instance.Attempt)
		if t == nil {
			continue
		}
		t.instance = &instance
		if t.Instance != instance.ID {
			t.Instance = instance.ID
			c.dirty = true
		}
		c.seeState(t, &instance)
	}
}

// seeState takes in where the platform says that a task stands.
func (c *conductor) seeState(t *task, instance *fleet.Instance) {
	now := time.Now()
	switch instance.State {
	case fleet.Gone:
		if t.gone.IsZero() {
			t.gone = now
		}
		return
	case fleet.Up:
		if t.Times.Up.IsZero() {
			t.Times.Up, c.dirty = upSince(instance.Started, t.Times.Asked, now), true
		}
	case fleet.Pending:
	}
	if t.Status == load.TaskStarting && t.askAgain.IsZero() && t.Reason != instance.Reason {
		t.Reason, c.dirty = instance.Reason, true
	}
}

// upSince is when an instance came up, as its platform says, in so far as that
// can be: its clock is another than ours.
func upSince(says, asked, now time.Time) time.Time {
	if says.IsZero() || says.After(now) || says.Before(asked) {
		return now.UTC()
	}
	return says.UTC()
}
