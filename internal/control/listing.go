package control

import (
	"context"
	"time"

	"onrush.dev/onrush/internal/fleet"
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
	if c.listsOut > 0 || now.Before(c.listDue) {
		return
	}
	c.listDue = now.Add(listEvery)
	for name, r := range c.fleet {
		if r.driver == nil {
			continue
		}
		c.listsOut++
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
	c.listsOut--
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
		if instance.State == fleet.Gone && t.gone.IsZero() {
			t.gone = time.Now()
		}
	}
}
