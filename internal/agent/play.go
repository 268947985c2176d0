package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"onrush.dev/onrush/internal/load"
)

const (
	// cutLag is how long after the end of a second its window is made, so that
	// samples that just ended are in it.
	cutLag = 5 * time.Millisecond
	// enoughTime before the start for measuring the clock once more.
	enoughTime = 250 * time.Millisecond
	// startSlack is how much longer than the run itself a task waits for others.
	startSlack = time.Minute
	// newsLag is how long after its start the task tells of it. All tasks of a
	// machine start at one instant: the word of the first must not take the CPU
	// from the start of the last.
	newsLag = 250 * time.Millisecond
	// mostSeconds are cut one by one after the process stood still; beyond it,
	// what was missed is one window.
	mostSeconds = 120
)

// awaitStart waits for the start command and returns the barrier in this
// machine's clock.
func (a *agent) awaitStart(ctx context.Context) (barrier time.Time, err error) {
	patience := a.Bounds.Start
	if within := time.Duration(a.order.Scenario.Start.Within); within > 0 {
		patience = max(patience, within+startSlack) // for others that are slower
	}
	never := time.NewTimer(patience)
	defer never.Stop()
	select {
	case c := <-a.obeyed.start:
		a.joinAt(time.Duration(c.Skip))
		at := c.Start
		if left := time.Until(a.clock.local(at)); left > enoughTime {
			// Once more, right before the start. The one before stays good if
			// this one fails.
			again, cancel := context.WithTimeout(ctx, min(left-enoughTime/2, 2*time.Second))
			defer cancel()
			if err := a.measureClock(again); err != nil {
				a.Log.Debug("could not measure the clock again", "err", err)
			}
		}
		return a.clock.local(at), nil
	case <-never.C:
		return time.Time{}, fmt.Errorf("no start command came within %s", patience)
	case <-ctx.Done():
		return time.Time{}, context.Cause(ctx)
	}
}

// joinAt makes a task begin in the middle of the run, when it came too late for
// the barrier or for what its order said.
func (a *agent) joinAt(skip time.Duration) {
	if skip > time.Duration(a.order.Skip) {
		a.order.Skip = load.Duration(skip)
		a.recorder.Begin(int(skip / time.Second))
	}
}

// play runs the engine from the barrier on and sends a window every second. It
// returns when the engine has ended and the last window is on its way.
func (a *agent) play(ctx context.Context, barrier time.Time) (text string, err error) {
	p := &player{agent: a, barrier: barrier, next: int(time.Duration(a.order.Skip) / time.Second)}
	engineCtx, stopEngine := context.WithCancelCause(ctx)
	defer stopEngine(nil)
	started := make(chan time.Time, 1)
	ended := make(chan error, 1)
	go func() {
		begin := barrier.Add(time.Duration(a.order.Skip))
		if !sleepUntil(engineCtx, begin) {
			ended <- nil
			return
		}
		started <- time.Now()
		ended <- a.guard(func() error { return a.engine.Run(engineCtx, a.job(barrier)) })
	}()
	err = p.watch(engineCtx, stopEngine, started, ended)
	p.cutLast()
	cause := context.Cause(engineCtx)
	if cause != nil && errors.Is(err, context.Canceled) {
		err = nil // it ended as it was told
	}
	switch {
	case err != nil:
		return "", fmt.Errorf("engine %s: %w", a.engine.Name(), err)
	case errors.Is(cause, errOverdue):
		return "", fmt.Errorf("engine %s: %w", a.engine.Name(), errOverdue)
	case cause != nil:
		return cause.Error(), nil
	case a.obeyed.drained():
		return "drained", nil
	case a.obeyed.stopsAtInstant():
		return "stopped", nil
	}
	return "", nil
}

var (
	errOverdue = errors.New("it did not end by itself after the end of the load and was stopped")
	errHung    = errors.New("it did not end after it was told to stop now")
)

// player is the task while its load runs.
type player struct {
	*agent
	barrier time.Time
	next    int // the next second to cut
}

// watch cuts windows and sees to the end until the engine has ended.
func (p *player) watch(ctx context.Context, stop context.CancelCauseFunc, started <-chan time.Time, ended <-chan error) error {
	drain, left := p.Drain, p.left
	var hung, drained, tell <-chan time.Time
	var began *time.Time // not told yet
	defer func() {
		if began != nil {
			p.tellStart(*began)
		}
	}()
	cut := time.NewTimer(time.Until(p.endOf(p.next)))
	defer cut.Stop()
	limit := time.NewTimer(time.Hour)
	defer limit.Stop()
	done := ctx.Done()
	for {
		at, exact, bounded := p.obeyed.ends(time.Duration(p.order.Drain) + p.Bounds.Overrun)
		limit.Stop()
		if bounded && done != nil {
			limit.Reset(time.Until(p.barrier.Add(at)))
		}
		select {
		case err := <-ended:
			select {
			case at := <-started: // both came at once
				began = &at
			default:
			}
			return err
		case at := <-started:
			began, tell = &at, time.After(newsLag)
		case <-tell:
			p.tellStart(*began)
			began = nil
		case <-cut.C:
			p.cutUpTo(time.Now())
			cut.Reset(time.Until(p.endOf(p.next)))
		case <-p.obeyed.news: // look at the bounds again
		case <-p.obeyed.timeline.Changed():
		case <-drain:
			drain = nil
			p.cutOff = true
			p.obeyed.drainNow(max(0, time.Since(p.barrier)))
			drained = time.After(p.Bounds.Drain)
		case <-left:
			left = nil
			p.obeyed.drainNow(max(0, time.Since(p.barrier)))
		case <-drained:
			stop(stopped{"drained; requests still in flight were cut off"})
		case <-limit.C:
			if exact {
				stop(stopped{"stopped"})
			} else {
				stop(errOverdue)
			}
		case <-done:
			done = nil
			hung = time.After(p.Bounds.Engine)
		case <-hung:
			return errHung
		}
	}
}

// endOf is the instant at which a second's window is made.
func (p *player) endOf(second int) time.Time {
	return p.barrier.Add(time.Duration(second+1)*time.Second + cutLag)
}

// tellStart tells when the load really began.
func (p *player) tellStart(at time.Time) {
	skew := milliseconds(at.Sub(p.barrier.Add(time.Duration(p.order.Skip))))
	p.skew = &skew
	event := load.TaskEvent{Kind: load.EventStarted, SkewMS: &skew, Skip: p.order.Skip}
	p.addClock(&event)
	p.say(event)
}

// cutUpTo makes a window of each second that is over.
func (p *player) cutUpTo(now time.Time) {
	over := int(now.Sub(p.barrier)/time.Second) - 1
	if over-p.next > mostSeconds {
		p.next = over
	}
	for ; p.next <= over; p.next++ {
		p.send(p.recorder.Cut(p.next))
	}
}

// cutLast sends what no window holds yet.
func (p *player) cutLast() {
	p.cutUpTo(time.Now())
	p.send(p.recorder.Last())
}

func (p *player) send(w *load.Window) {
	p.sent, p.windows = w.Sent, w.Seq
	if err := p.conn.PublishWindow(w.Seq, load.AppendWindow(nil, w)); err != nil {
		// The server must learn of it: the last word carries the number.
		p.refused++
		p.Log.Error("lost a window", "second", w.Second, "err", err)
	}
	p.recorder.Recycle(w)
}

// sleepUntil waits for an instant and says whether ctx is still alive.
func sleepUntil(ctx context.Context, at time.Time) bool {
	d := time.Until(at)
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
