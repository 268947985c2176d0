package main

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"onrush.dev/onrush/bench/internal/rig"
	"onrush.dev/onrush/bench/internal/windows"
	"onrush.dev/onrush/internal/blob/files"
	"onrush.dev/onrush/internal/collect"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/store"
)

// makeRun lays an ended run into a server's data folder, with the figures that
// the collector made of a whole hour of windows.
func makeRun(b *rig.Bench, dir string, set *windows.Set) (id string, err error) {
	created := time.Now().UTC().Add(-2 * time.Hour)
	started := created.Add(time.Second)
	id = load.NewRunID(created)
	run := load.Run{
		ID: id, Scenario: set.Scenario.Name, Status: load.Running, By: "admin", Created: created, Started: &started,
		Since: started, Spec: set.Scenario, Plan: &set.Plan,
	}
	c, err := collect.New(collect.Options{Run: run, Plan: set.Plan, Dir: filepath.Join(dir, "spool", id)})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if err := replay(c, id, set, started); err != nil {
		return "", err
	}
	report, err := finish(b, c, dir, run)
	if err != nil {
		return "", err
	}
	return id, keep(b, dir, run, set, report)
}

// replay is the hour.
func replay(c *collect.Collector, id string, set *windows.Set, started time.Time) error {
	c.Status(load.Running, set.Rows(id, load.TaskRunning))
	for second := range set.Seconds {
		c.Tick(started.Add(time.Duration(second+1) * time.Second))
		for _, task := range set.Tasks() {
			if err := c.Window(set.Window(task, second)); err != nil {
				return err
			}
		}
	}
	for _, task := range set.Tasks() {
		c.TaskGone(task, 0, true, set.Sent(set.Seconds), uint64(set.Seconds))
	}
	c.Status(load.Finishing, set.Rows(id, load.TaskDone))
	return nil
}

// finish does what the end of a run does, and times it.
func finish(b *rig.Bench, c *collect.Collector, dir string, run load.Run) (*load.Report, error) {
	begin := time.Now()
	result, err := c.Finish(b)
	if err != nil {
		return nil, err
	}
	b.Say("end of the run: work out the report", "%.0f ms", rig.MS(time.Since(begin)))
	path := filepath.Join(b.Dir, "series.parquet")
	out, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	begin = time.Now()
	from := rig.CPU()
	if err := result.WriteSeries(out); err != nil {
		return nil, err
	}
	b.Say("end of the run: write the series, by the clock and of CPU", "%.1f s, %.1f s", time.Since(begin).Seconds(), (rig.CPU() - from).Seconds())
	size, err := out.Seek(0, 1)
	if err != nil {
		return nil, err
	}
	b.Say("size of the series file", "%.1f MB", float64(size)/1e6)
	bucket, err := files.Open(filepath.Join(dir, "blob"))
	if err != nil {
		return nil, err
	}
	defer bucket.Close()
	if _, err := out.Seek(0, 0); err != nil {
		return nil, err
	}
	if _, err := bucket.Put(b, load.RunKey(run.ID, "series.parquet"), out); err != nil {
		return nil, err
	}
	ended := run.Started.Add(time.Hour)
	return &load.Report{
		Run: load.RunFacts{
			ID: run.ID, Scenario: run.Scenario, Status: load.Ended, Outcome: load.Completed, Verdict: load.NotJudged,
			Created: run.Created, Started: run.Started, Ended: &ended, Seconds: result.Seconds,
		},
		Accounting: result.Accounting, StartSkewMS: result.StartSkewMS, Total: result.Total, Regions: result.Regions,
		Labels: result.Labels, Tasks: result.Tasks, Generator: result.Generator, Criteria: result.Criteria, Notes: result.Notes, Plan: run.Plan,
	}, nil
}

// keep stores the ended run.
func keep(b *rig.Bench, dir string, run load.Run, set *windows.Set, report *load.Report) (err error) {
	db, err := store.Open(b, "sqlite:"+filepath.Join(dir, "onrush.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, region := range set.Plan.Regions {
		if _, _, err := db.PutRegion(b, load.Region{Name: region.Name, Driver: "local"}); err != nil {
			return err
		}
	}
	run.Status, run.Outcome, run.Verdict = load.Ended, load.Completed, load.NotJudged
	run.Ended, run.Stopped, run.Since = report.Run.Ended, report.Run.Ended, *report.Run.Ended
	run.Summary = &load.RunSummary{
		Requests: report.Total.Requests, Failures: report.Total.Failures, RequestsPerSecond: report.Total.RequestsPerSecond,
		P95: report.Total.LatencyMS.P95, Seconds: report.Run.Seconds,
	}
	if err := errors.Join(db.CreateRun(b, run), db.PutTasks(b, set.Rows(run.ID, load.TaskDone)), db.PutReport(b, run.ID, report)); err != nil {
		return err
	}
	_, err = db.AddEvent(b, load.Event{Run: run.ID, At: *run.Ended, Kind: "status", Text: "ended: completed, criteria not_judged"})
	return err
}
