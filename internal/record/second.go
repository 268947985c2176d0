package record

import (
	"slices"
	"time"

	"onrush.dev/onrush/internal/hist"
	"onrush.dev/onrush/internal/load"
)

// farAhead bounds how many seconds after the last cut are kept apart, and with
// it the memory, when an engine's clock or the agent's ticker goes astray.
// Samples beyond it are counted in the last of these seconds.
const farAhead = 120

// second holds all that happened in one second, by label.
type second struct {
	number  int
	cells   []*cell      // by label number; nil: no sample yet
	used    []int        // the label numbers that have samples
	entries []load.Entry // memory for the window that shows it
	lag     hist.Hist
	until   time.Duration
	offered int64
	started int64
	late    int64
	metrics []load.Metric // by number
	in, out int64         // bytes that belong to no label
}

// fold moves samples into their seconds.
func (r *Recorder) fold(samples []Sample) {
	if len(samples) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	sec := r.second(secondOf(samples[0].End))
	for i := range samples {
		s := &samples[i]
		if n := r.place(secondOf(s.End)); n != sec.number {
			sec = r.second(n)
		}
		sec.add(r, s)
	}
}

func (r *Recorder) addBegun(b begun) {
	if b.started == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	sec := r.second(b.second)
	sec.started += b.started
	sec.late += b.late
}

func (r *Recorder) meet(s *Shard) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shards[s] = struct{}{}
}

func (r *Recorder) forget(s *Shard) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.shards, s)
}

// place returns the second that counts for n: one that is over and cut is
// replaced by the next that is not. Called with r.mu held, as second is.
func (r *Recorder) place(n int) int {
	return min(max(n, r.next), r.next+farAhead)
}

// second returns the pending second that counts for n.
func (r *Recorder) second(n int) *second {
	n = r.place(n)
	at := len(r.pending)
	for at > 0 && r.pending[at-1].number >= n {
		at--
		if r.pending[at].number == n {
			return r.pending[at]
		}
	}
	sec := new(second)
	if last := len(r.spare) - 1; last >= 0 {
		sec, r.spare = r.spare[last], r.spare[:last]
	}
	sec.number = n
	r.pending = slices.Insert(r.pending, at, sec)
	return sec
}

func (sec *second) add(r *Recorder, s *Sample) {
	id := s.Label
	if uint(id) >= uint(len(sec.cells)) || sec.cells[id] == nil {
		id = sec.open(r, id)
	}
	c := sec.cells[id]
	if !c.listed {
		sec.list(id)
	}
	c.add(s)
	if s.Lag >= 0 {
		sec.lag.Record(micros(s.Lag))
	}
	sec.until = max(sec.until, s.End)
}

// open makes the cell of a label and returns the label that counts.
func (sec *second) open(r *Recorder, id int) int {
	id = r.labels.known(id)
	if id >= len(sec.cells) {
		sec.cells = append(sec.cells, make([]*cell, id+1-len(sec.cells))...)
	}
	if sec.cells[id] == nil {
		sec.cells[id] = new(cell)
	}
	return id
}

// list has the label's cell be part of the window.
func (sec *second) list(id int) {
	sec.cells[id].listed = true
	sec.used = append(sec.used, id)
}

// merge moves all of o into sec.
func (sec *second) merge(r *Recorder, o *second) {
	for _, id := range o.used {
		if uint(id) >= uint(len(sec.cells)) || sec.cells[id] == nil {
			sec.open(r, id)
		}
		if !sec.cells[id].listed {
			sec.list(id)
		}
		sec.cells[id].merge(o.cells[id])
	}
	sec.lag.Merge(&o.lag)
	sec.mergeMetrics(r, o)
	sec.until = max(sec.until, o.until)
	sec.offered += o.offered
	sec.started += o.started
	sec.late += o.late
}

// reset empties sec and keeps its memory.
func (sec *second) reset() {
	for _, id := range sec.used {
		sec.cells[id].reset()
	}
	sec.lag.Reset()
	sec.resetMetrics()
	clear(sec.entries)
	*sec = second{cells: sec.cells, used: sec.used[:0], lag: sec.lag, metrics: sec.metrics, entries: sec.entries[:0]}
}
