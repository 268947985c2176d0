package api

import (
	"context"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/load"
)

func (a *api) registerPlan() {
	handle(a, route{
		method: "POST", path: "/plan", id: "plan", tag: "plan", summary: "Work out what a scenario would run now, without running it",
		role: load.Viewer, maxBody: draftBody,
	}, a.plan)
}

func (a *api) plan(ctx context.Context, in *struct{ Body wire.Draft }) (*body[load.Plan], error) {
	s, files, err := a.resolve(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	p, err := a.Control.Plan(ctx, s, files)
	if err != nil {
		return nil, err
	}
	return answer(*p), nil
}
