package agent

import (
	"context"
	"sync"
	"time"

	"onrush.dev/onrush/internal/load"
)

// stopped is the cause of an end that was asked for.
type stopped struct{ text string }

func (s stopped) Error() string { return s.text }

// obeyed is what the server has told the task so far.
type obeyed struct {
	mu       sync.Mutex
	timeline *load.Timeline    // nil until the order is there
	start    chan load.Command // the barrier, once
	started  bool
	early    map[int]load.Change // came before the order
	taken    map[int]bool        // numbers of changes in the timeline
	drainAt  *time.Duration      // instant of the run, of the first drain
	stopAt   *time.Duration
	news     chan struct{} // an end may be due at another instant now
}

// begin makes the timeline from the order, which holds the changes made so far.
func (o *obeyed) begin(order load.Order) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.timeline = load.NewTimeline(order.Profile, order.Changes)
	o.setUp()
	for n, c := range order.Changes {
		o.taken[n] = true
		o.noteEnd(c)
	}
	for n, c := range o.early {
		o.takeChange(n, c)
	}
	o.early = nil
}

func (o *obeyed) setUp() {
	if o.start == nil {
		o.start = make(chan load.Command, 1)
		o.news = make(chan struct{}, 1)
		o.early, o.taken = map[int]load.Change{}, map[int]bool{}
	}
}

// change takes a numbered change once.
func (o *obeyed) change(number int, c load.Change) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.setUp()
	if o.timeline == nil {
		o.early[number] = c
		return
	}
	o.takeChange(number, c)
}

func (o *obeyed) takeChange(number int, c load.Change) {
	if o.taken[number] {
		return
	}
	o.taken[number] = true
	o.add(c)
}

// add puts a change into the timeline. The caller holds mu.
func (o *obeyed) add(c load.Change) {
	o.timeline.Add(c)
	o.noteEnd(c)
}

func (o *obeyed) noteEnd(c load.Change) {
	at := time.Duration(c.At)
	earlier := func(old *time.Duration) *time.Duration {
		if old != nil && *old <= at {
			return old
		}
		return &at
	}
	switch c.Kind {
	case load.ChangeDrain:
		o.drainAt = earlier(o.drainAt)
	case load.ChangeStop:
		o.stopAt = earlier(o.stopAt)
	}
	select {
	case o.news <- struct{}{}:
	default:
	}
}

// drainNow makes the load end at an instant of the run, in an orderly way.
func (o *obeyed) drainNow(at time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.drainAt == nil || *o.drainAt > at {
		o.add(load.Change{At: load.Duration(at), Kind: load.ChangeDrain})
	}
}

// ends returns when the load must stop at the latest: a stop is exact; after
// the end of the profile or a drain, requests in flight have their time first.
// Ok is false while there is no such instant.
func (o *obeyed) ends(patience time.Duration) (at time.Duration, stop, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if end, bounded := o.timeline.End(); bounded {
		at, ok = end+patience, true
	}
	if o.drainAt != nil && (!ok || *o.drainAt+patience < at) {
		at, ok = *o.drainAt+patience, true
	}
	if o.stopAt != nil && (!ok || *o.stopAt < at) {
		return *o.stopAt, true, true
	}
	return at, false, ok
}

func (o *obeyed) drained() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.drainAt != nil
}

// stopsAtInstant says that the run was told to stop: the engine may see that instant before
// the agent does.
func (o *obeyed) stopsAtInstant() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.stopAt != nil
}

// obey takes commands until ctx ends.
func (a *agent) obey(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case c := <-a.conn.Commands():
			a.Log.Info("told by the server", "kind", c.Kind, "change", c.Change, "text", c.Text)
			switch c.Kind {
			case load.CommandStart:
				a.obeyed.startAt(c)
			case load.CommandChange:
				if c.Change != nil {
					a.obeyed.change(c.Number, *c.Change)
				}
			case load.CommandDrain:
				a.drainAlone(orText(c.Text, "asked to end"))
			case load.CommandStop:
				a.cancel(stopped{orText(c.Text, "stopped by the server")})
			default:
				a.Log.Warn("this agent does not know the command; is it of another version than the server?", "kind", c.Kind)
			}
		}
	}
}

// drainAlone ends this task in an orderly way, whatever the others do. One that
// has no load yet ends at once.
func (a *agent) drainAlone(why string) {
	if !a.loading.Load() {
		a.cancel(stopped{why})
		return
	}
	a.leaving.Do(func() { close(a.left) })
}

// startAt hands the command to start to whoever awaits it, the first time.
func (o *obeyed) startAt(c load.Command) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.setUp()
	if !o.started {
		o.started = true
		o.start <- c
	}
}

func orText(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
