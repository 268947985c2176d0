package collect

import "slices"

// seqSet is the set of sequence numbers 1, 2, 3… that came from one sender. It
// is small as long as the numbers come about in order: it keeps ranges.
type seqSet struct {
	ranges []seqRange // sorted, neither touching nor overlapping
}

type seqRange struct{ first, last uint64 }

// add puts seq into the set and tells whether it was new.
func (s *seqSet) add(seq uint64) bool {
	if n := len(s.ranges); n > 0 && s.ranges[n-1].last+1 == seq { // the usual case
		s.ranges[n-1].last = seq
		return true
	}
	// i is the first range that ends at seq or later.
	i, _ := slices.BinarySearchFunc(s.ranges, seq, func(r seqRange, seq uint64) int {
		if r.last < seq {
			return -1
		}
		return 1
	})
	if i < len(s.ranges) && s.ranges[i].first <= seq {
		return false
	}
	left := i > 0 && s.ranges[i-1].last+1 == seq
	right := i < len(s.ranges) && s.ranges[i].first == seq+1
	switch {
	case left && right:
		s.ranges[i-1].last = s.ranges[i].last
		s.ranges = slices.Delete(s.ranges, i, i+1)
	case left:
		s.ranges[i-1].last = seq
	case right:
		s.ranges[i].first = seq
	default:
		s.ranges = slices.Insert(s.ranges, i, seqRange{seq, seq})
	}
	return true
}

// len returns how many numbers the set holds.
func (s *seqSet) len() uint64 {
	var n uint64
	for _, r := range s.ranges {
		n += r.last - r.first + 1
	}
	return n
}

// max returns the greatest number, 0 when empty.
func (s *seqSet) max() uint64 {
	if len(s.ranges) == 0 {
		return 0
	}
	return s.ranges[len(s.ranges)-1].last
}

// has tells whether seq is in the set.
func (s *seqSet) has(seq uint64) bool {
	for i := len(s.ranges) - 1; i >= 0; i-- { // mostly one range, and mostly at its end
		if r := s.ranges[i]; seq > r.last {
			return false
		} else if seq >= r.first {
			return true
		}
	}
	return false
}
