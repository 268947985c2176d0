// Package regions is what a server does with its regions as things that people
// manage: it validates, keeps and removes them, asks for their capacity, and
// proves them by a check, which ends in a real run of one task. Runs themselves
// are control's; what a platform needs is its driver's.
//
// It knows store, control and drivers by interface only. Read this file first,
// then check.go (what a check does, in order) and watch.go (how a run becomes
// findings).
package regions

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// Store keeps the nouns. *store.Store is one.
type Store interface {
	PutRegion(ctx context.Context, r load.Region) (created, changed bool, err error)
	DeleteRegion(ctx context.Context, name string) error
	StartRegionCheck(ctx context.Context, c load.RegionCheck, over func(load.RegionCheck) bool) (load.RegionCheck, error)
	UpdateRegionCheck(ctx context.Context, c load.RegionCheck) error
	RegionCheck(ctx context.Context, region string) (load.RegionCheck, error)
	RegionChecks(ctx context.Context) ([]load.RegionCheck, error)
	CreateRun(ctx context.Context, r load.Run) error
	Run(ctx context.Context, id string) (load.Run, error)
	Runs(ctx context.Context, f load.RunFilter) ([]load.Run, error)
	Tasks(ctx context.Context, run string) ([]load.Task, error)
	Events(ctx context.Context, run string, after int64) ([]load.Event, error)
	Report(ctx context.Context, run string) (*load.Report, error)
	AddIntent(ctx context.Context, in load.Intent) (load.Intent, error)
}

// Book knows the regions that are kept, and how to open others' drivers.
type Book interface {
	// Region returns a region and its driver; NotFound names those there are.
	Region(ctx context.Context, name string) (load.Region, fleet.Driver, error)
	// Try opens the driver of a region that is not kept, and closes it again.
	Try(region load.Region) error
}

// Control plans and drives runs. *control.Controller is one.
type Control interface {
	Plan(ctx context.Context, scenario load.Scenario, files map[string]string) (*load.Plan, error)
	Wake(run string)
}

// Options are what a Service works with. All are required but those that say
// otherwise.
type Options struct {
	Store   Store
	Book    Book
	Drivers []load.DriverKind
	Control Control
	// Log opens the log of a task of an ended run.
	TaskLog func(ctx context.Context, run load.Run, task string) (io.ReadCloser, error)
	// Forget removes an ended run with all that was kept of it.
	Forget func(ctx context.Context, run load.Run) error
	// ServerURL is where the tasks of a region reach the server, with a warning
	// when they probably cannot.
	ServerURL func(load.Region) (url, warning string)
	Bounds    Bounds // zero values take the defaults
	Log       *slog.Logger
	Now       func() time.Time // nil: the clock
}

// Service is what the API offers of regions.
type Service struct {
	Options
	ctx    context.Context //nolint:containedctx // checks go on when the request that started them is over
	stop   context.CancelFunc
	checks sync.WaitGroup
}

// New makes a Service. Close ends its checks.
func New(options Options) *Service {
	options.Bounds = options.Bounds.withDefaults()
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	s := &Service{Options: options}
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s
}

// Close ends the checks under way, and waits for that.
func (s *Service) Close() {
	s.stop()
	s.checks.Wait()
}

// Kinds are the drivers that a region may use.
func (s *Service) Kinds() []load.DriverKind { return s.Drivers }

// Validate returns every fault of a region that can be found without asking its
// platform: by the rules that are common to all, then by its driver.
func Validate(region load.Region, drivers []load.DriverKind, try func(load.Region) error) []load.Problem {
	problems := load.ValidateRegion(region, drivers)
	if len(problems) > 0 || try == nil {
		return problems
	}
	err := try(load.RegionWithDefaults(region))
	if err == nil {
		return nil
	}
	if more := load.Problems(err); len(more) > 0 {
		return more
	}
	return []load.Problem{{Path: "settings", Message: strings.TrimPrefix(err.Error(), "region "+region.Name+": ")}}
}

