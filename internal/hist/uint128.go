package hist

import (
	"math"
	"math/bits"
)

// uint128 holds a sum of squares of microseconds, which leaves 64 bits behind
// after one value of an hour. It wraps silently, which whole-number identities
// survive.
type uint128 struct{ hi, lo uint64 }

func (u *uint128) add(hi, lo uint64) {
	var carry uint64
	u.lo, carry = bits.Add64(u.lo, lo, 0)
	u.hi, _ = bits.Add64(u.hi, hi, carry)
}

func (u *uint128) sub(hi, lo uint64) {
	var borrow uint64
	u.lo, borrow = bits.Sub64(u.lo, lo, 0)
	u.hi, _ = bits.Sub64(u.hi, hi, borrow)
}

// addTimes adds (hi, lo) n times.
func (u *uint128) addTimes(hi, lo, n uint64) {
	over, low := bits.Mul64(lo, n)
	u.add(over+hi*n, low)
}

func (u uint128) less(v uint128) bool {
	return u.hi < v.hi || u.hi == v.hi && u.lo < v.lo
}

func (u uint128) float() float64 {
	return math.Ldexp(float64(u.hi), 64) + float64(u.lo)
}
