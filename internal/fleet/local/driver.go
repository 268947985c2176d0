package local

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// Options are a region's settings.
type Options struct {
	Region  string
	Dir     string   // where the state of tasks is kept; it must survive the server
	Command []string // the agent's program and arguments
	Limit   int      // most tasks at once; 0: no limit
	Log     *slog.Logger
}

// Driver runs tasks as processes.
type Driver struct{ Options }

var _ fleet.Driver = (*Driver)(nil)

// New makes the driver of one region.
func New(options Options) (*Driver, error) { return &Driver{options}, nil }

var errNotYet = errors.New("not yet")

// Capacity implements fleet.Driver.
func (d *Driver) Capacity(context.Context) (load.Capacity, error) { return load.Capacity{}, errNotYet }

// Start implements fleet.Driver.
func (d *Driver) Start(context.Context, []fleet.TaskSpec) ([]fleet.Started, error) {
	return nil, errNotYet
}

// List implements fleet.Driver.
func (d *Driver) List(context.Context, string) ([]fleet.Instance, error) { return nil, errNotYet }

// Stop implements fleet.Driver.
func (d *Driver) Stop(context.Context, string, ...string) error { return errNotYet }

// Logs implements fleet.Driver.
func (d *Driver) Logs(context.Context, string, string) (io.ReadCloser, error) { return nil, errNotYet }

// Close implements fleet.Driver.
func (d *Driver) Close() error { return nil }
