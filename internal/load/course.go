package load

import (
	"math"
	"sort"
	"time"
)

// course is a timeline worked out: the load over wall time as pieces that each
// are a straight line. It never changes; a change makes a new one.
type course struct {
	pieces []piece // in order of time, without gaps; all but the last have a length
	end    time.Duration
	ends   bool  // end is known
	total  int64 // arrivals due until end, when it is known
	drains bool  // end was told
	stops  bool
	stop   time.Duration
}

// piece is a straight line of the level over a stretch of wall time.
type piece struct {
	from, to time.Duration // to is forever in the last piece of an endless course
	low      float64       // level at from
	high     float64       // level at to
	before   float64       // arrivals due before from
	paused   bool
}

const (
	forever   = time.Duration(math.MaxInt64)
	perSecond = float64(time.Second)
)

// newCourse lays changes, in order of time, over a profile.
func newCourse(profile Profile, changes []Change) *course {
	b := courseBuilder{profile: profile.Points, endless: profile.Endless}
	for _, change := range changes {
		at := max(0, time.Duration(change.At))
		b.run(at)
		b.apply(change, at)
	}
	b.run(forever)
	c := &b.c
	if c.ends {
		c.total = wholeUnits(c.arrivals(c.end))
	}
	return c
}

// courseBuilder walks along wall time and the profile's own clock, which differ
// by the pauses.
type courseBuilder struct {
	c       course
	profile []Point
	endless bool
	wall    time.Duration
	clock   time.Duration // the profile's
	sum     float64       // arrivals due so far
	paused  bool
	level   *float64 // set by a change: holds for the rest
	over    bool     // the load has ended
}

// run walks to a wall instant.
func (b *courseBuilder) run(to time.Duration) {
	for b.wall < to && !b.over {
		if b.paused {
			b.add(piece{to: to, paused: true})
			continue
		}
		b.step(to)
	}
	if b.over || to != forever {
		return
	}
	b.c.ends, b.c.end = false, 0
}

// step walks to the next corner of the profile, but no further than to.
func (b *courseBuilder) step(to time.Duration) {
	i := sort.Search(len(b.profile), func(i int) bool { return time.Duration(b.profile[i].At) > b.clock })
	if i == len(b.profile) && !b.endless {
		b.finish()
		return
	}
	p := piece{to: to}
	if i < len(b.profile) {
		next := time.Duration(b.profile[i].At)
		p.to = min(to, later(b.wall, next-b.clock))
		p.low = b.at(i, b.clock)
		p.high = b.at(i, b.clock+p.to-b.wall)
	} else if i > 0 {
		p.low = b.profile[i-1].Level
		p.high = p.low
	}
	if b.level != nil {
		p.low, p.high = *b.level, *b.level
	}
	b.clock = later(b.clock, p.to-b.wall)
	b.add(p)
}

// at is the profile's level at an instant of its clock, on the line that ends
// in point i.
func (b *courseBuilder) at(i int, clock time.Duration) float64 {
	if i == 0 {
		return b.profile[0].Level
	}
	from, to := b.profile[i-1], b.profile[i]
	if clock >= time.Duration(to.At) {
		return to.Level
	}
	return between(from.Level, to.Level, float64(clock-time.Duration(from.At))/float64(to.At-from.At))
}

func (b *courseBuilder) add(p piece) {
	p.from, p.before = b.wall, b.sum
	b.wall = p.to
	if p.to != forever {
		b.sum += p.area(p.to)
	}
	b.c.pieces = append(b.c.pieces, p)
}

func (b *courseBuilder) finish() {
	b.over, b.c.ends, b.c.end = true, true, b.wall
}

// apply makes a change. Once the load has ended, a stop can still cut off the
// requests in flight; nothing else has an effect.
func (b *courseBuilder) apply(change Change, at time.Duration) {
	switch change.Kind {
	case ChangePause:
		b.paused = true
	case ChangeResume:
		b.paused = false
	case ChangeLevel:
		level := max(0, change.Level)
		b.level = &level
	case ChangeDrain, ChangeStop:
		if change.Kind == ChangeStop && !b.c.stops {
			b.c.stops, b.c.stop = true, at
		}
		if !b.over {
			b.finish()
			b.c.drains = true
		}
	}
}

