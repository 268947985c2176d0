package collect

import (
	"fmt"
	"time"

	"onrush.dev/onrush/internal/load"
)

// Window merges one encoded load.Window. The same window (task, attempt, seq)
// counts once, however often it comes. An error means that data is not a
// window of this run; nothing of it was merged and it is not worth a retry.
//
// The bytes are read twice: once into the sums of the task, which checks every
// histogram, then into the sums of its labels, which can no longer fail. So a
// window counts wholly or not at all.
func (c *Collector) Window(data []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return load.Errorf(load.Unavailable, "collector of run %s is closed", c.run.ID)
	}
	m := &c.merging
	*m = merging{sum: c.pool.take()}
	if err := load.VisitWindow(data, c.head, c.first); err != nil || m.refusal != nil {
		c.pool.put(m.sum)
		if m.sender != nil {
			m.sender.refused++
		}
		if err == nil {
			err = m.refusal
		}
		return fmt.Errorf("merge window: %w", err)
	}
	if m.repeated {
		m.sender.repeated++
		c.pool.put(m.sum)
		return nil
	}
	c.enter(m)
	if err := load.VisitWindow(data, c.mergeMetrics, c.second); err != nil {
		return fmt.Errorf("merge window: %w", err) // cannot be: the first reading went well
	}
	c.progress()
	return nil
}

// merging is the window that is being merged.
type merging struct {
	sender   *sender
	window   load.Window
	sum      *cell // of all its entries
	into     *openSecond
	repeated bool
	refusal  error
}

// head takes in all of a window but its entries.
func (c *Collector) head(w *load.Window) bool {
	m := &c.merging
	m.sender = c.senderOf(senderKey{w.Task, w.Attempt})
	if m.sender == nil {
		m.refusal = load.Errorf(load.Invalid, "task %q, attempt %d: the run has no such task", w.Task, w.Attempt)
		return false
	}
	if m.refusal = c.implausible(w); m.refusal != nil {
		return false
	}
	if m.sender.seqs.has(w.Seq) {
		m.repeated = true
		return false
	}
	m.window = *w
	if w.Lag.Count() > 0 {
		m.sum.hist(lag).Merge(w.Lag)
	}
	m.window.Lag = nil // it is the reader's, and gone with the call
	return true
}

// implausible refuses figures that no agent of ours sends, before they can
// grow tables or turn sums around.
func (c *Collector) implausible(w *load.Window) error {
	lowest := min(w.Offered, w.Started, w.Late, w.Sent, w.Clamped, w.Until, int64(w.Users), int64(w.Second))
	if lowest < 0 || w.Seq == 0 {
		return load.Errorf(load.Invalid, "window of task %s: a figure is %d, it must not be negative", w.Task, lowest)
	}
	h := &w.Health
	for _, cores := range [...]float64{h.CPU, h.Wait, h.GC} {
		if !(cores >= 0 && cores <= mostCores) {
			return load.Errorf(load.Invalid, "window of task %s: %v cores in use or waited for", w.Task, cores)
		}
	}
	lowest = min(h.Pause, h.RSS, h.Files, h.Connections, h.LoopLag, h.Dropped, h.NoPort, h.NoFile)
	if lowest < 0 {
		return load.Errorf(load.Invalid, "window of task %s: a figure of its health is %d, it must not be negative", w.Task, lowest)
	}
	// A second cannot be over before the run could have got there.
	if !c.clock.IsZero() && !c.run.Created.IsZero() {
		if most := int(c.clock.Sub(c.run.Created)/time.Second) + 60; w.Second > most {
			return load.Errorf(load.Invalid, "window of task %s: second %d lies in the future", w.Task, w.Second)
		}
	}
	return nil
}

// mostCores bounds what is believed of a task's use of CPU.
const mostCores = 1 << 16

// first sums an entry up for the task.
func (c *Collector) first(e *load.RawEntry) error {
	if low := min(e.Requests, e.Failures, e.BytesIn, e.BytesOut, e.Redirects); low < 0 {
		return load.Errorf(load.Invalid, "label %s: a figure is %d, it must not be negative", e.Label, low)
	}
	for _, s := range e.Statuses {
		if s.Status < 1 || s.Status > 999 || s.N < 0 {
			return load.Errorf(load.Invalid, "label %s: status %d came %d times, allowed are statuses 1 to 999", e.Label, s.Status, s.N)
		}
	}
	return c.merging.sum.mergeEntry(e)
}

// second sums an entry up for its label.
func (c *Collector) second(e *load.RawEntry) error {
	m := &c.merging
	return m.into.cell(&c.pool, c.scopes.entry(m.sender.scope.region, e.Label, e.Dims)).mergeEntry(e)
}

// mergeEntry adds a label's figures straight from a window's bytes.
func (c *cell) mergeEntry(e *load.RawEntry) error {
	c.requests += e.Requests
	c.failures += e.Failures
	c.bytesIn += e.BytesIn
	c.bytesOut += e.BytesOut
	c.redirects += e.Redirects
	for _, s := range e.Statuses {
		c.statuses.add(s.Status, s.N)
	}
	for _, f := range e.Causes {
		if len(c.causes) >= maxCauses {
			f.Cause = load.CauseOther
		}
		c.causes.add(f.Cause, f.N)
	}
	for which, raw := range [...][]byte{
		latency: e.Latency, service: e.Service, firstByte: e.FirstByte, body: e.Body,
		connect: e.Connect, dns: e.DNS, tcp: e.TCP, tls: e.TLS,
	} {
		if raw == nil {
			continue
		}
		if _, err := c.hist(which).MergeBinary(raw); err != nil {
			return err
		}
	}
	return nil
}

// maxCauses bounds the causes that are told apart: there are 15 of our own.
const maxCauses = 64

// enter counts the window for its sender and its second.
func (c *Collector) enter(m *merging) {
	w, s := &m.window, m.sender
	s.seqs.add(w.Seq)
	users, inFlight, newly := s.renew(gauges{w.Second, w.Seq, int64(w.Users), w.InFlight})
	sum := m.sum
	sum.offered, sum.started, sum.late, sum.clamped = w.Offered, w.Started, w.Late, w.Clamped
	sum.users, sum.inFlight = users, inFlight
	sum.vitals.take(&w.Health, newly)
	s.scope.peak.note(&w.Health)
	if newly {
		sum.tasks = 1
	}
	s.received += sum.requests
	s.sent = max(s.sent, w.Sent)
	s.until = max(s.until, w.Until)
	if s.first < 0 || w.Second < s.first {
		s.first = w.Second
	}
	if w.Seq == s.seqs.max() {
		s.last, s.health, s.heard = max(s.last, w.Second), w.Health, c.clock
	}
	if !w.Partial {
		c.covered = max(c.covered, w.Second+1)
	}
	c.front = max(c.front, w.Second)
	m.into = c.openSecond(w.Second)
	m.into.put(&c.pool, s.scope, sum)
}
