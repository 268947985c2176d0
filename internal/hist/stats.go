package hist

import (
	"math"
	"math/bits"
)

// Count returns how many values were recorded, clamped ones included.
func (h *Hist) Count() int64 {
	if h == nil {
		return 0
	}
	return int64(h.count)
}

// Clamped returns how many of the values lay outside 0 to MaxValue.
func (h *Hist) Clamped() int64 {
	if h == nil {
		return 0
	}
	return int64(h.clamped)
}

// Sum returns the exact sum of the values, clamped ones as they were clamped.
func (h *Hist) Sum() int64 {
	if h == nil {
		return 0
	}
	return int64(h.sum)
}

// Min returns the least value, exactly; 0 when empty.
func (h *Hist) Min() int64 {
	if h == nil || h.count == 0 {
		return 0
	}
	return int64(MaxValue - h.depth)
}

// Max returns the greatest value, exactly; 0 when empty.
func (h *Hist) Max() int64 {
	if h == nil {
		return 0
	}
	return int64(h.max)
}

// Mean returns the exact mean; 0 when empty.
func (h *Hist) Mean() float64 {
	if h == nil || h.count == 0 {
		return 0
	}
	return float64(h.sum) / float64(h.count)
}

// StdDev returns the standard deviation of the values themselves (not an
// estimate for a larger population); 0 when empty.
//
// The plain formula, mean of squares minus square of the mean, loses all its
// digits when the deviation is small beside the mean. So the squares are first
// moved, in whole numbers, to deviations from m, the mean rounded down:
// Σ(v-m)² = Σv² - 2mΣv + nm². What is left over is below 1.
func (h *Hist) StdDev() float64 {
	if h == nil || h.count == 0 {
		return 0
	}
	m := h.sum / h.count
	dev := h.sq
	hi, lo := bits.Mul64(m, h.sum)
	dev.sub(hi, lo)
	dev.sub(hi, lo)
	hi, lo = bits.Mul64(m*h.count, m)
	dev.add(hi, lo)
	rest := float64(h.sum-m*h.count) / float64(h.count)
	return math.Sqrt(max(0, dev.float()/float64(h.count)-rest*rest))
}
