package control

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"onrush.dev/onrush/internal/collect"
	"onrush.dev/onrush/internal/load"
)

// quiet is how long the bus must have been silent before the figures of lost
// tasks count as complete. Tasks that said their last word need no wait: it
// comes after all their windows.
const quiet = 300 * time.Millisecond

// finish sweeps the fleet, writes the series and the report, and ends the run.
// Each step may be repeated after a crash; the report is the point of no
// return, since the bus's copy of the windows goes after it.
func (c *conductor) finish(ctx context.Context, now time.Time) error {
	if !c.replayed || now.Sub(c.quietFrom) < c.quietTime() {
		return nil
	}
	done, err := c.Store.Report(ctx, c.id)
	if err == nil {
		return c.end(ctx, done)
	}
	if load.ErrorCode(err) != load.NotFound {
		return err
	}
	c.endStarts()
	c.clearing.Wait()
	c.keepLogs(ctx)
	if err := c.sweep(ctx); err != nil {
		return err
	}
	c.settle("stopped before the start: the run could not run")
	report, err := c.report(ctx)
	if err != nil {
		return err
	}
	if err := c.Store.PutReport(ctx, c.id, report); err != nil {
		return err
	}
	return c.end(ctx, report)
}

func (c *conductor) quietTime() time.Duration {
	for _, t := range c.tasks {
		if !t.Final && t.Status == load.TaskLost {
			return quiet
		}
	}
	return 0
}

// sweep ends what is left of the fleet, in all regions at once. A platform that
// does not answer is asked again for a while; then the run ends all the same,
// and says what may be left.
func (c *conductor) sweep(ctx context.Context) error {
	var regions sync.WaitGroup
	var mu sync.Mutex
	left := map[string]error{}
	for name := range c.fleet {
		regions.Go(func() {
			if err := c.stopAll(ctx, name); err != nil {
				mu.Lock()
				defer mu.Unlock()
				left[name] = err
			}
		})
	}
	regions.Wait()
	if ctx.Err() != nil {
		return ctx.Err() // another server goes on
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		text := fmt.Sprintf("region %s did not end its tasks within %s (%v): some may still run; the sweep of orphans goes on trying", name, c.Limits.Sweep, left[name])
		if err := c.note(ctx, "note", "", text); err != nil {
			return err
		}
	}
	return nil
}

// stopAll ends all tasks of the run in a region, until it works or time is up.
func (c *conductor) stopAll(ctx context.Context, name string) error {
	end := time.Now().Add(c.Limits.Sweep)
	for pause := 500 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		err := c.stopTasks(ctx, name)
		if err == nil || ctx.Err() != nil || time.Now().Add(pause).After(end) {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// report takes the collector's figures, keeps the series, and judges the run.
func (c *conductor) report(ctx context.Context) (*load.Report, error) {
	live := c.collector.Load()
	tasks := c.attempts()
	live.Status(load.Finishing, tasks)
	result, err := live.Finish(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.keepSeries(ctx, result); err != nil {
		return nil, err
	}
	outcome, cause := outcomeOf(c.run, tasks, result.Accounting)
	verdict := verdictOf(outcome, result.Criteria)
	ended := time.Now().UTC()
	if err := c.note(ctx, "status", "", fmt.Sprintf("ended: %s, criteria %s", outcome, verdict)); err != nil {
		return nil, err
	}
	events, err := c.Store.Events(ctx, c.id, 0)
	if err != nil {
		return nil, err
	}
	return &load.Report{
		Run: load.RunFacts{
			ID: c.id, Scenario: c.run.Scenario, Status: load.Ended, Outcome: outcome, Verdict: verdict, Cause: cause,
			Created: c.run.Created, Started: c.run.Started, Ended: &ended, Seconds: result.Seconds,
		},
		Accounting: result.Accounting, StartSkewMS: result.StartSkewMS, Provisioning: result.Starts,
		Total: result.Total, Regions: result.Regions, Labels: result.Labels, Tasks: result.Tasks,
		Generator: result.Generator, Metrics: result.Metrics, Criteria: result.Criteria, Events: events, Notes: result.Notes, Plan: c.run.Plan,
	}, nil
}

// keepSeries writes the run's Parquet file by way of a local one.
func (c *conductor) keepSeries(ctx context.Context, result *collect.Result) error {
	path := filepath.Join(c.SpoolDir, c.id+".parquet")
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("make series file: %w", err)
	}
	defer os.Remove(path)
	defer file.Close()
	if err := result.WriteSeries(file); err != nil {
		return fmt.Errorf("write series: %w", err)
	}
	if _, err := file.Seek(0, 0); err != nil {
		return err
	}
	_, err = c.Blob.Put(ctx, load.RunKey(c.id, "series.parquet"), file)
	return err
}

// end closes the run on the bus and in the store.
func (c *conductor) end(ctx context.Context, report *load.Report) error {
	if err := c.publish(ctx); err != nil {
		return err
	}
	if c.Forget != nil && len(c.run.Spec.Secrets) > 0 {
		if err := c.Forget(ctx, c.id); err != nil {
			return err
		}
	}
	c.closing.Store(true)
	if err := c.Bus.CloseRun(ctx, c.id); err != nil {
		return err
	}
	err := c.update(ctx, func(r *load.Run) {
		r.Status, r.Since = load.Ended, time.Now().UTC()
		r.Outcome, r.Verdict, r.Cause, r.Ended = report.Run.Outcome, report.Run.Verdict, report.Run.Cause, report.Run.Ended
		r.Summary = summaryOf(report)
	})
	if err != nil {
		return err
	}
	c.log.Info("run has ended", "outcome", report.Run.Outcome, "verdict", report.Run.Verdict)
	c.dirty = false
	c.collector.Load().Status(load.Ended, c.attempts())
	return nil
}

// summaryOf picks what lists show of a report; nil when nothing was measured.
func summaryOf(report *load.Report) *load.RunSummary {
	if report.Total.Requests == 0 {
		return nil
	}
	return &load.RunSummary{
		Requests: report.Total.Requests, Failures: report.Total.Failures,
		RequestsPerSecond: report.Total.RequestsPerSecond, P95: report.Total.LatencyMS.P95, Seconds: report.Run.Seconds,
	}
}
