package api

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/scenfile"
)

// Regions are the places that run tasks; package regions has them.
type Regions interface {
	Kinds() []load.DriverKind
	Put(ctx context.Context, region load.Region) (saved load.Region, created, changed bool, err error)
	Remove(ctx context.Context, name string, force bool) error
	// Capacity asks the region's platform; that it does not answer is a finding.
	Capacity(ctx context.Context, name string) (load.Capacity, *load.Finding, error)
	// StartCheck starts a check, or returns the one under way.
	StartCheck(ctx context.Context, name, by string) (load.RegionCheck, error)
	Check(ctx context.Context, name string) (load.RegionCheck, error)
	Checks(ctx context.Context) ([]load.RegionCheck, error)
}

func (a *api) registerRegions() {
	handle(a, route{method: "GET", path: "/drivers", id: "list-drivers", tag: "regions", summary: "List the kinds of drivers with their settings", role: load.Viewer}, a.listDrivers)
	handle(a, route{
		method: "GET", path: "/regions", id: "list-regions", tag: "regions", summary: "List the places that run tasks",
		description: "Settings are shown to admins alone.", role: load.Viewer,
	}, a.listRegions)
	handle(a, route{method: "GET", path: "/regions/{name}", id: "get-region", tag: "regions", summary: "Get a region", role: load.Viewer}, a.getRegion)
	handle(a, route{
		method: "PUT", path: "/regions/{name}", id: "put-region", tag: "regions", summary: "Make or replace a region",
		description: "All faults are answered at once. Runs under way go on with the region that they began with. 201 tells that the name is new. " +
			"A change takes the region's check away. The name in the body may be left out.",
		role: load.Admin,
	}, a.putRegion)
	// Described after it is registered: the body is read by the same rules as
	// region files, which know more than a schema does.
	a.describeRegionBody(a.huma.OpenAPI().Paths[prefix+"/regions/{name}"].Put)
	handle(a, route{
		method: "DELETE", path: "/regions/{name}", id: "delete-region", tag: "regions", summary: "Remove a region",
		description: "A region that runs use is a conflict that names them, unless forced: then they go on to their end.",
		role:        load.Admin, status: http.StatusNoContent,
	}, a.deleteRegion)
	handle(a, route{
		method: "GET", path: "/regions/{name}/capacity", id: "get-region-capacity", tag: "regions", summary: "Ask what a region holds now",
		role: load.Viewer,
	}, a.regionCapacity)
	handle(a, route{
		method: "POST", path: "/regions/{name}/check", id: "start-region-check", tag: "regions", summary: "Prove a region with a real run of one task",
		description: "Answers with the check that was started, or with the one under way. What it finds stands in GET /regions/{name}/check.",
		role:        load.Operator, status: http.StatusAccepted,
	}, a.startRegionCheck)
	handle(a, route{method: "GET", path: "/regions/{name}/check", id: "get-region-check", tag: "regions", summary: "Get a region's newest check", role: load.Viewer}, a.regionCheck)
}

func (a *api) listDrivers(context.Context, *none) (*body[wire.DriverList], error) {
	return answer(wire.DriverList{Drivers: a.Regions.Kinds()}), nil
}

func (a *api) listRegions(ctx context.Context, _ *none) (*body[wire.RegionList], error) {
	list, err := a.Store.Regions(ctx)
	if err != nil {
		return nil, err
	}
	checks, err := a.Regions.Checks(ctx)
	if err != nil {
		return nil, err
	}
	newest := map[string]*load.RegionCheck{}
	for i := range checks {
		newest[checks[i].Region] = &checks[i]
	}
	out := wire.RegionList{Regions: make([]wire.RegionItem, len(list))}
	for i, r := range list {
		out.Regions[i] = wire.RegionItem{Region: shown(ctx, r), Check: newest[r.Name]}
	}
	return answer(out), nil
}

func (a *api) getRegion(ctx context.Context, in *NameIn) (*body[load.Region], error) {
	r, err := a.Store.Region(ctx, in.Name)
	return answer(shown(ctx, r)), err
}

// shown hides the drivers' settings from those who may not change them: they
// can hold account names and addresses.
func shown(ctx context.Context, r load.Region) load.Region {
	if !caller(ctx).Role.Allows(load.Admin) {
		r.Settings = nil
	}
	return r
}

type putRegionIn struct {
	NameIn
	RawBody []byte
}

type putRegionOut struct {
	Status int
	Body   wire.SavedRegion
}

func (a *api) describeRegionBody(op *huma.Operation) {
	schemas := a.huma.OpenAPI().Components.Schemas
	json := func(t reflect.Type) map[string]*huma.MediaType {
		return map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(t, true, "")}}
	}
	op.RequestBody = &huma.RequestBody{Required: true, Content: json(reflect.TypeFor[load.Region]())}
	op.Responses["201"] = &huma.Response{Description: "Created", Content: json(reflect.TypeFor[wire.SavedRegion]())}
}

func (a *api) putRegion(ctx context.Context, in *putRegionIn) (*putRegionOut, error) {
	region, err := scenfile.ParseRegion("", in.RawBody, nil)
	if err != nil {
		return nil, err
	}
	if region.Name == "" {
		region.Name = in.Name
	}
	if region.Name != in.Name {
		return nil, oneProblem(load.Problem{
			Path: "name", Found: region.Name, Allowed: in.Name,
			Message: "the region's name is not the one that it is to be saved under",
		})
	}
	saved, created, changed, err := a.Regions.Put(ctx, region)
	if err != nil {
		return nil, err
	}
	out := &putRegionOut{http.StatusOK, wire.SavedRegion{Region: saved, Changed: changed}}
	if created {
		out.Status = http.StatusCreated
	}
	if changed {
		a.Log.InfoContext(ctx, "region saved", "user", caller(ctx).User, "region", saved.Name, "driver", saved.Driver)
	}
	return out, nil
}

type deleteRegionIn struct {
	NameIn
	Force bool `query:"force" doc:"Remove it though runs use it."`
}

func (a *api) deleteRegion(ctx context.Context, in *deleteRegionIn) (*none, error) {
	if err := a.Regions.Remove(ctx, in.Name, in.Force); err != nil {
		return nil, err
	}
	a.Log.InfoContext(ctx, "region removed", "user", caller(ctx).User, "region", in.Name, "force", in.Force)
	return &none{}, nil
}

func (a *api) regionCapacity(ctx context.Context, in *NameIn) (*body[wire.RegionCapacity], error) {
	capacity, finding, err := a.Regions.Capacity(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	out := wire.RegionCapacity{Capacity: capacity, Finding: finding}
	if free, known := capacity.Free(); known && finding == nil {
		out.Free = &free
	}
	return answer(out), nil
}

func (a *api) startRegionCheck(ctx context.Context, in *NameIn) (*body[load.RegionCheck], error) {
	by := caller(ctx).User
	check, err := a.Regions.StartCheck(ctx, in.Name, by)
	if err != nil {
		return nil, err
	}
	a.Log.InfoContext(ctx, "region is being checked", "user", by, "region", in.Name, "check", check.ID)
	return answer(check), nil
}

func (a *api) regionCheck(ctx context.Context, in *NameIn) (*body[load.RegionCheck], error) {
	check, err := a.Regions.Check(ctx, in.Name)
	return answer(check), err
}
