// Package fleet says what a driver is: the code that starts, lists and stops
// the tasks of one region. It may not know what tasks do. Drivers are listed in
// package fleet/all and proved by package fleet/fleettest. Read Driver first.
package fleet

import (
	"context"
	"io"
	"log/slog"
	"time"

	"onrush.dev/onrush/internal/load"
)

// Driver runs tasks in one region. A server has one Driver value per region;
// all methods are safe for concurrent use and may be called again after a crash
// of the server, by a new value that knows nothing but the region's settings.
type Driver interface {
	// Capacity says how many tasks the region can hold. The plan calls it; it
	// must answer within ctx and have no side effects.
	Capacity(ctx context.Context) (load.Capacity, error)

	// Start starts the given tasks, as many at once as the platform allows,
	// and retries throttling by itself. It may start fewer than asked: the
	// answer has one Started per spec, in order. The error is for when nothing
	// could be tried at all. Starting a task whose instance exists already
	// (same Run, Task and Attempt) is not an error and starts nothing: after a
	// crash the control loop calls Start again.
	Start(ctx context.Context, specs []TaskSpec) ([]Started, error)

	// List is the truth that the control loop compares with, called about once
	// a second per run. It includes instances that ended, for as long as the
	// platform tells of them, with the reason. An empty run lists the instances
	// of all runs: the sweep of orphans uses that.
	List(ctx context.Context, run string) ([]Instance, error)

	// Stop ends instances: gently with a grace period, then by force. No names
	// means all tasks of the run. It returns once they are gone or being ended,
	// and is no error when nothing is left. It also removes what the platform
	// keeps of ended ones (files, job objects).
	Stop(ctx context.Context, run string, tasks ...string) error

	// Logs is what the task's newest instance wrote on its standard output and
	// error so far. With follow the reader goes on with what it writes from then
	// on, and ends when the instance has ended or ctx does.
	Logs(ctx context.Context, run, task string, follow bool) (io.ReadCloser, error)

	// Check looks, without starting anything, at all that tasks need: credentials,
	// permissions, image, quota, addresses. What it could not look at is a finding
	// as well. The error is for when ctx ended.
	Check(ctx context.Context) ([]load.Finding, error)

	// Close releases the driver's own resources; tasks go on.
	Close() error
}

// TaskSpec is one task to start.
type TaskSpec struct {
	Run, Task, Region string
	Attempt           int
	// Ticket is the secret that lets the agent speak for its task. Drivers hand
	// it over in the environment as ONRUSH_TICKET, never as an argument.
	Ticket string
	// Image is the container image; empty: the driver's own default.
	Image  string
	CPU    float64 // cores; 0: the driver's default
	Memory int64   // bytes; 0: the driver's default
	// Deadline is when the task is over in any case. A platform that can end it
	// by itself then is told to, for when no server is left to do so.
	Deadline time.Time
}

// Kind is a kind of driver: what package fleet/all lists.
type Kind struct {
	Name     string // docker
	Summary  string // one line for people
	Settings []Setting
	Open     func(Place) (Driver, error)
}

// Setting is one of a kind's own settings, as forms and checks know it.
type Setting = load.Setting

// Place is a region as its driver sees it, with what the server lends it.
type Place struct {
	load.Region
	// Server tells the servers apart that use one platform: drivers mark what
	// they start with it, and see nothing of another server's.
	Server string
	// Dir is where a driver may keep state that must survive the server.
	Dir string
	// AgentCommand is the agent's program and arguments, for drivers that start
	// it on this machine.
	AgentCommand []string
	Version      string // of this program; names the default image
	Log          *slog.Logger
}

// Started answers for one TaskSpec.
type Started struct {
	Instance string // empty when it did not start
	Err      error  // why not; a *StartError where the driver knows what kind
}

// StartError says why a task did not start, in words for the user, and whether
// trying again can help.
type StartError struct {
	Kind   StartKind
	Reason string // e.g. "region eu: 40 of 200 tasks: vCPU quota reached"
	Remedy string // e.g. "raise the quota L-3032A538, or lower tasks"
}

// Error implements error.
func (e *StartError) Error() string {
	if e.Remedy == "" {
		return e.Reason
	}
	return e.Reason + " (" + e.Remedy + ")"
}

// StartKind tells failures to start apart.
type StartKind string

// The kinds of failures to start.
const (
	Quota    StartKind = "quota"    // a limit of the account or region
	NoRoom   StartKind = "capacity" // the platform has no machine now
	Denied   StartKind = "denied"   // credentials or permissions
	BadImage StartKind = "image"
	BadSpec  StartKind = "spec" // settings the platform refuses
	Down     StartKind = "down" // the platform's API does not answer
)

// Instance is a task as the platform sees it.
type Instance struct {
	ID      string
	Run     string
	Task    string
	Attempt int
	State   State
	// Reason says why it ended or does not get up, in words for the user.
	Reason   string
	ExitCode *int // nil: not known
	Started  time.Time
	Ended    time.Time
}

// State is the platform's view of an instance.
type State string

// The states of an instance.
const (
	Pending State = "pending" // accepted, not running yet
	Up      State = "up"
	Gone    State = "gone" // ended, for whatever reason
)
