package local

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// Options are a region's settings.
type Options struct {
	Region  string
	Dir     string        // where the state of tasks is kept; it must survive the server
	Command []string      // the agent's program and arguments
	Limit   int           // most tasks at once; 0: no limit
	Grace   time.Duration // between the gentle and the forced end in Stop; default 10 s
	Log     *slog.Logger
}

// Driver runs tasks as processes. It keeps nothing in memory: every answer is
// read from the state folder and the system.
type Driver struct {
	Options
	starting sync.Mutex
	stop     chan struct{}
	reaper   sync.WaitGroup
	closed   sync.Once
}

var _ fleet.Driver = (*Driver)(nil)

// Kind is the local driver for the list of drivers.
func Kind() fleet.Kind {
	return fleet.Kind{
		Name:    "local",
		Summary: "processes on the server's own machine",
		Open: func(place fleet.Place) (fleet.Driver, error) {
			return New(Options{
				Region: place.Name, Dir: filepath.Join(place.Dir, place.Name), Command: place.AgentCommand,
				Limit: place.Limit, Log: place.Log,
			})
		},
	}
}

// New makes the driver of one region.
func New(options Options) (*Driver, error) {
	if options.Region != "" && !nameRule.MatchString(options.Region) {
		return nil, load.Errorf(load.Invalid, "region %q cannot name a folder: letters, digits, '.', '_' and '-' are allowed", options.Region)
	}
	if len(options.Command) == 0 {
		return nil, load.Errorf(load.Invalid, "region %s: the local driver needs the agent's command", options.Region)
	}
	if options.Grace == 0 {
		options.Grace = 10 * time.Second
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	dir, err := filepath.Abs(options.Dir)
	if err != nil {
		return nil, load.Errorf(load.Invalid, "region %s: state folder %q: %w", options.Region, options.Dir, err)
	}
	options.Dir = dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, load.Errorf(load.Invalid, "region %s: state folder: %w", options.Region, err)
	}
	d := &Driver{Options: options, stop: make(chan struct{})}
	d.reaper.Go(d.reap)
	return d, nil
}

// reap notes how tasks end as soon as they do: the system tells it once, and
// only to the parent. List does the same, so a lost signal does no harm.
func (d *Driver) reap() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGCHLD)
	defer signal.Stop(ended)
	for {
		select {
		case <-d.stop:
			return
		case <-ended:
			if _, err := d.instances(""); err != nil {
				d.Log.Warn("could not note how tasks ended", "region", d.Region, "err", err)
			}
		}
		select { // a burst of ends is one look
		case <-d.stop:
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Capacity implements fleet.Driver.
func (d *Driver) Capacity(context.Context) (load.Capacity, error) {
	all, err := d.instances("")
	if err != nil {
		return load.Capacity{}, err
	}
	capacity := load.Capacity{Limit: d.Limit, InUse: countUp(all), Note: "processes on this machine"}
	if d.Limit > 0 {
		capacity.Note = "limit of the region's settings"
	}
	return capacity, nil
}

// List implements fleet.Driver.
func (d *Driver) List(_ context.Context, run string) ([]fleet.Instance, error) {
	found, err := d.instances(run)
	if err != nil {
		return nil, err
	}
	list := make([]fleet.Instance, len(found))
	for i, f := range found {
		list[i] = f.instance()
	}
	return list, nil
}

// Logs implements fleet.Driver: the newest attempt's log.
func (d *Driver) Logs(ctx context.Context, run, task string, following bool) (io.ReadCloser, error) {
	found, err := d.instances(run)
	if err != nil {
		return nil, err
	}
	var newest *taskDir
	for i, f := range found {
		if f.spec.Task == task && (newest == nil || f.spec.Attempt > newest.spec.Attempt) {
			newest = &found[i]
		}
	}
	if newest == nil {
		return nil, load.Errorf(load.NotFound, "region %s has no task %s of run %s", d.Region, task, run)
	}
	f, err := os.Open(newest.file(logFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, load.Errorf(load.NotFound, "task %s of run %s has no log yet", task, run)
	}
	if err == nil && following {
		return follow(ctx, f, newest.path), nil
	}
	return f, err
}

// Check implements fleet.Driver.
func (d *Driver) Check(context.Context) ([]load.Finding, error) {
	if _, err := d.program(); err != nil {
		found := load.Finding{Check: "agent", State: load.FindingFailed, Text: err.Error()}
		if refused := (*fleet.StartError)(nil); errors.As(err, &refused) {
			found.Text, found.Remedy = refused.Reason, refused.Remedy
		}
		return []load.Finding{found}, nil
	}
	return []load.Finding{{Check: "agent", State: load.FindingOK, Text: "the agent's program " + d.Command[0] + " is there"}}, nil
}

// Close implements fleet.Driver.
func (d *Driver) Close() error {
	d.closed.Do(func() {
		close(d.stop)
		d.reaper.Wait()
	})
	return nil
}

func countUp(found []taskDir) int {
	n := 0
	for _, f := range found {
		if f.alive() {
			n++
		}
	}
	return n
}

// program finds the agent's program, in words for the user when it is not there.
func (d *Driver) program() (string, error) {
	path, err := exec.LookPath(d.Command[0])
	if err != nil {
		return "", &fleet.StartError{
			Kind:   fleet.BadSpec,
			Reason: "region " + d.Region + ": agent program " + d.Command[0] + " cannot be run: " + err.Error(),
			Remedy: "build it, or name the right one in the server's settings",
		}
	}
	return path, nil
}
