package load

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Timeline is a profile with the live changes made to it: the one place that
// knows how much load is due at which instant of the run. Server, agents and
// engines each have one and get the same changes, so they agree without
// speaking. All methods are safe for concurrent use; those that read take no
// lock and allocate nothing.
//
// Instants are wall time since the run's start. A pause stops the profile's own
// clock, so what follows it comes later by its length:
//
//	profile            /------\           with a pause:      /--.....----\
//	                  /        \                            /   pause     \
//	wall time        0----------end                        0--------------end
//
// See course.go for how the two are laid over each other.
type Timeline struct {
	profile Profile
	course  atomic.Pointer[course]

	mu      sync.Mutex // guards what follows
	changes []Change
	changed chan struct{}
}

// NewTimeline makes a timeline of a profile and the changes made so far.
func NewTimeline(profile Profile, changes []Change) *Timeline {
	t := &Timeline{profile: profile, changed: make(chan struct{})}
	t.changes = sortedChanges(changes)
	t.course.Store(newCourse(profile, t.changes))
	return t
}

// sortedChanges copies changes in the order of their instants; of those at one
// instant the later one in the list counts last.
func sortedChanges(changes []Change) []Change {
	changes = slices.Clone(changes)
	slices.SortStableFunc(changes, func(a, b Change) int { return int(max(-1, min(1, a.At-b.At))) })
	return changes
}

// Add makes one more change. What was due before its instant stays as it was.
func (t *Timeline) Add(change Change) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.changes = sortedChanges(append(t.changes, change))
	t.course.Store(newCourse(t.profile, t.changes))
	close(t.changed)
	t.changed = make(chan struct{})
}

// Changed returns a channel that is closed at the next Add. Get it before you
// read what you decide on, or a change in between is missed.
func (t *Timeline) Changed() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.changed
}

// Level is the load at an instant, in users or requests/s of the whole run: 0
// while paused, before the start and after the end.
func (t *Timeline) Level(at time.Duration) float64 { return t.course.Load().level(at) }

// Users is how many users of a task are active at an instant: user k of the run
// is active when the level is above k.
func (t *Timeline) Users(at time.Duration, share Share) int {
	return int(share.Count(wholeUnits(t.Level(at))))
}

// Arrivals is how much of the open model's load has come due up to an instant:
// the sum of the rate over time. Arrival k is due when it passes k.
func (t *Timeline) Arrivals(at time.Duration) float64 { return t.course.Load().arrivals(at) }

// Due is when arrival k of the run is due, k from 0. False: not within the
// profile as it stands now. An arrival whose turn comes in a pause is due at the
// pause's end.
func (t *Timeline) Due(k int64) (time.Duration, bool) { return t.course.Load().due(k) }

// Total is how many arrivals are due from the start to the end. False: there is
// no end known.
func (t *Timeline) Total() (int64, bool) {
	c := t.course.Load()
	return c.total, c.ends
}

// End is the instant at which the load ends. False: there is none, because only
// a limit ends the run or because it is paused.
func (t *Timeline) End() (time.Duration, bool) {
	c := t.course.Load()
	return c.end, c.ends
}

// Paused says whether the load stands still at an instant.
func (t *Timeline) Paused(at time.Duration) bool { return t.course.Load().paused(at) }

// Draining says whether the run was told, by a drain or a stop, to end its load
// at this instant or before.
func (t *Timeline) Draining(at time.Duration) bool {
	c := t.course.Load()
	return (c.drains && at >= c.end) || (c.stops && at >= c.stop)
}

// Stopping says whether the run was told to end its load at this instant or
// before, without waiting for requests in flight.
func (t *Timeline) Stopping(at time.Duration) bool {
	c := t.course.Load()
	return c.stops && at >= c.stop
}
