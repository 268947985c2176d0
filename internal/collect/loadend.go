package collect

import (
	"time"

	"onrush.dev/onrush/internal/load"
)

// Changes tells what was changed in the running load so far, so that a drain
// or a pause is not taken for a target that slows down.
func (c *Collector) Changes(changes []load.Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loadEnd, c.bounded = load.NewTimeline(c.plan.Profile, changes).End()
}

// measured is the run's time under load, the denominator of every rate: from
// the start barrier to the last response, or to the end of the load when that
// was later and the tasks were there to see it.
func (c *Collector) measured() float64 {
	var last int64
	for _, s := range c.order {
		last = max(last, s.until)
	}
	seen := time.Duration(c.covered) * time.Second
	if c.bounded {
		seen = min(seen, c.loadEnd)
	} else {
		seen = 0
	}
	return max(seen, time.Duration(last)*time.Microsecond).Seconds()
}
