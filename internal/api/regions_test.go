package api

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/fleet/all"
	"onrush.dev/onrush/internal/fleet/local"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/store"
)

// drivers are the real ones, and one with settings of every kind.
func drivers() []load.DriverKind {
	return append(all.Drivers(), load.DriverKind{Name: "cloud", Summary: "a platform", Settings: []load.Setting{
		{Name: "account", Help: "Whose bill it is.", Required: true, Example: "4711"},
		{Name: "size", Help: "How large; empty means small.", Allowed: []string{"small", "large"}},
	}})
}

// book opens every region as one of this machine.
type book struct {
	store *store.Store
	dir   string
}

func (b *book) Region(ctx context.Context, name string) (load.Region, fleet.Driver, error) {
	region, err := b.store.Region(ctx, name)
	if err != nil {
		return region, nil, err
	}
	driver, err := b.open(region)
	return region, driver, err
}

func (b *book) open(region load.Region) (fleet.Driver, error) {
	if region.Settings["account"] == "none" {
		return nil, load.Errorf(load.Invalid, "region %s: account none does not exist", region.Name)
	}
	driver, err := local.New(local.Options{Region: region.Name, Dir: filepath.Join(b.dir, region.Name), Command: []string{"true"}, Limit: region.Limit})
	if err != nil {
		return nil, err
	}
	return driver, driver.Close() // it answers as before
}

func (b *book) Try(region load.Region) error {
	_, err := b.open(region)
	return err
}

func TestRegions(t *testing.T) {
	t.Parallel()
	b := setup(t)
	cloud := `{"driver":"cloud","settings":{"account":"4711","size":"large"},"limit":7,"memory":"2GiB","cpu":0.5,"labels":{"location":"50.1,8.7"}}`
	b.run(t, []row{
		{"drivers", "viewer", "GET /drivers", "", nil, 200, []string{`"name":"local"`, `"settings":[]`, `"allowed":["small","large"]`, `"required":true`}, nil},
		{"none yet", "viewer", "GET /regions", "", nil, 200, []string{`"regions":[]`}, nil},
		{"make", "admin", "PUT /regions/eu", cloud, nil, 201, []string{`"changed":true`, `"memory":"2GiB"`, `"name":"eu"`}, nil},
		{"make it again", "admin", "PUT /regions/eu", cloud, nil, 200, []string{`"changed":false`}, nil},
		{"replace", "admin", "PUT /regions/eu", strings.Replace(cloud, `"limit":7`, `"name":"eu","limit":3`, 1), nil, 200, []string{`"changed":true`, `"limit":3`}, nil},
		{"a name alone", "admin", "PUT /regions/here", "{}", nil, 201, []string{`"driver":"local"`}, nil},
		{"another name", "admin", "PUT /regions/eu", `{"name":"us"}`, nil, 422, []string{`"path":"name"`}, nil},
		{"list", "viewer", "GET /regions", "", nil, 200, []string{`"name":"eu"`, `"driver":"cloud"`}, []string{"4711"}},
		{"settings are for admins", "admin", "GET /regions/eu", "", nil, 200, []string{"4711"}, nil},
		{"not for operators", "operator", "GET /regions/eu", "", nil, 200, nil, []string{"4711"}},
		{"unknown", "viewer", "GET /regions/mars", "", nil, 404, nil, nil},
		{"capacity", "viewer", "GET /regions/eu/capacity", "", nil, 200, []string{`"limit":3`, `"in_use":0`, `"free":3`}, []string{"finding"}},
		{"of no limit", "viewer", "GET /regions/here/capacity", "", nil, 200, []string{`"in_use":0`}, []string{"free"}},
		{"of an unknown one", "viewer", "GET /regions/mars/capacity", "", nil, 404, nil, nil},
		{"remove an unknown one", "admin", "DELETE /regions/mars", "", nil, 404, nil, nil},
		{"remove", "admin", "DELETE /regions/here", "", nil, 204, nil, nil},
		{"gone", "viewer", "GET /regions/here", "", nil, 404, nil, nil},
	})
}

