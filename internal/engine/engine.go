// Package engine says what an engine is: the code inside a task that makes the
// load. It may not know how tasks are started or how figures travel; it gets a
// Job and writes samples to a recorder. Engines are listed in package
// engine/all and proved by package engine/enginetest. Read Engine first.
package engine

import (
	"context"
	"io"
	"log/slog"
	"time"

	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/record"
)

// Engine turns an order into load and records what it saw. One Engine value
// serves one task and is used once.
type Engine interface {
	// Name is the word that scenarios use.
	Name() string

	// Prepare is called once, before the task says that it is ready: it reads
	// files, parses scripts and starts what is slow to start. No request may
	// reach the target. An error means that the task cannot run; its text
	// reaches the user as the cause.
	Prepare(ctx context.Context, job Job) error

	// Run makes the load from job.Start on and returns when the profile or a
	// limit has ended it, when a drain has let the requests in flight end, or
	// soon (under a second) after ctx ended, which means stop now. All samples
	// are recorded when it returns. An error means that the engine failed, not
	// that the target did.
	Run(ctx context.Context, job Job) error
}

// Job is what an engine works with.
type Job struct {
	Order load.Order
	// Dir holds the order's files under the scenario's names (FilePath), and is
	// the engine's working folder.
	Dir string
	// Start is the instant of the barrier in this machine's clock, with a
	// monotonic reading; zero in Prepare. It may lie in the near future.
	Start time.Time
	// Timeline is the load over time with the live changes made so far. It is
	// safe for concurrent use and announces changes; see load.Timeline.
	Timeline *load.Timeline
	Recorder *record.Recorder
	Log      *slog.Logger
	// Output is the task's log as it stands: what a tool writes goes there line
	// by line. Nil discards.
	Output io.Writer
}
