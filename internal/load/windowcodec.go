package load

import (
	"cmp"
	"encoding/binary"
	"hash/crc32"
	"math"
	"slices"
	"sync"

	"onrush.dev/onrush/internal/hist"
)

// The bytes of a window, version 2. Counts and lengths are unsigned varints,
// figures signed ones (an engine's gauge may be negative for a moment, and must
// not make its window unreadable).
//
//	version   one byte, 2
//	strings   count, then length and bytes of each; what follows names them by
//	          place. Labels, dimensions, causes and the head's words stand here,
//	          so that a label with many dimensions is written once.
//	head      task attempt seq second flags until users offered started late
//	          inflight sent clamped, health, lag (histogram)
//	health    pause rss files connections looplag dropped noport nofile limited;
//	          cpu wait gc as 8 bytes each
//	metrics   count, then for each: name kind unit count good; sum, least,
//	          greatest and last as 8 bytes each; histogram
//	entries   count, then for each: label dims requests failures in out
//	          redirects, statuses (count, then status and number), causes
//	          (count, then string and number), a number whose bits say which
//	          histograms are there, these histograms
//	checksum  CRC-32C of all before it, 4 bytes, lowest first
//
// A histogram is a length and the bytes of package hist, so that a reader can
// step over it or merge it without making one.
const (
	windowVersion = 2
	checksumSize  = 4
	flagPartial   = 1
)

func windowChecksum(b []byte) uint32 {
	return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))
}

// histograms returns where an entry keeps its histograms, in their order in the
// bytes: the usual ones first, so that the number that says which are there is
// small.
func (e *Entry) histograms() [histCount]**hist.Hist {
	return [...]**hist.Hist{&e.Latency, &e.Service, &e.FirstByte, &e.Body, &e.Connect, &e.DNS, &e.TCP, &e.TLS}
}

const histCount = 8

// numbers and shares list the figures in their order in the bytes.
func (h *Health) numbers() [8]*int64 {
	return [...]*int64{&h.Pause, &h.RSS, &h.Files, &h.Connections, &h.LoopLag, &h.Dropped, &h.NoPort, &h.NoFile}
}

func (h *Health) shares() [3]*float64 { return [...]*float64{&h.CPU, &h.Wait, &h.GC} }

// AppendWindow appends the window's bytes to dst. Equal windows have equal
// bytes.
func AppendWindow(dst []byte, w *Window) []byte {
	start := len(dst)
	e := encoders.Get().(*windowEncoder)
	e.b = append(dst, windowVersion)
	e.strings(w)
	e.head(w)
	e.metrics(w)
	e.uint(uint64(len(w.Entries)))
	for i := range w.Entries {
		e.entry(&w.Entries[i])
	}
	data := binary.LittleEndian.AppendUint32(e.b, windowChecksum(e.b[start:]))
	e.b = nil
	clear(e.places)
	clear(e.table) // names of labels are not to be kept alive
	e.table = e.table[:0]
	encoders.Put(e)
	return data
}

// encoders spares a window a second much garbage; it holds memory, no state.
var encoders = sync.Pool{New: func() any { return &windowEncoder{places: map[string]uint64{}} }}

type windowEncoder struct {
	b      []byte
	places map[string]uint64 // of strings in the table
	table  []string
	hist   []byte // scratch
	counts []labelCount
	causes []Cause
}

// labelCount is a status or the place of a cause, with its number.
type labelCount struct{ key, n int64 }

func (e *windowEncoder) uint(n uint64)   { e.b = binary.AppendUvarint(e.b, n) }
func (e *windowEncoder) int(n int64)     { e.b = binary.AppendVarint(e.b, n) }
func (e *windowEncoder) string(s string) { e.uint(e.places[s]) }

// strings collects and writes the table.
func (e *windowEncoder) strings(w *Window) {
	e.enter(w.Task)
	e.enter(w.Health.Limited)
	e.enterMetrics(w)
	for i := range w.Entries {
		e.enter(w.Entries[i].Label)
		e.enter(w.Entries[i].Dims)
		e.causes = e.causes[:0]
		for cause := range w.Entries[i].Causes {
			e.causes = append(e.causes, cause)
		}
		slices.Sort(e.causes)
		for _, cause := range e.causes {
			e.enter(string(cause))
		}
	}
	e.uint(uint64(len(e.table)))
	for _, s := range e.table {
		e.uint(uint64(len(s)))
		e.b = append(e.b, s...)
	}
}

func (e *windowEncoder) enter(s string) {
	if _, ok := e.places[s]; !ok {
		e.places[s] = uint64(len(e.table))
		e.table = append(e.table, s)
	}
}

func (e *windowEncoder) head(w *Window) {
	flags := int64(0)
	if w.Partial {
		flags |= flagPartial
	}
	e.string(w.Task)
	e.int(int64(w.Attempt))
	e.uint(w.Seq)
	for _, n := range [...]int64{
		int64(w.Second), flags, w.Until, int64(w.Users), w.Offered, w.Started,
		w.Late, w.InFlight, w.Sent, w.Clamped,
	} {
		e.int(n)
	}
	for _, n := range w.Health.numbers() {
		e.int(*n)
	}
	e.string(w.Health.Limited)
	for _, share := range w.Health.shares() {
		e.b = binary.LittleEndian.AppendUint64(e.b, math.Float64bits(*share))
	}
	e.histogram(w.Lag)
}

func (e *windowEncoder) entry(en *Entry) {
	e.string(en.Label)
	e.string(en.Dims)
	for _, n := range [...]int64{en.Requests, en.Failures, en.BytesIn, en.BytesOut, en.Redirects} {
		e.int(n)
	}
	e.counts = e.counts[:0]
	for status, n := range en.Statuses {
		e.counts = append(e.counts, labelCount{int64(status), n})
	}
	e.sortedCounts()
	e.counts = e.counts[:0]
	for cause, n := range en.Causes {
		e.counts = append(e.counts, labelCount{int64(e.places[string(cause)]), n})
	}
	e.sortedCounts()
	mask := uint64(0)
	for i, h := range en.histograms() {
		if (*h).Count() > 0 {
			mask |= 1 << i
		}
	}
	e.uint(mask)
	for i, h := range en.histograms() {
		if mask&(1<<i) != 0 {
			e.histogram(*h)
		}
	}
}

func (e *windowEncoder) sortedCounts() {
	slices.SortFunc(e.counts, func(a, b labelCount) int { return cmp.Compare(a.key, b.key) })
	e.uint(uint64(len(e.counts)))
	for _, c := range e.counts {
		e.int(c.key)
		e.int(c.n)
	}
}

func (e *windowEncoder) histogram(h *hist.Hist) {
	e.hist = h.AppendBinary(e.hist[:0])
	e.uint(uint64(len(e.hist)))
	e.b = append(e.b, e.hist...)
}
