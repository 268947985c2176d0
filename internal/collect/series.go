package collect

import "onrush.dev/onrush/internal/load"

// Series answers a query from what is collected so far. Seconds count from
// From up to, not including, To. A late window shows within a second.
func (c *Collector) Series(q load.SeriesQuery) (load.Series, error) {
	c.mu.Lock()
	scopes, err := c.scopes.find(q)
	end, closed := c.finished+1, c.closed
	c.mu.Unlock()
	if closed {
		return load.Series{}, load.Errorf(load.Unavailable, "series: the collector is closed")
	}
	if err != nil {
		return load.Series{}, err
	}
	from, to, step := span(q, end)
	view := c.spool.view(from, to)
	steps := newStepper(from, to, step)
	err = view.read(ids(scopes), func(r *record) error {
		if step == 1 {
			counters, f, _, err := r.split()
			if err == nil {
				steps.put(f.point(r.second, 1, counters))
			}
			return err
		}
		sum, err := r.cell()
		if err == nil {
			steps.add(r.second, sum)
		}
		return err
	})
	if err != nil {
		return load.Series{}, err
	}
	return steps.finish(), nil
}
