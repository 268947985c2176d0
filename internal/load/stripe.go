package load

import (
	"math"
	"math/bits"
)

// The stripe deals an endless sequence of units out to tasks. A task of weight w
// would like its j-th unit at the virtual instant (j+1/2)/w; the units go round
// in the order of these instants, ties by group and index. With weights 2 and 1
// that is
//
//	task A   x   x       x   x       x   x
//	task B     x           x           x
//	unit     0 1 2 3 ...
//
// Every unit has one owner, so that the shares of any number of units add up to
// it. The order is worked out in closed form with whole numbers: no table, no
// rounding, the same on every machine.

// never is a unit that does not come.
const never = math.MaxInt64

// At is the number, in the whole run, of this task's j-th unit (both from 0).
// A share without groups is that of the only task. A task of weight 0 has no
// units: At is the largest int64.
func (s Share) At(j int64) int64 {
	switch {
	case len(s.Groups) == 0 || j < 0:
		return j
	case s.Group < 0 || s.Group >= len(s.Groups) || s.Groups[s.Group].Weight == 0:
		return never
	case len(s.Groups) == 1:
		return addUnits(mulUnits(uint64(j), uint64(s.Groups[0].Tasks)), uint64(s.Index))
	}
	w := s.Groups[s.Group].Weight
	odd := 2*uint64(j) + 1 // the instant is odd/(2w)
	before := int64(s.Index)
	for g, group := range s.Groups {
		if group.Weight == 0 || group.Tasks <= 0 {
			continue
		}
		// Units of each task of the group whose instant is earlier; of groups
		// before ours those at the same instant too.
		n := oddsBelow(odd, group.Weight, w, g < s.Group)
		before = addUnits(before, uint64(mulUnits(n, uint64(group.Tasks))))
	}
	return before
}

// oddsBelow counts the odd numbers m with m*w < odd*weight, or <= when equal is
// set.
func oddsBelow(odd, weight, w uint64, equal bool) uint64 {
	high, low := bits.Mul64(odd, weight)
	if !equal { // odd*weight is at least 1
		var borrow uint64
		low, borrow = bits.Sub64(low, 1, 0)
		high -= borrow
	}
	if high >= w {
		return never
	}
	largest, _ := bits.Div64(high, low, w)
	return largest/2 + largest%2
}

// Count is how many of the first n units are this task's.
func (s Share) Count(n int64) int64 {
	if n <= 0 {
		return 0
	}
	if len(s.Groups) == 0 {
		return n
	}
	low, high := s.bounds(n)
	for low < high { // the first j whose unit is not among them
		middle := low + (high-low)/2
		if s.At(middle) >= n {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low
}

// bounds holds the count between the task's part of n by weight, less and more
// the units that a stripe can be ahead or behind: at most one for each task.
func (s Share) bounds(n int64) (low, high int64) {
	if s.Group < 0 || s.Group >= len(s.Groups) || s.Groups[s.Group].Weight == 0 {
		return 0, 0
	}
	part := float64(s.Groups[s.Group].Weight) / s.TotalWeight()
	tasks := 0
	for _, g := range s.Groups {
		tasks += max(0, g.Tasks)
	}
	middle := float64(n) * part
	slack := float64(tasks)*part + 2 + middle*1e-12
	low = int64(max(0, middle-slack))
	high = int64(min(float64(n), middle+slack))
	if high < low || s.At(high) < n { // not within what floating point can say
		high = n
	}
	if low > 0 && s.At(low-1) >= n {
		low = 0
	}
	return low, high
}

// TotalWeight is the weight of all tasks together.
func (s Share) TotalWeight() float64 {
	sum := 0.0
	for _, g := range s.Groups {
		sum += float64(g.Weight) * float64(max(0, g.Tasks))
	}
	return sum
}

// addUnits and mulUnits stay at never instead of overflowing.
func addUnits(a int64, b uint64) int64 {
	if b > uint64(never-a) {
		return never
	}
	return a + int64(b)
}

func mulUnits(a, b uint64) int64 {
	high, low := bits.Mul64(a, b)
	if high > 0 || low > never {
		return never
	}
	return int64(low)
}
