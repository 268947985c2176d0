package collect

import (
	"maps"
	"slices"
	"time"

	"onrush.dev/onrush/internal/load"
)

const (
	// grace is how long a second waits for tasks that have not reported it, from
	// its first window. With the second itself and the agent's own delay it
	// stays below the two seconds within which figures are to be seen.
	grace = 700 * time.Millisecond
	// lateGrace is how long late windows are gathered before they are added.
	lateGrace = 300 * time.Millisecond
	// maxOpen bounds the seconds in memory during a replay or a resend.
	maxOpen = 8
)

// openSecond is a second that is being merged.
type openSecond struct {
	number int
	since  time.Time // clock at its first window
	cells  []*cell   // by scope id; nil where there is nothing
}

// openSecond returns the second's open sums, made when there are none.
func (c *Collector) openSecond(number int) *openSecond {
	if o := c.open[number]; o != nil {
		return o
	}
	for len(c.open) >= maxOpen {
		c.cut(slices.Min(slices.Collect(maps.Keys(c.open))))
	}
	o := &openSecond{number: number, since: c.clock, cells: make([]*cell, len(c.scopes.list))}
	c.open[number] = o
	return o
}

// cell returns the sums of one scope.
func (o *openSecond) cell(pool *cells, s *scope) *cell {
	for s.id >= len(o.cells) {
		o.cells = append(o.cells, nil)
	}
	if o.cells[s.id] == nil {
		o.cells[s.id] = pool.take()
	}
	return o.cells[s.id]
}

// put adds sum to the scope and takes it over.
func (o *openSecond) put(pool *cells, s *scope, sum *cell) {
	if s.id < len(o.cells) && o.cells[s.id] == nil {
		o.cells[s.id] = sum
		return
	}
	o.cell(pool, s).merge(sum)
	pool.put(sum)
}

// Tick moves the collector's clock and cuts seconds that have waited long
// enough. Call it about five to ten times a second.
func (c *Collector) Tick(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	if c.clock.IsZero() { // what came before the first Tick came just now
		for _, s := range c.order {
			s.heard = now
		}
		for _, o := range c.open {
			o.since = now
		}
	}
	c.clock = now
	cut := false
	for _, number := range slices.Sorted(maps.Keys(c.open)) {
		wait := grace
		if number <= c.finished {
			wait = lateGrace
		}
		if now.Sub(c.open[number].since) >= wait {
			c.cutThrough(number)
			cut = true
		}
	}
	if cut || c.live.stale || now.Sub(c.live.at) >= time.Second && c.status != load.Ended {
		c.publish()
	}
}

// progress cuts the seconds that all awaited tasks have reported, additions to
// earlier ones too, and judges the criteria on them.
func (c *Collector) progress() {
	lowest := c.front
	for _, s := range c.order {
		if s.last < lowest && s.awaited(c.front) {
			lowest = s.last
		}
	}
	if lowest <= c.settled {
		return
	}
	c.cutThrough(lowest)
	for second := c.settled + 1; second <= lowest; second++ {
		c.judgeLive(second)
	}
	c.settled = lowest
	c.refresh()
}

// cutThrough cuts all open seconds up to number, in order.
func (c *Collector) cutThrough(number int) {
	for _, n := range slices.Sorted(maps.Keys(c.open)) {
		if n <= number {
			c.cut(n)
		}
	}
}

// cut adds an open second to the totals and the spool.
func (c *Collector) cut(number int) {
	o := c.open[number]
	delete(c.open, number)
	c.rollUp(o)
	for id, sum := range o.cells {
		if sum == nil {
			continue
		}
		s := c.scopes.list[id]
		s.total.merge(sum)
		if number > c.finished && s.kind.shown() {
			s.last = point(number, 1, sum)
		}
	}
	if err := c.spool.append(number, o.cells); err != nil && c.failed == nil {
		c.failed = err
		c.log.Error("cannot keep the series of the run", "err", err)
	}
	if number == c.finished {
		c.correct(number, o)
	}
	for _, sum := range o.cells {
		if sum != nil {
			c.pool.put(sum)
		}
	}
	c.finished = max(c.finished, number)
}

// shown says whether snapshots show the last second of this kind.
func (k kind) shown() bool { return k == kindRun || k == kindRegion || k == kindTask }

// rollUp sums labels up to regions and the run, and adds what only tasks know.
func (c *Collector) rollUp(o *openSecond) {
	// Scopes are made after those they are part of, tasks and regions in New; so
	// region cells are complete once all labels and tasks are in.
	for id := len(o.cells) - 1; id >= 0; id-- {
		sum := o.cells[id]
		if sum == nil {
			continue
		}
		switch s := c.scopes.list[id]; s.kind {
		case kindRegionLabel:
			for _, up := range s.up {
				o.cell(&c.pool, up).merge(sum)
			}
		case kindTask:
			o.cell(&c.pool, s.up[0]).mergeTask(sum, true)
		case kindRegion:
			o.cell(&c.pool, c.scopes.run).merge(sum)
		case kindRun, kindLabel:
		}
	}
}

// correct works the last second's points out anew after an addition to it.
func (c *Collector) correct(number int, o *openSecond) {
	v := c.spool.view(number, number+1)
	for id, sum := range o.cells {
		s := c.scopes.list[id]
		if sum == nil || !s.kind.shown() {
			continue
		}
		err := v.read([]int{id}, func(r *record) error {
			whole, err := r.cell()
			if err == nil {
				s.last = point(number, 1, whole)
			}
			return err
		})
		if err != nil {
			c.log.Error("cannot correct the last second", "err", err)
			return
		}
	}
}
