package collect

import (
	"time"

	"onrush.dev/onrush/internal/load"
)

// live is the picture of the run as it is shown while it runs.
type live struct {
	snapshot load.Snapshot
	at       time.Time // clock when it was made
	made     int       // snapshots made at this time of the clock
	stale    bool      // there is more to show at the next Tick
	readers  map[chan load.Snapshot]bool
}

// mostMade bounds the snapshots between two Ticks: a replay cuts thousands of
// seconds at once, and nobody can look at each of them.
const mostMade = 8

// refresh publishes at once, or at the next Tick when that was done often
// enough since the last one.
func (c *Collector) refresh() {
	if c.live.made >= mostMade && c.live.at.Equal(c.clock) {
		c.live.stale = true
		return
	}
	c.publish()
}

// Snapshot returns the live picture as of the last finished second. Callers
// share what it points to and may only read it.
func (c *Collector) Snapshot() load.Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.live.snapshot
}

// Subscribe hands out snapshots as they come about, the present one first. A
// reader that is slow misses some, never the latest. The channel is closed by
// the returned function, which may be called again, and by Close.
func (c *Collector) Subscribe() (<-chan load.Snapshot, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	reader := make(chan load.Snapshot, 1)
	reader <- c.live.snapshot
	if c.closed {
		close(reader)
		return reader, func() {}
	}
	c.live.readers[reader] = true
	return reader, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.live.readers[reader] {
			delete(c.live.readers, reader)
			close(reader)
		}
	}
}

// end closes all readers.
func (l *live) end() {
	for reader := range l.readers {
		close(reader)
	}
	clear(l.readers)
}

// hand gives the snapshot to all readers; one that has not taken the last one
// gets this in its place.
func (l *live) hand() {
	for reader := range l.readers {
		select {
		case <-reader:
		default:
		}
		reader <- l.snapshot // never blocks: only hand writes, and there is room
	}
}

// publish makes a new snapshot and hands it out.
func (c *Collector) publish() {
	seconds := float64(c.finished + 1)
	s := load.Snapshot{
		Run: c.run.ID, Status: c.status, Second: c.finished, At: c.clock,
		Tasks:   make(map[string]load.TaskLive, len(c.scopes.tasks)),
		Last:    c.lastPoint(c.scopes.run),
		Total:   figures(&c.scopes.run.total, seconds),
		Regions: make(map[string]load.Figures, len(c.scopes.regions)), RegionLast: map[string]load.SeriesPoint{},
		Labels:    make(map[string]load.Figures, len(c.scopes.labels)),
		Generator: c.generator(), Criteria: append(c.criteriaLive(), c.judgeThresholds(seconds)...),
		Metrics: c.metricFigures(seconds), Notes: c.notes(), Provisioning: c.starts(),
	}
	for name, region := range c.scopes.regions {
		s.Regions[name] = figures(&region.total, seconds)
		s.RegionLast[name] = c.lastPoint(region)
	}
	for name, label := range c.scopes.labels {
		s.Labels[name] = figures(&label.total, seconds)
	}
	for name, sender := range c.latest() {
		s.Tasks[name] = c.taskLive(sender)
	}
	if !c.live.at.Equal(c.clock) {
		c.live.made = 0
	}
	c.live.snapshot, c.live.at, c.live.stale = s, c.clock, false
	c.live.made++
	c.live.hand()
}

// lastPoint is the scope's point of the last finished second: empty when it
// had nothing in it.
func (c *Collector) lastPoint(s *scope) load.SeriesPoint {
	if s.last.Second == c.finished {
		return s.last
	}
	return load.SeriesPoint{Second: c.finished}
}

// taskLive shows the attempt of a task that is the latest. Requests and
// failures are the task's, over all attempts.
func (c *Collector) taskLive(s *sender) load.TaskLive {
	last := c.lastPoint(s.scope)
	t := load.TaskLive{
		Region: s.scope.region, Status: s.task.Status,
		Users: last.Users, Rate: float64(last.Requests), P95: last.P95,
		Requests: s.scope.total.requests, Failures: s.scope.total.failures,
		CPU: s.health.CPU, CPUWait: s.health.Wait, RSS: s.health.RSS, LoopLag: ms(s.health.LoopLag),
		Conns: s.health.Connections, Limited: s.health.Limited,
	}
	t.LimitedSeconds, _ = s.scope.total.vitals.limited()
	if t.Status == "" && s.first >= 0 {
		t.Status = load.TaskRunning
	}
	if s.first >= 0 && !s.gone {
		t.Behind = max(0, int(c.clock.Sub(s.heard)/time.Second))
	}
	return t
}
