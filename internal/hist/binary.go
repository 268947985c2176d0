package hist

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
)

// The bytes of a histogram, version 1. Numbers are unsigned varints.
//
//	version      one byte, 1
//	count        0 ends the histogram here
//	clamped
//	min, max-min
//	sum
//	squares      upper 64 bits, lower 64 bits
//	buckets      from the bucket of min to the bucket of max, one token for
//	             each that is not empty
//
// A token is one byte: in its upper half how many empty buckets were skipped,
// in its lower half the bucket's count. An upper half of 15 says that a varint
// with (skipped - 15) follows, a lower half of 0 that one with (count - 16)
// follows (in this order). A second of a thousand samples takes about one byte
// for each bucket in use.
const (
	version    = 1
	longSkip   = 15
	longCount  = 16
	countShift = 4
)

var errTruncated = errors.New("histogram is cut short")

// AppendBinary appends the histogram's bytes to dst. They tell their own end,
// so more may follow them.
func (h *Hist) AppendBinary(dst []byte) []byte {
	dst = append(dst, version)
	if h == nil || h.count == 0 {
		return append(dst, 0)
	}
	least := MaxValue - h.depth
	for _, n := range [...]uint64{h.count, h.clamped, least, h.max - least, h.sum, h.sq.hi, h.sq.lo} {
		dst = binary.AppendUvarint(dst, n)
	}
	last := index(least) - 1
	for i, p := range h.pages {
		if p == nil {
			continue
		}
		for j := 0; j < perPage; j += 4 {
			// Most pages are nearly empty: four buckets at a look.
			four := p[j : j+4 : j+4]
			if four[0]|four[1]|four[2]|four[3] == 0 && h.over == nil {
				continue
			}
			for k, low := range four {
				at := uint(i)<<subBits | uint(j+k)
				if n := h.whole(at, low); n != 0 {
					dst = appendToken(dst, uint64(at-last-1), n)
					last = at
				}
			}
		}
	}
	return dst
}

func appendToken(dst []byte, skip, n uint64) []byte {
	token := byte(min(skip, longSkip) << countShift)
	if n < longCount {
		token |= byte(n)
	}
	dst = append(dst, token)
	if skip >= longSkip {
		dst = binary.AppendUvarint(dst, skip-longSkip)
	}
	if n >= longCount {
		dst = binary.AppendUvarint(dst, n-longCount)
	}
	return dst
}

// DecodeBinary reads one histogram from the start of b and returns what
// follows it. It takes at most 16 KiB of memory, whatever b says.
func DecodeBinary(b []byte) (h *Hist, rest []byte, err error) {
	h = New()
	rest, err = h.MergeBinary(b)
	if err != nil {
		return nil, nil, err
	}
	return h, rest, nil
}

// MergeBinary adds the histogram at the start of b, as Merge would, without
// making it first, and returns the bytes that follow it. It allocates nothing
// once h has the pages it needs. On an error h is as it was.
func (h *Hist) MergeBinary(b []byte) (rest []byte, err error) {
	in, b, err := readHead(b)
	if err != nil || in.count == 0 {
		return b, err
	}
	first, last := index(MaxValue-in.depth), index(in.max)
	rest, at, err := h.addTokens(b, first, last, in.count)
	if err != nil {
		h.dropTokens(b, first, at)
		return nil, err
	}
	h.count += in.count
	h.clamped += in.clamped
	h.sum += in.sum
	h.sq.add(in.sq.hi, in.sq.lo)
	h.max = max(h.max, in.max)
	h.depth = max(h.depth, in.depth)
	return rest, nil
}

// readHead reads all that stands before the tokens. What it returns without an
// error cannot make a figure of the histogram it is merged into absurd.
func readHead(b []byte) (in Hist, rest []byte, err error) {
	if len(b) == 0 {
		return in, nil, errTruncated
	}
	if b[0] != version {
		return in, nil, fmt.Errorf("histogram has version %d, this program reads %d", b[0], version)
	}
	b = b[1:]
	var least, span uint64
	for _, to := range [...]*uint64{&in.count, &in.clamped, &least, &span, &in.sum, &in.sq.hi, &in.sq.lo} {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return in, nil, errTruncated
		}
		*to, b = v, b[n:]
		if in.count == 0 {
			return in, b, nil
		}
	}
	if least > MaxValue || span > MaxValue-least || in.count > math.MaxInt64 {
		return in, nil, errors.New("histogram has a number beyond its range")
	}
	in.max, in.depth = least+span, MaxValue-least
	return in, b, in.checkSums()
}

// checkSums holds count, sum and squares against min and max.
func (h *Hist) checkSums() error {
	least := MaxValue - h.depth
	low, floor := bits.Mul64(least, h.count)
	high, ceil := bits.Mul64(h.max, h.count)
	sum := uint128{0, h.sum}
	if h.clamped > h.count || sum.less(uint128{low, floor}) || (uint128{high, ceil}).less(sum) {
		return errors.New("histogram's sum cannot be that of its values")
	}
	low, floor = bits.Mul64(least, h.sum)
	high, ceil = bits.Mul64(h.max, h.sum)
	if h.sq.less(uint128{low, floor}) || (uint128{high, ceil}).less(h.sq) {
		return errors.New("histogram's squares cannot be those of its values")
	}
	return nil
}
