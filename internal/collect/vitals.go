package collect

import (
	"encoding/binary"
	"math"

	"onrush.dev/onrush/internal/load"
)

// vitals are how generators fared in a second: sums over tasks. Over a whole run
// they are sums over seconds too, of which some mean nothing (rss, files,
// connections).
type vitals struct {
	seconds        int64 // task-seconds that the rest is of
	cpu, wait, gc  int64 // 1/1,000,000 of a core
	pause          int64 // µs
	rss            int64 // bytes
	files, conns   int64
	loopLag        int64 // µs, the longest
	dropped        int64
	noPort, noFile int64
	limits         tally[load.Limit] // task-seconds in which the generator was the limit
}

// take takes a window's health into a sum that has none yet. A task's second
// word on a second (first is false) adds what was counted, not another second.
func (v *vitals) take(h *load.Health, first bool) {
	v.pause, v.loopLag, v.dropped, v.noPort, v.noFile = h.Pause, h.LoopLag, h.Dropped, h.NoPort, h.NoFile
	if !first {
		return
	}
	v.seconds = 1
	v.cpu, v.wait, v.gc = micro(h.CPU), micro(h.Wait), micro(h.GC)
	v.rss, v.files, v.conns = h.RSS, h.Files, h.Connections
	if l := h.Limit(); l != "" {
		v.limits.add(l, 1)
	}
}

func micro(cores float64) int64 { return int64(math.Round(cores * 1e6)) }
func cores(micro int64) float64 { return float64(micro) / 1e6 }

func (v *vitals) merge(o *vitals) {
	if o.none() {
		return // of a label
	}
	longest := max(v.loopLag, o.loopLag)
	from := o.numbers()
	for i, n := range v.numbers() {
		*n += *from[i]
	}
	v.loopLag = longest
	for _, e := range o.limits {
		v.limits.add(e.key, e.n)
	}
}

func (v *vitals) numbers() [12]*int64 {
	return [...]*int64{
		&v.seconds, &v.cpu, &v.wait, &v.gc, &v.pause, &v.rss, &v.files, &v.conns,
		&v.loopLag, &v.dropped, &v.noPort, &v.noFile,
	}
}

// none says that there is nothing in it, as in every cell of a label.
func (v *vitals) none() bool {
	return v.seconds|v.pause|v.loopLag|v.dropped|v.noPort|v.noFile == 0 && len(v.limits) == 0
}

// limited is the number of task-seconds in which the generator was the limit,
// and the reason in most of them.
func (v *vitals) limited() (n int64, by load.Limit) {
	most := int64(0)
	for _, l := range load.Limits() { // in order, so that of two alike the first counts
		for _, e := range v.limits {
			if e.key != l {
				continue
			}
			n += e.n
			if e.n > most {
				most, by = e.n, l
			}
		}
	}
	return n, by
}

func (v *vitals) limitedBy() map[string]int64 {
	if len(v.limits) == 0 {
		return nil
	}
	m := make(map[string]int64, len(v.limits))
	for _, e := range v.limits {
		m[string(e.key)] = e.n
	}
	return m
}

// appendTo writes a byte that says whether there is anything, the numbers, and
// the limits by their place in load.Limits.
func (v *vitals) appendTo(dst []byte) []byte {
	if v.none() {
		return append(dst, 0)
	}
	dst = append(dst, 1)
	for _, n := range v.numbers() {
		dst = binary.AppendVarint(dst, *n)
	}
	for _, l := range load.Limits() {
		n := int64(0)
		for _, e := range v.limits {
			if e.key == l {
				n = e.n
			}
		}
		dst = binary.AppendVarint(dst, n)
	}
	return dst
}

// read adds what appendTo wrote.
func (v *vitals) read(r *reader) {
	if r.uvarint() == 0 {
		return
	}
	var o vitals
	for _, n := range o.numbers() {
		*n = r.varint()
	}
	for _, l := range load.Limits() {
		if n := r.varint(); n != 0 {
			o.limits.add(l, n)
		}
	}
	v.merge(&o)
}

// peak keeps a task's worst second.
type peak struct {
	cpu, wait, gc                     float64
	pause, rss, files, conns, loopLag int64
}

func (p *peak) note(h *load.Health) {
	p.cpu, p.wait, p.gc = max(p.cpu, h.CPU), max(p.wait, h.Wait), max(p.gc, h.GC)
	p.pause, p.rss, p.files = max(p.pause, h.Pause), max(p.rss, h.RSS), max(p.files, h.Files)
	p.conns, p.loopLag = max(p.conns, h.Connections), max(p.loopLag, h.LoopLag)
}

// taskHealth is a task's part of the report.
func taskHealth(s *scope) *load.TaskHealth {
	v, p := &s.total.vitals, &s.peak
	if v.seconds == 0 {
		return nil
	}
	mean := func(sum int64) float64 { return cores(sum) / float64(v.seconds) }
	return &load.TaskHealth{
		Seconds: v.seconds, CPUMean: mean(v.cpu), CPUMax: p.cpu, WaitMean: mean(v.wait), WaitMax: p.wait,
		GCMax: p.gc, PauseMaxMS: ms(p.pause), RSSMax: p.rss, FilesMax: p.files, ConnsMax: p.conns,
		LoopLagMax: ms(p.loopLag), Dropped: v.dropped, NoPort: v.noPort, NoFile: v.noFile, LimitedBy: v.limitedBy(),
	}
}

// generator sums the run's generators up.
func (c *Collector) generator() load.Generator {
	v := &c.scopes.run.total.vitals
	n, _ := v.limited()
	return load.Generator{TaskSeconds: v.seconds, Limited: n, LimitedBy: v.limitedBy()}
}
