package control

import (
	"context"
	"time"

	"onrush.dev/onrush/internal/load"
)

// told is what came of telling a task something.
type told struct {
	task    *task
	start   bool // it has the start instant
	changes int  // it has so many of the run's changes
	leave   bool // it was told to drain alone
	err     error
}

// tell sends every task what it has not acknowledged yet: the start, then the
// changes in order. Each task is told beside the loop, one thing at a time; what
// fails is sent again at the next step, so nothing is forgotten.
func (c *conductor) tell(ctx context.Context) {
	c.hearTold()
	for _, t := range c.tasks {
		leave := t.plan.Leaves != nil && !t.leaving
		behind := !t.told || t.changes < len(c.run.Changes) || leave
		spoken := t.Status == load.TaskReady || t.Status == load.TaskRunning
		if !behind || !spoken || t.telling {
			continue
		}
		t.telling = true
		go c.tellTask(ctx, told{task: t, start: t.told, changes: t.changes, leave: leave}, *c.run.Started, c.run.Changes)
	}
}

func (c *conductor) tellTask(ctx context.Context, state told, start time.Time, changes []load.Change) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	name, n := state.task.Name, state.task.Attempt // these never change
	if !state.start {
		state.err = c.Bus.Send(ctx, c.id, name, n, load.Command{Kind: load.CommandStart, Start: start, Skip: skipTo(start, time.Now())})
		state.start = state.err == nil
	}
	for state.err == nil && state.changes < len(changes) {
		state.err = c.Bus.Send(ctx, c.id, name, n, load.Command{
			Kind: load.CommandChange, Change: &changes[state.changes], Number: state.changes,
		})
		if state.err == nil {
			state.changes++
		}
	}
	if state.err == nil && state.leave {
		state.err = c.Bus.Send(ctx, c.id, name, n, load.Command{Kind: load.CommandDrain, Text: "taken away by a change of the run"})
	}
	if state.err != nil && ctx.Err() == nil {
		select { // not ours to hurry: it may be about to end
		case <-ctx.Done():
		case <-time.After(beat):
		}
	}
	c.tolds <- state
}

// joinSoon is how long a task may take from its start command to its load, when
// the barrier is over.
const joinSoon = 300 * time.Millisecond

// skipTo is how far into the run a task begins that is told now: nothing before
// the barrier, and after it the run's present second, for what it missed must
// not come all at once.
func skipTo(start, now time.Time) load.Duration {
	if now.Before(start) {
		return 0
	}
	return load.Duration(now.Add(joinSoon).Sub(start))
}

// hearTold takes in the answers of tellTask.
func (c *conductor) hearTold() {
	for {
		select {
		case r := <-c.tolds:
			r.task.telling = false
			r.task.told = r.task.told || r.start
			r.task.changes = max(r.task.changes, r.changes)
			r.task.leaving = r.task.leaving || r.leave && r.err == nil
			if r.err != nil {
				c.log.Debug("task did not take a command yet", "task", r.task.Name, "err", r.err)
			}
		default:
			return
		}
	}
}
