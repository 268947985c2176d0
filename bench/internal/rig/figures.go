package rig

import (
	"slices"
	"time"
)

// Spread is a sorted list of measurements.
type Spread []time.Duration

// Add keeps the list sorted.
func (s *Spread) Add(d time.Duration) {
	at, _ := slices.BinarySearch(*s, d)
	*s = slices.Insert(*s, at, d)
}

// At is the measurement below which the part q of all lies.
func (s Spread) At(q float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	return s[min(int(q*float64(len(s))), len(s)-1)]
}

// Max is the greatest measurement.
func (s Spread) Max() time.Duration { return s.At(1) }

// MS is a time in milliseconds.
func MS(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
