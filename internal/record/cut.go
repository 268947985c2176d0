package record

import (
	"slices"

	"onrush.dev/onrush/internal/hist"
	"onrush.dev/onrush/internal/load"
)

// Cut ends a second and returns its window: all samples of that second and of
// earlier ones that were in no window yet. The agent calls it once a second,
// just after the second is over, with second 0, 1, 2…; a second that it leaves
// out is part of the next window. Samples that come in later for a second that
// was cut go into the window after it, so that none is lost and none moves by
// more than it came late.
//
// Engines go on recording while a window is made.
func (r *Recorder) Cut(second int) *load.Window {
	r.cutting.Lock()
	defer r.cutting.Unlock()
	return r.cut(second, false)
}

// Last returns the task's last window, of the second that is not over, with all
// that no window holds yet. The engine must have ended, and the seconds that
// are over should have been cut.
func (r *Recorder) Last() *load.Window {
	r.cutting.Lock()
	defer r.cutting.Unlock()
	return r.cut(0, true)
}

// Recycle hands the memory of the window that was cut last back for the next
// one. The caller must not touch w again. It is optional; other windows are
// left to the garbage collector.
func (r *Recorder) Recycle(w *load.Window) {
	r.cutting.Lock()
	defer r.cutting.Unlock()
	if w == nil || r.window != w {
		return
	}
	sec := r.out
	r.out, r.window = nil, nil
	sec.reset()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spare = append(r.spare, sec)
}

func (r *Recorder) cut(number int, last bool) *load.Window {
	now := r.readGauges()
	r.drain()
	sec := r.detach(number, last)
	r.seq++
	w := &load.Window{
		Task: r.opts.Task, Attempt: r.opts.Attempt, Seq: r.seq,
		Second: sec.number, Partial: last,
		Until: sec.until.Microseconds(),
		Users: now.Users, InFlight: now.InFlight,
		Offered: sec.offered, Started: sec.started, Late: sec.late,
		Lag:     filled(&sec.lag),
		Health:  r.watch.health(&now, sec.started, sec.late),
		Entries: slices.Grow(sec.entries[:0], len(sec.used)),
	}
	w.Clamped = sec.lag.Clamped()
	slices.Sort(sec.used)
	var hists [8]*hist.Hist
	for _, id := range sec.used {
		c := sec.cells[id]
		r.sent += c.requests
		for _, h := range c.histograms(hists[:0]) {
			w.Clamped += h.Clamped()
		}
		w.Entries = append(w.Entries, c.entry(r.labels.key(id)))
	}
	w.Metrics, w.Entries = sec.shownMetrics(), sec.unlabelled(w.Entries)
	w.Sent = r.sent
	sec.entries = w.Entries
	r.out, r.window = sec, w
	return w
}

func (r *Recorder) readGauges() Gauges {
	r.mu.Lock()
	read := r.gauges
	r.mu.Unlock()
	if read == nil {
		return Gauges{}
	}
	return read()
}

// drain brings what the shards hold into their seconds.
func (r *Recorder) drain() {
	r.mu.Lock()
	shards := make([]*Shard, 0, len(r.shards))
	for s := range r.shards {
		shards = append(shards, s)
	}
	r.mu.Unlock()
	for _, s := range shards {
		var counts begun
		r.scratch, counts = s.take(r.scratch[:0])
		r.fold(r.scratch)
		r.addBegun(counts)
	}
}

// detach takes the seconds up to number, or all when it is the last cut, out of
// the recorder as one.
func (r *Recorder) detach(number int, last bool) *second {
	r.mu.Lock()
	defer r.mu.Unlock()
	if last {
		number = r.next
		if n := len(r.pending); n > 0 {
			number = r.pending[n-1].number
		}
	}
	number = max(number, r.next)
	sec := r.second(number)
	over := 0
	for over < len(r.pending) && r.pending[over].number <= number {
		if o := r.pending[over]; o != sec {
			sec.merge(r, o)
		}
		over++
	}
	r.pending = slices.Delete(r.pending, 0, over)
	sec.number, r.next = number, number+1
	return sec
}