// TestRegionFaults: all of them are told at once, by field.
func TestRegionFaults(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.run(t, []row{
		{"nothing", "admin", "PUT /regions/eu", "", nil, 400, []string{"body is required"}, nil},
		{"no JSON", "admin", "PUT /regions/eu", "{", nil, 422, nil, nil},
		{"unknown fields", "admin", "PUT /regions/eu", `{"drivr":"local","limt":3}`, nil, 422, []string{"did you mean driver?", "did you mean limit?"}, nil},
		{"driver", "admin", "PUT /regions/eu", `{"driver":"locl","limit":-1}`, nil, 422, []string{`"path":"driver"`, `did you mean \"local\"?`, `"path":"limit"`, `"found":"-1"`}, nil},
		{"settings", "admin", "PUT /regions/eu", `{"driver":"cloud","settings":{"size":"larg","acount":"1"}}`, nil, 422, []string{
			`"path":"settings.account"`, "e.g. 4711", `"path":"settings.size"`, `did you mean \"large\"?`, `"path":"settings.acount"`, `did you mean \"account\"?`,
		}, nil},
		{"the driver has the last word", "admin", "PUT /regions/eu", `{"driver":"cloud","settings":{"account":"none"}}`, nil, 422, []string{`"path":"settings"`, "account none does not exist"}, nil},
		{"nothing of it is kept", "viewer", "GET /regions", "", nil, 200, []string{`"regions":[]`}, nil},
	})
}

func TestRegionInUse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.run(t, []row{{"make", "admin", "PUT /regions/local", "{}", nil, 201, nil, nil}})
	id := b.startRun(t)
	b.run(t, []row{
		{"in use", "admin", "DELETE /regions/local", "", nil, 409, []string{id, "force"}, nil},
		{"change it nevertheless", "admin", "PUT /regions/local", `{"limit":3}`, nil, 200, nil, nil},
		{"by force", "admin", "DELETE /regions/local?force=true", "", nil, 204, nil, nil},
	})
	b.run(t, []row{{"make again", "admin", "PUT /regions/local", "{}", nil, 201, nil, nil}})
	b.move(t, id, load.Ended)
	b.run(t, []row{{"ended runs use nothing", "admin", "DELETE /regions/local", "", nil, 204, nil, nil}})
}

func TestRegionCheck(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.run(t, []row{
		{"make", "admin", "PUT /regions/local", "{}", nil, 201, nil, nil},
		{"not checked", "viewer", "GET /regions/local/check", "", nil, 404, []string{"has not been checked"}, nil},
		{"unknown", "operator", "POST /regions/mars/check", "", nil, 404, nil, nil},
		{"of an unknown one", "viewer", "GET /regions/mars/check", "", nil, 404, []string{"mars"}, nil},
		{"not by a viewer", "viewer", "POST /regions/local/check", "", nil, 403, nil, nil},
		{"start", "operator", "POST /regions/local/check", "", nil, 202, []string{`"state":"running"`, `"by":"operator"`, `"id":"c`}, nil},
	})
	_, first := b.send(t, row{as: "viewer", do: "GET /regions/local/check"})
	id := first[strings.Index(first, `"id":"c`):][:len(`"id":"c0123456789abcdef"`)]
	b.run(t, []row{
		{"once", "admin", "POST /regions/local/check", "", nil, 202, []string{id, `"by":"operator"`}, nil},
		{"in the list", "viewer", "GET /regions", "", nil, 200, []string{`"check":{` + id}, nil},
		{"a change takes it away", "admin", "PUT /regions/local", `{"limit":3}`, nil, 200, nil, nil},
		{"gone", "viewer", "GET /regions/local/check", "", nil, 404, nil, nil},
		{"no list of runs tells of it", "viewer", "GET /runs", "", nil, 200, []string{`"runs":[]`}, nil},
	})
}
