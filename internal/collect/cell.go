package collect

import (
	"onrush.dev/onrush/internal/hist"
	"onrush.dev/onrush/internal/load"
)

// The histograms of a cell.
const (
	latency   = iota // from the intended start (open model) or the send (closed)
	service          // from the send; open model only
	firstByte        // send to first response byte
	body             // first response byte to the last
	connect          // opening a connection, whose parts are:
	dns
	tcp
	tls
	lag // send minus due; open model only, not kept per label
	distributions
)

// cell is what is summed for one scope: over one second in the series, over
// the whole run in the summary. Merging cells is exact and works in any order.
type cell struct {
	requests, failures int64
	bytesIn, bytesOut  int64
	redirects          int64
	statuses           tally[int]
	causes             tally[load.Cause]
	hists              [distributions]*hist.Hist // nil until there is something in it

	// What follows is a task's, not a label's: zero in the cells of labels.
	offered, started, late int64
	clamped                int64
	users, inFlight        int64 // at the end of the second; no meaning over a whole run
	tasks                  int64 // that reported this second
	vitals                 vitals
}

// hist returns the histogram to add to.
func (c *cell) hist(which int) *hist.Hist {
	if c.hists[which] == nil {
		c.hists[which] = hist.New()
	}
	return c.hists[which]
}

// merge adds all that o holds.
func (c *cell) merge(o *cell) {
	c.requests += o.requests
	c.failures += o.failures
	c.bytesIn += o.bytesIn
	c.bytesOut += o.bytesOut
	c.redirects += o.redirects
	for _, e := range o.statuses {
		c.statuses.add(e.key, e.n)
	}
	for _, e := range o.causes {
		c.causes.add(e.key, e.n)
	}
	for which, h := range o.hists {
		if h.Count() > 0 {
			c.hist(which).Merge(h)
		}
	}
	c.mergeTask(o, false)
}

// mergeTask adds what is a task's and not a label's; withLag adds the lag, for
// callers that do not merge all histograms.
func (c *cell) mergeTask(o *cell, withLag bool) {
	c.offered += o.offered
	c.started += o.started
	c.late += o.late
	c.clamped += o.clamped
	c.users += o.users
	c.inFlight += o.inFlight
	c.tasks += o.tasks
	c.vitals.merge(&o.vitals)
	if withLag && o.hists[lag].Count() > 0 {
		c.hist(lag).Merge(o.hists[lag])
	}
}

// reset empties the cell and keeps its memory.
func (c *cell) reset() {
	hists, statuses, causes, limits := c.hists, c.statuses[:0], c.causes[:0], c.vitals.limits[:0]
	for _, h := range hists {
		if h != nil {
			h.Reset()
		}
	}
	*c = cell{hists: hists, statuses: statuses, causes: causes, vitals: vitals{limits: limits}}
}

// tally counts by key. There are few keys (statuses, causes), so that a list
// is faster than a map and costs nothing when reused.
type tally[K comparable] []count[K]

type count[K comparable] struct {
	key K
	n   int64
}

func (t *tally[K]) add(key K, n int64) {
	for i := range *t {
		if (*t)[i].key == key {
			(*t)[i].n += n
			return
		}
	}
	*t = append(*t, count[K]{key, n})
}

// cells is a store of empty cells to use again, so that a second costs no new
// memory once the run is under way.
type cells struct{ free []*cell }

func (s *cells) take() *cell {
	if n := len(s.free); n > 0 {
		c := s.free[n-1]
		s.free = s.free[:n-1]
		return c
	}
	return &cell{}
}

// maxFree bounds what is kept for later: two seconds of a large run.
const maxFree = 1024

func (s *cells) put(c *cell) {
	if len(s.free) < maxFree {
		c.reset()
		s.free = append(s.free, c)
	}
}
