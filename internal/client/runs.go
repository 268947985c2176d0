package client

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/load"
)

// StartRun says what to run: a saved scenario, or a text with its files.
type StartRun struct {
	Scenario string
	Source   string
	Files    map[string]string
	Note     string
	Secrets  map[string]string // values of the scenario's secrets
}

// StartRun starts a run and returns it, queued.
func (c *Client) StartRun(ctx context.Context, s StartRun) (load.Run, error) {
	var run load.Run
	in := wire.RunStart{Draft: wire.Draft{Scenario: s.Scenario, Source: s.Source, Files: s.Files}, Note: s.Note, Secrets: s.Secrets}
	err := c.call(ctx, http.MethodPost, "/runs", in, &run)
	return run, err
}

// Run gets a run.
func (c *Client) Run(ctx context.Context, id string) (load.Run, error) {
	var run load.Run
	err := c.call(ctx, http.MethodGet, path("runs", id), nil, &run)
	return run, err
}

// Runs lists runs, newest first.
func (c *Client) Runs(ctx context.Context, f load.RunFilter) ([]wire.RunItem, error) {
	values := url.Values{"scenario": {f.Scenario}, "before": {f.Before}, "limit": {strconv.Itoa(f.Limit)}}
	for _, s := range f.Status {
		values.Add("status", string(s))
	}
	var list wire.RunList
	err := c.call(ctx, http.MethodGet, query("/runs", values), nil, &list)
	return list.Runs, err
}

// DeleteRun removes an ended run with all that was measured.
func (c *Client) DeleteRun(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodDelete, path("runs", id), nil, nil)
}

// Report gets an ended run's report.
func (c *Client) Report(ctx context.Context, id string) (*load.Report, error) {
	report := new(load.Report)
	return report, c.call(ctx, http.MethodGet, path("runs", id, "report"), nil, report)
}

// Series gets a run's figures over time.
func (c *Client) Series(ctx context.Context, id string, q load.SeriesQuery) (load.Series, error) {
	var s load.Series
	p := query(path("runs", id, "series"), url.Values{
		"region": {q.Region}, "label": {q.Label}, "task": {q.Task},
		"from": {strconv.Itoa(q.From)}, "to": {strconv.Itoa(q.To)}, "points": {strconv.Itoa(q.Points)},
	})
	err := c.call(ctx, http.MethodGet, p, nil, &s)
	return s, err
}

// SeriesFile copies an ended run's per-second series, a Parquet file, to w.
func (c *Client) SeriesFile(ctx context.Context, id string, w io.Writer) error {
	return c.download(ctx, path("runs", id, "series.parquet"), w)
}

// Events lists what happened to a run after the event of this seq.
func (c *Client) Events(ctx context.Context, id string, after int64) ([]load.Event, error) {
	var list wire.EventList
	p := query(path("runs", id, "events"), url.Values{"after": {strconv.FormatInt(after, 10)}})
	err := c.call(ctx, http.MethodGet, p, nil, &list)
	return list.Events, err
}

// Tasks lists a run's tasks.
func (c *Client) Tasks(ctx context.Context, id string) ([]load.Task, error) {
	var list wire.TaskList
	err := c.call(ctx, http.MethodGet, path("runs", id, "tasks"), nil, &list)
	return list.Tasks, err
}

// StopRun stops a run; mode is drain or now.
func (c *Client) StopRun(ctx context.Context, id, mode string) error {
	return c.call(ctx, http.MethodPost, path("runs", id, "stop"), wire.Stop{Mode: mode}, nil)
}

// Load is a new level of a running load: exactly one field is set.
type Load struct {
	Users      int       // in each task (closed model)
	TotalUsers int       // of the whole run (closed model)
	Rate       load.Rate // requests a second of the whole run (open model)
	Tasks      *int      // of the whole run or of Region, for engines without live control
	Region     string    // with Tasks
}

// ChangeLoad changes a running load.
func (c *Client) ChangeLoad(ctx context.Context, id string, l Load) error {
	in := wire.LoadChange{Tasks: l.Tasks, Region: l.Region}
	if l.Users != 0 {
		in.Users = &l.Users
	}
	if l.TotalUsers != 0 {
		in.TotalUsers = &l.TotalUsers
	}
	if l.Rate != 0 {
		rate := float64(l.Rate)
		in.Rate = &rate
	}
	return c.call(ctx, http.MethodPost, path("runs", id, "load"), in, nil)
}

// PauseRun pauses a running load.
func (c *Client) PauseRun(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodPost, path("runs", id, "pause"), nil, nil)
}

// ResumeRun resumes a paused load.
func (c *Client) ResumeRun(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodPost, path("runs", id, "resume"), nil, nil)
}
