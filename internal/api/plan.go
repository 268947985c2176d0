package api

import (
	"context"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/load"
)

func (a *api) registerPlan() {
	handle(a, route{
		method: "POST", path: "/plan", id: "plan", tag: "plan", summary: "Work out what a scenario would run now, without running it",
		description: "To read what a script says, its tool runs the script's first part on the server: the plan of a script that is not saved needs the role operator.",
		role:        load.Viewer, maxBody: draftBody,
	}, a.plan)
}

func (a *api) plan(ctx context.Context, in *struct{ Body wire.Draft }) (*body[load.Plan], error) {
	s, files, err := a.resolve(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	if id := caller(ctx); in.Body.Scenario == "" && load.RunsScript(s.Engine) && !id.Role.Allows(load.Operator) {
		return nil, load.Errorf(load.Forbidden, "the plan of a script runs its first part on the server, which needs the role %s: you are %s, and may plan scripts that are saved", load.Operator, id.Role)
	}
	p, err := a.Control.Plan(ctx, s, files)
	if err != nil {
		return nil, err
	}
	return answer(*p), nil
}
