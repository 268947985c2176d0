package client

import (
	"context"
	"net/http"
	"net/url"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/load"
)

// Sweeps gets each region's latest sweep of orphans.
func (c *Client) Sweeps(ctx context.Context) ([]load.Sweep, error) {
	var list wire.SweepList
	err := c.call(ctx, http.MethodGet, "/sweeps", nil, &list)
	return list.Sweeps, err
}

// Sweep sweeps a region for orphans now; no name means all.
func (c *Client) Sweep(ctx context.Context, region string) ([]load.Sweep, error) {
	var list wire.SweepList
	err := c.call(ctx, http.MethodPost, query("/sweeps", url.Values{"region": {region}}), nil, &list)
	return list.Sweeps, err
}
