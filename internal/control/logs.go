package control

import (
	"context"
	"io"
	"sync"

	"onrush.dev/onrush/internal/load"
)

// The bounds of what is kept of logs: an agent says little, but an engine may
// say the same thing a million times.
const (
	mostLog     = 4 << 20
	logsAtOnce  = 8
	logKeyStart = "logs/"
)

// keepLogs copies the tasks' logs to blob before the fleet is swept. A log that
// cannot be had is no reason to lose the run: it is only logged.
func (c *conductor) keepLogs(ctx context.Context) {
	var copies sync.WaitGroup
	slots := make(chan struct{}, logsAtOnce)
	kept := map[string]bool{}
	for _, t := range c.tasks {
		if kept[t.Name] || t.Instance == "" || t.Status == load.TaskLost {
			continue // a lost task's log was kept when it was cleared away
		}
		kept[t.Name] = true
		slots <- struct{}{}
		copies.Go(func() {
			defer func() { <-slots }()
			c.keepLog(ctx, t, logName(t))
		})
	}
	copies.Wait()
}

// logName is the log of a task as the API finds it.
func logName(t *task) string { return t.Name + ".log" }

// clear makes sure that a lost task makes no more load, and keeps its log: the
// one that people will want to read.
func (c *conductor) clear(ctx context.Context, t *task, log string) {
	c.keepLog(ctx, t, log)
	_ = c.stopTasks(ctx, t.Region, t.Name) // logged; the run's end stops them all once more
}

// clearBeside clears a lost task away beside the loop. Finish waits for it:
// sweeping the fleet would take the log away under it.
func (c *conductor) clearBeside(ctx context.Context, t *task) {
	c.clearing.Go(func() { c.clear(context.WithoutCancel(ctx), t, logName(t)) })
}

func (c *conductor) keepLog(ctx context.Context, t *task, name string) {
	if err := c.copyLog(ctx, t, name); err != nil {
		c.log.Warn("cannot keep a task's log", "task", t.Name, "err", err)
	}
}

func (c *conductor) copyLog(ctx context.Context, t *task, name string) error {
	r := c.fleet[t.Region]
	if r.driver == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.Limits.Platform)
	defer cancel()
	log, err := r.driver.Logs(ctx, c.id, t.Name, false)
	if err != nil {
		return err
	}
	defer log.Close()
	_, err = c.Blob.Put(ctx, load.RunKey(c.id, logKeyStart+name), io.LimitReader(log, mostLog))
	return err
}
