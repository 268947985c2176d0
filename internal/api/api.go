// Package api is the HTTP API under /api/v1, and the handler that serves it
// beside the console. Handlers translate: they check who asks and what, call
// store, blob, auth or control, and render the answer. They decide nothing
// about runs, and they know the other parts by interface only.
//
// Read api.go (what it works with), then routes.go (how a route is made), and
// one file per resource.
package api

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"onrush.dev/onrush/internal/auth"
	"onrush.dev/onrush/internal/blob"
	"onrush.dev/onrush/internal/load"
)

// Options are what the API works with. All are required but those that say
// otherwise.
type Options struct {
	Store   Store
	Blob    blob.Bucket
	Auth    *auth.Service
	Control Control
	Sweeper Sweeper
	Regions Regions
	// Live returns the live picture of a run that this server conducts.
	Live func(run string) (Picture, bool)
	// OpenSeries reads the series file of an ended run.
	OpenSeries func(r io.ReaderAt, size int64) (SeriesFile, error)
	// Logs returns what a task wrote on its output so far; NotFound when its
	// region does not know of it (any more). Then the log that was kept under
	// load.RunKey(run, "logs/<task>.log") is tried. With follow the reader goes on
	// with what the task writes, until its end or ctx's.
	Logs func(ctx context.Context, run load.Run, task string, follow bool) (io.ReadCloser, error)
	// Links signs and checks the agents' links to files.
	Links *Links
	// Bus leads agents to the bus; nil leads nowhere.
	Bus http.Handler
	// Console serves the pages; nil serves none.
	Console http.Handler
	// KeepSecrets keeps the values of a run's secrets until its end.
	KeepSecrets func(ctx context.Context, run string, values map[string]string) error
	// Proxies are the addresses whose X-Forwarded-For and X-Forwarded-Proto are
	// believed; none by default.
	Proxies []netip.Prefix
	// MaxUpload bounds one uploaded file; 0 means 1 GiB.
	MaxUpload int64
	Version   string
	Log       *slog.Logger // nil discards
	Now       func() time.Time
	// LivePoll is how often a live stream looks into the store for events and
	// the run's status; 0 means half a second.
	LivePoll time.Duration
}

// Store keeps the nouns; package store has it.
type Store interface {
	Ping(ctx context.Context) error
	PutScenario(ctx context.Context, rec load.ScenarioRecord) (saved load.ScenarioRecord, created, changed bool, err error)
	Scenario(ctx context.Context, name string) (load.ScenarioRecord, error)
	Scenarios(ctx context.Context, f load.ScenarioFilter) ([]load.ScenarioRecord, error)
	DeleteScenario(ctx context.Context, name string) error
	CreateRun(ctx context.Context, r load.Run) error
	Run(ctx context.Context, id string) (load.Run, error)
	Runs(ctx context.Context, f load.RunFilter) ([]load.Run, error)
	LastRuns(ctx context.Context, scenarios []string) (map[string]load.Run, error)
	DeleteRun(ctx context.Context, id string) error
	Tasks(ctx context.Context, run string) ([]load.Task, error)
	AddEvent(ctx context.Context, e load.Event) (load.Event, error)
	Events(ctx context.Context, run string, after int64) ([]load.Event, error)
	AddIntent(ctx context.Context, in load.Intent) (load.Intent, error)
	Report(ctx context.Context, run string) (*load.Report, error)
	Regions(ctx context.Context) ([]load.Region, error)
	Region(ctx context.Context, name string) (load.Region, error)
}

// Control plans scenarios and drives runs; package control has it.
type Control interface {
	// Plan works out what a scenario would run now. files maps the scenario's
	// paths to hashes of stored content.
	Plan(ctx context.Context, scenario load.Scenario, files map[string]string) (*load.Plan, error)
	// Room says whether a region has room for more tasks of a run, which then has
	// so many there.
	Room(ctx context.Context, region string, tasks, more int) error
	// Wake makes it look at a run soon: it is new, or something was asked of it.
	Wake(run string)
}

// Sweeper looks for tasks that run for nobody; package control has it.
type Sweeper interface {
	Latest() []load.Sweep
	Sweep(ctx context.Context, region string) (load.Sweep, error)
	SweepAll(ctx context.Context) ([]load.Sweep, error)
}

// Picture is a run as it is being measured; package collect has it.
type Picture interface {
	Snapshot() load.Snapshot
	Series(q load.SeriesQuery) (load.Series, error)
	// Subscribe hands out snapshots as they come about; a slow reader skips.
	// The channel is closed when no more will come.
	Subscribe() (<-chan load.Snapshot, func())
}

// SeriesFile is the series of an ended run; package collect has it.
type SeriesFile interface {
	Query(q load.SeriesQuery) (load.Series, error)
}

// api is what the handlers share.
type api struct {
	Options
	huma   huma.API
	routes []route  // every registered one, for tests and the 405 answers
	plain  []string // those that are no part of the API, for tests
}

// New makes the handler for the API and the console.
func New(o Options) http.Handler {
	a, mux := build(o)
	return a.wrap(mux)
}

func build(o Options) (*api, *http.ServeMux) {
	if o.MaxUpload == 0 {
		o.MaxUpload = 1 << 30
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.LivePoll == 0 {
		o.LivePoll = 500 * time.Millisecond
	}
	mux := http.NewServeMux()
	a := &api{Options: o}
	a.huma = humago.New(mux, a.config())
	a.huma.UseMiddleware(a.authorize)
	a.registerSession()
	a.registerAccounts()
	a.registerFiles()
	a.registerScripts()
	a.registerScenarios()
	a.registerPlan()
	a.registerRuns()
	a.registerRunControl()
	a.registerRunResults()
	a.registerLogs()
	a.registerArtifacts()
	a.registerLive()
	a.registerRegions()
	a.registerSweeps()
	a.registerMeta()
	a.finish()
	mux.HandleFunc("/api/", a.noRoute)
	if o.Bus != nil {
		a.handlePlain(mux, "GET /bus", o.Bus)
	}
	if o.Console != nil {
		mux.Handle("/", o.Console)
	}
	return a, mux
}
