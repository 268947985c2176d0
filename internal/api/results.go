package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"onrush.dev/onrush/internal/load"
)

const parquetType = "application/vnd.apache.parquet"

func (a *api) registerRunResults() {
	handle(a, route{
		method: "GET", path: "/runs/{id}/report", id: "get-report", tag: "results", summary: "Get an ended run's report",
		role: load.Viewer,
	}, a.getReport)
	handle(a, route{
		method: "GET", path: "/runs/{id}/series", id: "get-series", tag: "results", summary: "Get a run's figures over time, while it runs too",
		role: load.Viewer,
	}, a.getSeries)
	handle(a, route{
		method: "GET", path: "/runs/{id}/series.parquet", id: "get-series-file", tag: "results", summary: "Download an ended run's per-second series",
		role: load.Viewer, describe: describeBinary(parquetType),
	}, a.getSeriesFile)
}

func (a *api) getReport(ctx context.Context, in *IDIn) (*body[*load.Report], error) {
	run, err := a.Store.Run(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	rep, err := a.Store.Report(ctx, in.ID)
	if load.ErrorCode(err) == load.NotFound && run.Status != load.Ended {
		return nil, load.Errorf(load.Conflict, "run %s is %s: its report comes with its end", in.ID, run.Status)
	}
	return answer(rep), err
}

type seriesIn struct {
	IDIn
	Region string `query:"region" doc:"Only this region."`
	Label  string `query:"label" doc:"Only this request label."`
	Task   string `query:"task" doc:"Only this task; not together with label."`
	From   int    `query:"from" minimum:"0" doc:"First second."`
	To     int    `query:"to" minimum:"0" doc:"Last second; 0 means the end."`
	Points int    `query:"points" minimum:"1" maximum:"20000" default:"600" doc:"Most points wanted; steps are widened to fit."`
}

func (a *api) getSeries(ctx context.Context, in *seriesIn) (*body[load.Series], error) {
	q := load.SeriesQuery{Region: in.Region, Label: in.Label, Task: in.Task, From: in.From, To: in.To, Points: in.Points}
	if q.Task != "" && q.Label != "" {
		return nil, oneProblem(load.Problem{Path: "query.task", Found: q.Task, Message: "task and label cannot be asked for together: figures are not kept that fine"})
	}
	run, err := a.Store.Run(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if live, ok := a.Live(in.ID); ok {
		s, err := live.Series(q)
		return answer(withPoints(s)), err
	}
	obj, err := a.Blob.Open(ctx, load.RunKey(in.ID, "series.parquet"))
	if load.ErrorCode(err) == load.NotFound {
		if run.Started == nil || run.Status == load.Ended {
			return answer(withPoints(load.Series{Step: 1})), nil // nothing was measured (yet)
		}
		return nil, load.Errorf(load.Unavailable, "run %s is conducted by another server, or about to be picked up: its figures are not at hand now", in.ID)
	}
	if err != nil {
		return nil, err
	}
	defer obj.Close()
	file, err := a.OpenSeries(obj, obj.Info().Size)
	if err != nil {
		return nil, err
	}
	s, err := file.Query(q)
	return answer(withPoints(s)), err
}

// withPoints gives an empty list where there are no points, never null.
func withPoints(s load.Series) load.Series {
	if s.Points == nil {
		s.Points = []load.SeriesPoint{}
	}
	return s
}

func (a *api) getSeriesFile(ctx context.Context, in *IDIn) (*huma.StreamResponse, error) {
	run, err := a.Store.Run(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	res, err := a.sendObject(ctx, load.RunKey(in.ID, "series.parquet"), parquetType, run.ID+".parquet")
	if load.ErrorCode(err) == load.NotFound {
		if run.Status != load.Ended {
			return nil, load.Errorf(load.Conflict, "run %s is %s: its series file comes with its end", in.ID, run.Status)
		}
		return nil, load.Errorf(load.NotFound, "run %s measured nothing, so it has no series", in.ID)
	}
	return res, err
}