// Refused is the error of a region with faults.
func Refused(problems []load.Problem) error {
	message := problems[0].String()
	if n := len(problems); n > 1 {
		message = fmt.Sprintf("%d faults, the first: %s", n, message)
	}
	err := load.Errorf(load.Invalid, "%s", message)
	err.Problems = problems
	return err
}

// Put makes or replaces a region. Runs under way go on with the region that
// they began with.
func (s *Service) Put(ctx context.Context, region load.Region) (saved load.Region, created, changed bool, err error) {
	if problems := Validate(region, s.Drivers, s.Book.Try); len(problems) > 0 {
		return load.Region{}, false, false, Refused(problems)
	}
	region = load.RegionWithDefaults(region)
	created, changed, err = s.Store.PutRegion(ctx, region)
	return region, created, changed, err
}

// Remove removes a region. With runs that use it, it is a Conflict that names
// them, unless forced: then they go on to their end.
func (s *Service) Remove(ctx context.Context, name string, force bool) error {
	if !force {
		users, err := s.runsOf(ctx, name)
		if err != nil {
			return err
		}
		if n := len(users); n > 0 {
			return load.Errorf(load.Conflict, "region %s is in use by %s: wait for them or stop them first, or remove it by force and let them go on to their end", name, named(users))
		}
	}
	proved, err := s.Store.Runs(ctx, load.RunFilter{Check: name, Limit: mostProofs})
	if err != nil {
		return err
	}
	if err := s.Store.DeleteRegion(ctx, name); err != nil {
		return err
	}
	s.forget(ctx, proved)
	return nil
}

// runsOf are the runs that live and have tasks in a region, proofs as well.
func (s *Service) runsOf(ctx context.Context, name string) ([]string, error) {
	var users []string
	for _, check := range []string{"", name} {
		alive, err := s.Store.Runs(ctx, load.RunFilter{Check: check, Limit: 1000, Status: []load.Status{
			load.Queued, load.Provisioning, load.Ready, load.Running, load.Cancelling, load.Finishing,
		}})
		if err != nil {
			return nil, err
		}
		for _, head := range alive {
			run, err := s.Store.Run(ctx, head.ID) // lists leave the plan out
			if load.ErrorCode(err) == load.NotFound {
				continue
			}
			if err != nil {
				return nil, err
			}
			if run.Plan != nil && slices.ContainsFunc(run.Plan.Regions, func(r load.PlanRegion) bool { return r.Name == name }) {
				users = append(users, run.ID)
			}
		}
	}
	return users, nil
}

func named(runs []string) string {
	const most = 5
	what := "run "
	if len(runs) > 1 {
		what = "runs "
	}
	if more := len(runs) - most; more > 0 {
		return fmt.Sprintf("%s%s and %d more", what, strings.Join(runs[:most], ", "), more)
	}
	return what + strings.Join(runs, ", ")
}

// Capacity asks a region what it holds now, bounded in time. That it cannot be
// asked is a finding; the error is for a region that is not there.
func (s *Service) Capacity(ctx context.Context, name string) (load.Capacity, *load.Finding, error) {
	_, driver, err := s.Book.Region(ctx, name)
	if load.ErrorCode(err) == load.NotFound {
		return load.Capacity{}, nil, err
	}
	if err != nil {
		return load.Capacity{}, &load.Finding{Check: "settings", State: load.FindingFailed, Text: err.Error(), Remedy: "edit the region"}, nil
	}
	asked, cancel := context.WithTimeout(ctx, s.Bounds.Capacity)
	defer cancel()
	capacity, err := driver.Capacity(asked)
	switch {
	case err == nil:
		return capacity, nil, nil
	case ctx.Err() != nil:
		return load.Capacity{}, nil, ctx.Err()
	case asked.Err() != nil:
		return load.Capacity{}, &load.Finding{
			Check: "platform", State: load.FindingFailed, Text: fmt.Sprintf("its platform did not say within %s what it holds", s.Bounds.Capacity),
			Remedy: "look whether the platform's API can be reached from the server",
		}, nil
	}
	finding := failure(err.Error())
	return load.Capacity{}, &finding, nil
}
