package hist

import (
	"encoding/binary"
	"errors"
)

// addTokens adds the buckets first to last to h. This is the innermost loop of
// the server: one byte, one bucket. It returns what follows the tokens, how far
// it came (the bucket after the last one added) and how many values it added.
func (h *Hist) addTokens(b []byte, first, last uint) (rest []byte, at uint, n uint64, err error) {
	at = first
	for k := 0; k < len(b); {
		token := b[k]
		k++
		skip, count := uint(token>>countShift), uint64(token%longCount)
		if skip == longSkip || count == 0 {
			if skip, count, k = longToken(b, k, skip, count); k < 0 {
				return nil, at, n, errTruncated
			}
		}
		if skip > last-at {
			return nil, at, n, errors.New("histogram has a bucket beyond its greatest value")
		}
		if skip != 0 && at == first {
			return nil, at, n, errors.New("histogram has no value where its least should be")
		}
		at += skip
		p := h.pages[at>>subBits]
		if p == nil {
			p = h.grow(at >> subBits)
		}
		p[at%perPage] += count
		n += count
		at++
		if at > last {
			return b[k:], at, n, nil
		}
	}
	return nil, at, n, errTruncated
}

// maxCount bounds one bucket of hostile bytes, so that no sum of buckets wraps.
const maxCount = 1 << 48

// longToken reads what follows a token that did not hold its numbers itself.
// It returns a negative k when the bytes end or a number is absurd.
func longToken(b []byte, k int, skip uint, count uint64) (uint, uint64, int) {
	if skip == longSkip {
		v, n := binary.Uvarint(b[k:])
		if n <= 0 || v > pages*perPage {
			return 0, 0, -1
		}
		skip, k = skip+uint(v), k+n
	}
	if count == 0 {
		v, n := binary.Uvarint(b[k:])
		if n <= 0 || v > maxCount {
			return 0, 0, -1
		}
		count, k = longCount+v, k+n
	}
	return skip, count, k
}

// dropTokens takes back what addTokens added before it failed at bucket end.
func (h *Hist) dropTokens(b []byte, first, end uint) {
	for at, k := first, 0; at < end; at++ {
		skip, count := uint(b[k]>>countShift), uint64(b[k]%longCount)
		skip, count, k = longToken(b, k+1, skip, count)
		at += skip
		h.pages[at>>subBits][at%perPage] -= count
	}
}
