package tool

import (
	"context"
	"time"

	"onrush.dev/onrush/internal/engine"
)

// Endings says how a tool is ended. Nil functions are left out.
type Endings struct {
	// Drain asks the tool to end in an orderly way, as its own users would.
	Drain func()
	// Stop asks it to end at once, still writing what it has; by force follows.
	Stop func()
	// Grace is how long an orderly end may take; 0: the order's own bound.
	Grace time.Duration
	// StopGrace is how long Stop may take before the process is ended by force.
	StopGrace time.Duration
	// Most is how long the tool may run at all, from now on; 0: no bound. It is
	// for a tool that hangs: longer than its script can take.
	Most time.Duration
}

// Ended says why Tend ended a process.
type Ended string

// The reasons. ByItself is the script's own end.
const (
	ByItself Ended = ""
	Drained  Ended = "drained"
	Stopped  Ended = "stopped"
	TooLong  Ended = "too long"
)

// Tend waits for the end of a tool, and ends it when the task is told to: a
// drain asks it, the end of ctx means now.
func Tend(ctx context.Context, p *Process, job engine.Job, e Endings) (Exit, Ended) {
	grace := e.Grace
	if grace == 0 {
		grace = time.Duration(job.Order.Drain)
	}
	var most, force <-chan time.Time
	if e.Most > 0 {
		timer := time.NewTimer(e.Most)
		defer timer.Stop()
		most = timer.C
	}
	why, stop := ByItself, ctx.Done()
	drained := false
	for {
		changed := job.Timeline.Changed()
		var due <-chan time.Time
		if !drained {
			if at := time.Since(job.Start); job.Timeline.Draining(at) {
				drained, why = true, Drained
				call(e.Drain)
				force = time.After(grace)
			} else if end, ok := job.Timeline.End(); ok && end > at { // a change for an instant to come
				due = time.After(end - at)
			}
		}
		select {
		case <-p.Done():
			return p.Wait(), why
		case <-changed:
		case <-due:
		case <-stop:
			stop, why, drained = nil, Stopped, true
			call(e.Stop)
			force = time.After(e.StopGrace)
		case <-most:
			most, why, drained = nil, TooLong, true
			call(e.Stop)
			force = time.After(e.StopGrace + grace)
		case <-force:
			p.Kill()
			force = nil
		}
	}
}

func call(f func()) {
	if f != nil {
		f()
	}
}
