package client

import (
	"context"
	"net/http"
	"net/url"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/load"
)

// Drivers lists the kinds of drivers with their settings.
func (c *Client) Drivers(ctx context.Context) ([]load.DriverKind, error) {
	var list wire.DriverList
	err := c.call(ctx, http.MethodGet, "/drivers", nil, &list)
	return list.Drivers, err
}

// Regions lists the places that run tasks.
func (c *Client) Regions(ctx context.Context) ([]wire.RegionItem, error) {
	var list wire.RegionList
	err := c.call(ctx, http.MethodGet, "/regions", nil, &list)
	return list.Regions, err
}

// Region gets a region.
func (c *Client) Region(ctx context.Context, name string) (load.Region, error) {
	var region load.Region
	err := c.call(ctx, http.MethodGet, path("regions", name), nil, &region)
	return region, err
}

// PutRegion makes or replaces a region.
func (c *Client) PutRegion(ctx context.Context, region load.Region) (saved wire.SavedRegion, created bool, err error) {
	status, err := c.callStatus(ctx, http.MethodPut, path("regions", region.Name), region, &saved)
	return saved, status == http.StatusCreated, err
}

// DeleteRegion removes a region; forced, also one that runs use.
func (c *Client) DeleteRegion(ctx context.Context, name string, force bool) error {
	values := url.Values{}
	if force {
		values.Set("force", "true")
	}
	return c.call(ctx, http.MethodDelete, query(path("regions", name), values), nil, nil)
}

// RegionCapacity asks what a region holds now.
func (c *Client) RegionCapacity(ctx context.Context, name string) (wire.RegionCapacity, error) {
	var capacity wire.RegionCapacity
	err := c.call(ctx, http.MethodGet, path("regions", name, "capacity"), nil, &capacity)
	return capacity, err
}

// StartRegionCheck starts a check of a region, or returns the one under way.
func (c *Client) StartRegionCheck(ctx context.Context, name string) (load.RegionCheck, error) {
	var check load.RegionCheck
	err := c.call(ctx, http.MethodPost, path("regions", name, "check"), nil, &check)
	return check, err
}

// RegionCheck gets a region's newest check.
func (c *Client) RegionCheck(ctx context.Context, name string) (load.RegionCheck, error) {
	var check load.RegionCheck
	err := c.call(ctx, http.MethodGet, path("regions", name, "check"), nil, &check)
	return check, err
}
