package client_test

import (
	"context"
	"path/filepath"
	"testing"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/fleet/all"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/store"
)

// book opens the drivers of a store's regions.
type book struct {
	store *store.Store
	dir   string
}

func (b book) Region(ctx context.Context, name string) (load.Region, fleet.Driver, error) {
	region, err := b.store.Region(ctx, name)
	if err != nil {
		return region, nil, err
	}
	driver, err := b.open(region)
	return region, driver, err
}

func (b book) open(region load.Region) (fleet.Driver, error) {
	driver, err := all.Open(fleet.Place{Region: region, Dir: filepath.Join(b.dir, "tasks"), AgentCommand: []string{"true"}})
	if err != nil {
		return nil, err
	}
	return driver, driver.Close() // it answers as before
}

func (b book) Try(region load.Region) error {
	_, err := b.open(region)
	return err
}

func TestRegions(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	if kinds, err := b.Drivers(ctx); err != nil || len(kinds) == 0 || kinds[0].Name != "local" {
		t.Errorf("drivers: %+v, %v", kinds, err)
	}
	eu := load.Region{Name: "eu", Driver: "local", Limit: 3, Memory: 1 << 30}
	_, _, err := b.PutRegion(ctx, eu)
	wantCode(t, err, load.Forbidden) // an operator
	_, _, err = b.store.PutRegion(ctx, eu)
	must(t, err)
	list, err := b.Regions(ctx)
	if err != nil || len(list) != 1 || list[0].Limit != 3 || list[0].Check != nil {
		t.Errorf("regions: %+v, %v", list, err)
	}
	got, err := b.Region(ctx, "eu")
	if err != nil || got.Memory != eu.Memory {
		t.Errorf("the region is %+v, %v", got, err)
	}
	capacity, err := b.RegionCapacity(ctx, "eu")
	if err != nil || capacity.Limit != 3 || capacity.Free == nil || *capacity.Free != 3 {
		t.Errorf("its capacity is %+v, %v", capacity, err)
	}
	wantCode(t, b.DeleteRegion(ctx, "eu", true), load.Forbidden)
	_, err = b.RegionCheck(ctx, "eu")
	wantCode(t, err, load.NotFound)
	check, err := b.StartRegionCheck(ctx, "eu")
	if err != nil || check.State != load.CheckRunning || check.By != "ann" {
		t.Errorf("the check is %+v, %v", check, err)
	}
	again, err := b.RegionCheck(ctx, "eu")
	if err != nil || again.ID != check.ID {
		t.Errorf("the check is now %+v, %v", again, err)
	}
}
