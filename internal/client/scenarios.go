package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/load"
)

// Source is a scenario's text with the hashes of the files that it names.
type Source = wire.ScenarioBody

// Put is a saved scenario, and what saving it changed.
type Put struct {
	load.ScenarioRecord
	Created bool // the name was new
	Changed bool // something was changed; false when it was saved already
}

// PutScenario saves a scenario under its name.
func (c *Client) PutScenario(ctx context.Context, name string, s Source) (Put, error) {
	var saved wire.SavedScenario
	status, err := c.callStatus(ctx, http.MethodPut, path("scenarios", name), s, &saved)
	return Put{saved.ScenarioRecord, status == http.StatusCreated, saved.Changed}, err
}

// Scenario gets a scenario.
func (c *Client) Scenario(ctx context.Context, name string) (load.ScenarioRecord, error) {
	var rec load.ScenarioRecord
	err := c.call(ctx, http.MethodGet, path("scenarios", name), nil, &rec)
	return rec, err
}

// Scenarios lists scenarios by name.
func (c *Client) Scenarios(ctx context.Context, f load.ScenarioFilter) ([]wire.ScenarioItem, error) {
	var list wire.ScenarioList
	err := c.call(ctx, http.MethodGet, query("/scenarios", url.Values{
		"tag": {f.Tag}, "search": {f.Search}, "after": {f.After}, "limit": {strconv.Itoa(f.Limit)},
	}), nil, &list)
	return list.Scenarios, err
}

// DeleteScenario removes a scenario.
func (c *Client) DeleteScenario(ctx context.Context, name string) error {
	return c.call(ctx, http.MethodDelete, path("scenarios", name), nil, nil)
}

// CheckScenario finds all faults of a scenario without saving it.
func (c *Client) CheckScenario(ctx context.Context, s Source) ([]load.Problem, error) {
	var checked wire.Checked
	err := c.call(ctx, http.MethodPost, "/scenarios/check", s, &checked)
	return checked.Problems, err
}

// Plan works out what a scenario would run now.
func (c *Client) Plan(ctx context.Context, s Source) (*load.Plan, error) {
	plan := new(load.Plan)
	return plan, c.call(ctx, http.MethodPost, "/plan", wire.Draft{Source: s.Source, Files: s.Files}, plan)
}

// PlanSaved works out what a saved scenario would run now.
func (c *Client) PlanSaved(ctx context.Context, name string) (*load.Plan, error) {
	plan := new(load.Plan)
	return plan, c.call(ctx, http.MethodPost, "/plan", wire.Draft{Scenario: name}, plan)
}
