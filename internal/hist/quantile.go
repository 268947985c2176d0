package hist

import "math"

// Quantile returns the value below which or at which the share q of all values
// lies, by nearest rank: of n sorted values the one at place ⌈q·n⌉, counted
// from 1. No value is invented between two others. The answer is the middle of
// that value's bucket, so at most 0.4 % off; it is never below Min nor above
// Max, and the first and the last place are exact. 0 when empty.
func (h *Hist) Quantile(q float64) int64 {
	var one [1]int64
	h.Quantiles(one[:], q)
	return one[0]
}

// Quantiles sets dst[i] to Quantile(qs[i]) in one walk over the buckets. The qs
// must ascend, and dst be as long as qs.
func (h *Hist) Quantiles(dst []int64, qs ...float64) {
	dst = dst[:len(qs)]
	if h == nil || h.count == 0 || len(qs) == 0 {
		clear(dst)
		return
	}
	next, seen, place := 0, uint64(0), rank(qs[0], h.count)
	for i, p := range h.pages {
		if p == nil {
			continue
		}
		for j, low := range p {
			seen += h.whole(uint(i)<<subBits|uint(j), low)
			for seen >= place {
				dst[next] = h.at(uint(i)<<subBits|uint(j), place)
				if next++; next == len(qs) {
					return
				}
				place = rank(qs[next], h.count)
			}
		}
	}
}

// at returns the value at a place among the sorted ones, which lies in bucket i.
func (h *Hist) at(i uint, place uint64) int64 {
	switch place {
	case 1:
		return h.Min()
	case h.count:
		return h.Max()
	}
	return int64(min(max(middle(i), MaxValue-h.depth), h.max))
}

// rank returns ⌈q·n⌉, at least 1 and at most n. The product of a decimal
// fraction and a count may lie a hair above the whole number it should be
// (0.07·100), hence the small step down before rounding up.
func rank(q float64, n uint64) uint64 {
	place := math.Ceil(q * float64(n) * (1 - 1e-15))
	switch {
	case !(place > 1): // also NaN
		return 1
	case place >= float64(n):
		return n
	}
	return uint64(place)
}