// find is the piece that holds an instant, or -1.
func (c *course) find(at time.Duration) int {
	i := sort.Search(len(c.pieces), func(i int) bool { return c.pieces[i].to > at })
	if i == len(c.pieces) || at < 0 {
		return -1
	}
	return i
}

func (c *course) level(at time.Duration) float64 {
	i := c.find(at)
	if i < 0 {
		return 0
	}
	return c.pieces[i].level(at)
}

func (c *course) paused(at time.Duration) bool {
	i := c.find(at)
	return i >= 0 && c.pieces[i].paused
}

func (c *course) arrivals(at time.Duration) float64 {
	i := c.find(at)
	switch {
	case i >= 0:
		return snap(c.pieces[i].before + c.pieces[i].area(at))
	case at < 0 || len(c.pieces) == 0:
		return 0
	}
	last := &c.pieces[len(c.pieces)-1]
	return snap(last.before + last.area(last.to))
}

func (c *course) due(k int64) (time.Duration, bool) {
	if k < 0 || (c.ends && k >= c.total) {
		return 0, false
	}
	// The last piece that begins with at most k arrivals is the one in which the
	// sum passes k, or a pause or level 0 before that.
	i := sort.Search(len(c.pieces), func(i int) bool { return snap(c.pieces[i].before) > float64(k) }) - 1
	if i < 0 {
		return 0, false
	}
	return c.pieces[i].due(k)
}

func (p *piece) level(at time.Duration) float64 {
	if p.low == p.high || p.to == forever {
		return p.low
	}
	return between(p.low, p.high, float64(at-p.from)/float64(p.to-p.from))
}

// area is how many arrivals come due from the piece's begin to an instant in it.
func (p *piece) area(at time.Duration) float64 {
	return (p.low + p.level2(at)) / 2 * (float64(at-p.from) / perSecond)
}

// level2 is level, and at the piece's end the level it ends with.
func (p *piece) level2(at time.Duration) float64 {
	if at >= p.to {
		return p.high
	}
	return p.level(at)
}

// due is the instant at which the sum passes k. False: not in this piece.
func (p *piece) due(k int64) (time.Duration, bool) {
	want := max(0, float64(k)-p.before) // arrivals after the piece's begin
	var seconds float64
	switch {
	case p.low == p.high && p.low <= 0:
		return 0, false
	case p.low == p.high:
		seconds = want / p.low
	default:
		// low*t + slope/2*t^2 = want, solved in the form that has no difference
		// of nearly equal numbers.
		slope := (p.high - p.low) / (float64(p.to-p.from) / perSecond)
		root := math.Sqrt(max(0, p.low*p.low+2*slope*want))
		if p.low+root > 0 {
			seconds = 2 * want / (p.low + root)
		}
	}
	if seconds*perSecond >= float64(forever-p.from) {
		return 0, false
	}
	return min(p.from+time.Duration(seconds*perSecond), p.to), true
}

// between is a point of a line, never beyond its ends.
func between(from, to, part float64) float64 {
	level := from + float64((to-from)*part)
	return max(min(from, to), min(level, max(from, to)))
}

// later adds without overflow.
func later(at, by time.Duration) time.Duration {
	if by >= forever-at {
		return forever
	}
	return at + by
}

// snap takes a sum that is a whole number but for the error of floating point
// as that number: 33.333…/s over 30 s is 1000 arrivals and not one more.
func snap(sum float64) float64 {
	if whole := math.Round(sum); math.Abs(sum-whole) <= 1e-6+1e-12*whole {
		return whole
	}
	return sum
}

// wholeUnits is how many units have begun at a level or sum.
func wholeUnits(level float64) int64 {
	return int64(min(math.Ceil(snap(level)), math.MaxInt64/2))
}
