package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sort"
	"strings"
	"sync"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/fleet/all"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/store"
)

// Drivers are the kinds of drivers that regions of this server may use.
func Drivers() []load.DriverKind { return all.Drivers() }

// regionBook opens the drivers of the stored regions when they are first
// needed, and again when a region's settings change.
type regionBook struct {
	store *store.Store
	place fleet.Place // all of it but the region

	mu       sync.Mutex
	open     map[string]openRegion
	replaced []openRegion // by newer settings; runs under way still use them
}

type openRegion struct {
	load.Region
	driver fleet.Driver
}

func newRegionBook(s *store.Store, place fleet.Place) *regionBook {
	return &regionBook{store: s, place: place, open: map[string]openRegion{}}
}

// Region returns a region and its driver.
func (b *regionBook) Region(ctx context.Context, name string) (load.Region, fleet.Driver, error) {
	region, err := b.store.Region(ctx, name)
	if load.ErrorCode(err) == load.NotFound {
		return load.Region{}, nil, b.unknown(ctx, name)
	}
	if err != nil {
		return load.Region{}, nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if known, ok := b.open[name]; ok && reflect.DeepEqual(known.Region, region) {
		return region, known.driver, nil
	}
	if b.open == nil {
		return load.Region{}, nil, load.Errorf(load.Unavailable, "region %s: the server is closing", name)
	}
	place := b.place
	place.Region = region
	driver, err := all.Open(place)
	if err != nil {
		return load.Region{}, nil, err
	}
	if known, ok := b.open[name]; ok {
		b.replaced = append(b.replaced, known)
	}
	b.open[name] = openRegion{region, driver}
	return region, driver, nil
}

// Try opens the driver of a region that is not kept yet, and closes it again.
func (b *regionBook) Try(region load.Region) error {
	place := b.place
	place.Region = region
	driver, err := all.Open(place)
	if err != nil {
		return err
	}
	return driver.Close()
}

// Names implements control.Regions.
func (b *regionBook) Names(ctx context.Context) ([]string, error) {
	regions, err := b.store.Regions(ctx)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(regions))
	for i, r := range regions {
		names[i] = r.Name
	}
	sort.Strings(names)
	return names, nil
}

func (b *regionBook) unknown(ctx context.Context, name string) error {
	names, err := b.Names(ctx)
	if err != nil {
		return err
	}
	return load.Errorf(load.NotFound, "there is no region %q; there are: %s", name, strings.Join(names, ", "))
}

// Close lets go of the drivers. Their tasks go on.
func (b *regionBook) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var errs []error
	for _, r := range slices.AppendSeq(b.replaced, maps.Values(b.open)) {
		if err := r.driver.Close(); err != nil {
			errs = append(errs, fmt.Errorf("close region %s: %w", r.Name, err))
		}
	}
	b.open, b.replaced = nil, nil
	return errors.Join(errs...)
}
