package collect

import (
	"time"

	"onrush.dev/onrush/internal/load"
)

// Changes tells what was changed in the running load, so that a drain or a
// pause is not taken for a target that slows down.
func (c *Collector) Changes(changes []load.Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.run.Changes = changes
	c.loadEnd, c.bounded = loadEnd(time.Duration(c.plan.Duration), changes)
}

// loadEnd is when the load ends by plan and changes, since the start; false
// when only a limit ends it.
func loadEnd(planned time.Duration, changes []load.Change) (time.Duration, bool) {
	end, bounded := planned, planned > 0
	var paused time.Duration
	pausing := false
	for _, change := range changes {
		at := time.Duration(change.At)
		switch change.Kind {
		case load.ChangePause:
			if !pausing {
				paused, pausing = at, true
			}
		case load.ChangeResume:
			if pausing {
				end, pausing = end+at-paused, false
			}
		case load.ChangeDrain, load.ChangeStop:
			if !bounded || pausing || at < end {
				return at, true
			}
		case load.ChangeLevel:
		}
	}
	return end, bounded && !pausing
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
