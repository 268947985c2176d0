package api

import (
	"context"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/load"
)

func (a *api) registerRegions() {
	handle(a, route{method: "GET", path: "/regions", id: "list-regions", tag: "regions", summary: "List the places that run tasks", role: load.Viewer}, a.listRegions)
	handle(a, route{method: "GET", path: "/regions/{name}", id: "get-region", tag: "regions", summary: "Get a region", role: load.Viewer}, a.getRegion)
}

// listRegions hides the drivers' settings from those who may not change them:
// they can hold account names and addresses.
func (a *api) listRegions(ctx context.Context, _ *none) (*body[wire.RegionList], error) {
	list, err := a.Store.Regions(ctx)
	for i := range list {
		list[i] = shown(ctx, list[i])
	}
	return answer(wire.RegionList{Regions: list}), err
}

func (a *api) getRegion(ctx context.Context, in *NameIn) (*body[load.Region], error) {
	r, err := a.Store.Region(ctx, in.Name)
	return answer(shown(ctx, r)), err
}

func shown(ctx context.Context, r load.Region) load.Region {
	if !caller(ctx).Role.Allows(load.Admin) {
		r.Settings = nil
	}
	return r
}
