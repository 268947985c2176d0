package control

import (
	"context"
	"fmt"
	"time"

	"onrush.dev/onrush/internal/load"
)

// queue waits until every region has room for its tasks. A region that could
// never hold them ends the run before anything starts.
func (c *conductor) queue(ctx context.Context, now time.Time) error {
	if now.Before(c.roomDue) {
		return nil
	}
	c.roomDue = now.Add(roomEvery)
	for _, planned := range c.run.Plan.Regions {
		r := c.fleet[planned.Name]
		if r.driver == nil {
			return c.fail(ctx, "region "+planned.Name+" cannot be used", r.err.Error())
		}
		free, err := c.room(ctx, r, len(planned.Tasks))
		if err != nil { // a platform that does not answer now may do so soon
			c.leaveRooms()
			return c.await(ctx, now, "region "+planned.Name+" cannot be asked for its capacity: "+err.Error())
		}
		if free.never != "" {
			return c.fail(ctx, free.never)
		}
		if free.wait != "" {
			c.leaveRooms() // two runs that each hold what the other waits for would wait for ever
			return c.await(ctx, now, free.wait)
		}
	}
	return c.move(ctx, load.Provisioning, "starting "+tasksText(c.run.Plan.Tasks), nil)
}

// leaveRooms gives back what the run was promised, in all regions.
func (c *conductor) leaveRooms() {
	for region := range c.fleet {
		c.rooms.leave(region, c.id)
	}
}

// await keeps the run queued, says so once, and ends it after its bound.
func (c *conductor) await(ctx context.Context, now time.Time, why string) error {
	if now.Sub(c.run.Created) > c.Limits.Queue {
		return c.fail(ctx, fmt.Sprintf("no room within %s", c.Limits.Queue), why)
	}
	if c.waitNoted {
		return nil
	}
	c.waitNoted = true
	return c.note(ctx, "note", "", "waiting: "+why)
}

// roomAnswer says whether tasks fit: both texts empty when they do.
type roomAnswer struct{ wait, never string }

func (c *conductor) room(ctx context.Context, r region, tasks int) (roomAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.Limits.Platform)
	defer cancel()
	has, err := r.driver.Capacity(ctx)
	if err != nil || has.Limit == 0 {
		return roomAnswer{}, err
	}
	if tasks > has.Limit && c.run.Spec.Start.Lenient() {
		tasks = has.Limit // the plan said that it runs without the others
	}
	if tasks > has.Limit {
		return roomAnswer{never: fmt.Sprintf("region %s holds at most %d tasks, the plan needs %d: lower its tasks, or raise the region's limit", r.Name, has.Limit, tasks)}, nil
	}
	if !c.rooms.take(r.Name, c.id, tasks, has.Limit-has.InUse) {
		return roomAnswer{wait: fmt.Sprintf("region %s has room for %d of %d tasks, %d are in use by other runs", r.Name, max(0, has.Limit-has.InUse), tasks, has.InUse)}, nil
	}
	return roomAnswer{}, nil
}

// fail ends the run as one that could not run. What was measured, if anything,
// is kept: finishing writes the report as for any run.
func (c *conductor) fail(ctx context.Context, cause ...string) error {
	return c.move(ctx, load.Finishing, cause[0], func(r *load.Run) {
		r.Outcome, r.Cause = load.CouldNotRun, cause
	})
}
