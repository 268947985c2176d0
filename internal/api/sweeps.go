package api

import (
	"context"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/load"
)

func (a *api) registerSweeps() {
	handle(a, route{
		method: "GET", path: "/sweeps", id: "list-sweeps", tag: "regions", summary: "Get each region's latest sweep of orphans",
		description: "A sweep stops tasks that run for nobody: their run has ended, or is not known to this server. It comes every hour, and soon after the server's start.",
		role:        load.Viewer,
	}, a.listSweeps)
	handle(a, route{
		method: "POST", path: "/sweeps", id: "sweep", tag: "regions", summary: "Sweep regions for orphans now", role: load.Admin,
	}, a.sweep)
}

func (a *api) listSweeps(context.Context, *none) (*body[wire.SweepList], error) {
	return sweepList(a.Sweeper.Latest()), nil
}

type sweepIn struct {
	Region string `query:"region" doc:"Only this region."`
}

func (a *api) sweep(ctx context.Context, in *sweepIn) (*body[wire.SweepList], error) {
	a.Log.InfoContext(ctx, "sweep asked for", "user", caller(ctx).User, "region", in.Region)
	if in.Region == "" {
		list, err := a.Sweeper.SweepAll(ctx)
		return sweepList(list), err
	}
	one, err := a.Sweeper.Sweep(ctx, in.Region)
	return sweepList([]load.Sweep{one}), err
}

func sweepList(list []load.Sweep) *body[wire.SweepList] {
	if list == nil {
		list = []load.Sweep{}
	}
	return answer(wire.SweepList{Sweeps: list})
}
