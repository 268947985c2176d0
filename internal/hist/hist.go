// Package hist is the latency histogram of the product: log-linear, exact to
// 0.4 %, mergeable without loss in any order, and cheap enough to be kept per
// label, task and second. It knows microseconds and bytes, nothing of requests
// or windows, and imports only the standard library.
//
// Read hist.go first (buckets, recording, merging), then stats.go and quantile.go
// (what the figures mean) and binary.go (the bytes that travel).
package hist

import "math/bits"

// Values up to 255 have a bucket each. Above, every power of two is cut into
// 128 buckets of equal width, so that a bucket is at most 1/128 of its value
// wide and its middle at most 1/256 (0.39 %) away from any value in it:
//
//	value   0 … 255 | 256 … 511 | 512 … 1023 | … | 2^35 … 2^36-1
//	width      1    |     2     |     4      | … |     2^28
//	page      0, 1  |     2     |     3      | … |      29
const (
	subBits = 7
	perPage = 1 << subBits
	pages   = 30

	// MaxValue is the largest value that has a bucket: 19 hours in µs.
	MaxValue = 1<<36 - 1
)

// page holds the lower 32 bits of its buckets' counts, since nearly all
// histograms are of a second, and there are very many; see Hist.over.
type page [perPage]uint32

// Hist is a histogram of int64 microseconds. Its zero value is empty and ready
// to use; a nil *Hist reads as empty. It is not safe for concurrent use.
//
// Beside the buckets it keeps count, sum, sum of squares, least and greatest
// value in whole numbers, so that merging is exact: any order of merging gives
// the same histogram as recording everything into one.
type Hist struct {
	pages   [pages]*page    // nil until a value falls into it: an idle histogram is small
	over    map[uint]uint64 // by bucket, what its count is beyond 32 bits; nearly always nil
	count   uint64
	clamped uint64
	sum     uint64 // overflows after 580,000 years of summed latency
	sq      uint128
	max     uint64
	depth   uint64 // MaxValue minus the least value, so that 0 is right for empty
}

// New returns an empty histogram.
func New() *Hist { return new(Hist) }

// index returns the bucket of v, which is at most MaxValue.
func index(v uint64) uint {
	shift := uint(bits.Len64(v|perPage)) - subBits - 1
	return shift<<subBits + uint(v>>shift)
}

// middle returns the value that stands for all values in bucket i.
func middle(i uint) uint64 {
	if i < 2*perPage {
		return uint64(i)
	}
	shift := i>>subBits - 1
	return uint64(i-shift<<subBits)<<shift + 1<<(shift-1)
}

// Record counts one value. A value below 0 or above MaxValue is taken as the
// nearest that is not, and counted in Clamped.
func (h *Hist) Record(us int64) {
	v := uint64(us)
	if v > MaxValue {
		v = h.clamp(us, 1)
	}
	i := index(v)
	p := h.pages[i>>subBits]
	if p == nil {
		p = h.grow(i >> subBits)
	}
	n := p[i%perPage] + 1
	p[i%perPage] = n
	if n == 0 {
		h.carry(i, 1)
	}
	h.count++
	h.sum += v
	// From here on branches that are nearly always foreseen take the place of
	// writes, which are what this function costs.
	if v < 1<<32 {
		lo := h.sq.lo + v*v
		if lo < v*v {
			h.sq.hi++
		}
		h.sq.lo = lo
	} else {
		h.sq.add(bits.Mul64(v, v))
	}
	if v > h.max {
		h.max = v
	}
	if MaxValue-v > h.depth {
		h.depth = MaxValue - v
	}
}

// RecordN counts the same value n times; n below 1 does nothing.
func (h *Hist) RecordN(us, n int64) {
	if n < 1 {
		return
	}
	v, times := uint64(us), uint64(n)
	if v > MaxValue {
		v = h.clamp(us, times)
	}
	h.add(index(v), times)
	h.count += times
	h.sum += v * times
	hi, lo := bits.Mul64(v, v)
	h.sq.addTimes(hi, lo, times)
	h.max = max(h.max, v)
	h.depth = max(h.depth, MaxValue-v)
}

func (h *Hist) clamp(us int64, n uint64) uint64 {
	h.clamped += n
	if us < 0 {
		return 0
	}
	return MaxValue
}

// add adds n to bucket i, and nothing to the sums.
func (h *Hist) add(i uint, n uint64) {
	p := h.pages[i>>subBits]
	if p == nil {
		p = h.grow(i >> subBits)
	}
	n += uint64(p[i%perPage])
	p[i%perPage] = uint32(n)
	if n>>32 != 0 {
		h.carry(i, n>>32)
	}
}

// carry adds n times 2^32 to bucket i.
//
//go:noinline
func (h *Hist) carry(i uint, n uint64) {
	if h.over == nil {
		h.over = map[uint]uint64{}
	}
	h.over[i] += n << 32
}

// whole returns the count of bucket i, of which low are the lower 32 bits.
func (h *Hist) whole(i uint, low uint32) uint64 {
	if h.over == nil {
		return uint64(low)
	}
	return h.over[i] + uint64(low)
}

// grow is kept out of Record so that the rare way does not slow the usual one.
//
//go:noinline
func (h *Hist) grow(i uint) *page {
	h.pages[i] = new(page)
	return h.pages[i]
}

// Merge adds all that o has counted; o is not changed and may be nil.
func (h *Hist) Merge(o *Hist) {
	if o == nil || o.count == 0 {
		return
	}
	for i, from := range o.pages {
		if from == nil {
			continue
		}
		to := h.pages[i]
		if to == nil {
			to = h.grow(uint(i))
		}
		for j, n := range from {
			sum := to[j] + n
			to[j] = sum
			if sum < n {
				h.carry(uint(i)<<subBits|uint(j), 1)
			}
		}
	}
	for i, n := range o.over {
		h.carry(i, n>>32)
	}
	h.count += o.count
	h.clamped += o.clamped
	h.sum += o.sum
	h.sq.add(o.sq.hi, o.sq.lo)
	h.max = max(h.max, o.max)
	h.depth = max(h.depth, o.depth)
}

// Reset empties h and keeps the memory that it used since the last Reset for
// the next use. Memory that it did not use goes, so that one odd second does
// not stay with a histogram for ever.
func (h *Hist) Reset() {
	kept := h.pages
	for i, p := range kept {
		if p == nil {
			continue
		}
		if *p == (page{}) {
			kept[i] = nil
			continue
		}
		*p = page{}
	}
	*h = Hist{pages: kept}
}
