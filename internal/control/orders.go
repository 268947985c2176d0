package control

import (
	"context"
	"fmt"
	"sort"
	"time"

	"onrush.dev/onrush/internal/load"
)

// joinLead is how long a replacement may take from its order to its start.
const joinLead = 2 * time.Second

// order answers an agent that asks what to do. It reads the stored run, so
// that any server can answer for any run.
func (c *Controller) order(ctx context.Context, runID, taskName string, attempt int) (load.Order, error) {
	run, err := c.opts.Store.Run(ctx, runID)
	if err != nil {
		return load.Order{}, err
	}
	if run.Status == load.Ended || run.Status == load.Finishing || run.Plan == nil {
		return load.Order{}, load.Errorf(load.Conflict, "run %s is %s: there is nothing to do", runID, run.Status)
	}
	for _, r := range run.Plan.Regions {
		for _, planned := range r.Tasks {
			if planned.Name == taskName {
				base, err := c.base(ctx, r.Name)
				if err != nil {
					return load.Order{}, err
				}
				order := c.orderFor(run, planned, attempt, base)
				if c.opts.Secrets != nil && len(run.Spec.Secrets) > 0 {
					order.Secrets, err = c.opts.Secrets(ctx, runID)
				}
				return order, err
			}
		}
	}
	return load.Order{}, load.Errorf(load.NotFound, "run %s has no task %s", runID, taskName)
}

// base is where a region's tasks reach the server. A region that was removed
// meanwhile has nothing of its own to say.
func (c *Controller) base(ctx context.Context, name string) (string, error) {
	region, _, err := c.opts.Regions.Region(ctx, name)
	switch {
	case load.ErrorCode(err) == load.NotFound:
		region = load.Region{Name: name}
	case err != nil:
		return "", err
	}
	base, _ := c.opts.Reach(region)
	return base, nil
}

func (c *Controller) orderFor(run load.Run, planned load.PlanTask, attempt int, base string) load.Order {
	order := run.Plan.Order(planned)
	order.Run = run.ID
	order.Scenario = run.Spec
	order.Changes = run.Changes
	order.Script = run.Plan.Script
	order.SampleTarget = run.Check != nil
	if c.opts.KeepLink != nil {
		order.Keep = c.opts.KeepLink(base, run.ID, keptAs(planned.Name, attempt))
	}
	order.Drain = load.Duration(c.opts.Limits.Drain)
	if (attempt > 0 || planned.Added) && run.Started != nil {
		order.Skip = load.Duration(time.Since(*run.Started) + joinLead)
	}
	for name, sum := range run.Files {
		order.Files = append(order.Files, load.OrderFile{Name: name, SHA256: sum, URL: c.opts.Link(base, run.ID, sum)})
	}
	sort.Slice(order.Files, func(i, j int) bool { return order.Files[i].Name < order.Files[j].Name })
	return order
}

// keptAs names a task's artifacts: a replacement has a folder of its own.
func keptAs(task string, attempt int) string {
	if attempt == 0 {
		return task
	}
	return fmt.Sprintf("%s.%d", task, attempt)
}
