package hist

import (
	"encoding/binary"
	"errors"
)

// addTokens adds the buckets first to last to h. It returns what follows the
// tokens, how far it came (the bucket after the last one added) and how many
// values it added.
func (h *Hist) addTokens(b []byte, first, last uint) (rest []byte, at uint, n uint64, err error) {
	at = first
	if len(b) == 0 {
		return nil, at, 0, errTruncated
	}
	if b[0]>>countShift != 0 {
		return nil, at, 0, errors.New("histogram has no value where its least should be")
	}
	for at <= last {
		if p := h.pages[at>>subBits]; p != nil {
			used, next, added := addShort(p, b, at, min(last, at|(perPage-1)))
			b, at, n = b[used:], next, n+added
			if at > last {
				break
			}
		}
		skip, count, used := readToken(b)
		if used == 0 {
			return nil, at, n, errTruncated
		}
		if skip > last-at {
			return nil, at, n, errors.New("histogram has a bucket beyond its greatest value")
		}
		at += skip
		p := h.pages[at>>subBits]
		if p == nil {
			p = h.grow(at >> subBits)
		}
		p[at%perPage] += count
		b, at, n = b[used:], at+1, n+count
	}
	return b, at, n, nil
}

// addShort adds the buckets at to end, which lie on page p, up to the first
// token that is not one byte long or that leaves the page. This is the innermost
// loop of the server, hence no call, no error and no branch in it that a
// processor cannot foresee.
func addShort(p *page, b []byte, at, end uint) (used int, next uint, n uint64) {
	for i, token := range b {
		skip, count := uint(token>>countShift), uint64(token%longCount)
		if skip == longSkip || count == 0 || at+skip > end {
			return i, at, n
		}
		at += skip
		p[at%perPage] += count
		n += count
		at++
	}
	return len(b), at, n
}

// maxCount bounds one bucket of hostile bytes, so that no sum of buckets wraps.
const maxCount = 1 << 48

// readToken reads a token of any length. It returns 0 used bytes when the bytes
// end or a number is absurd.
func readToken(b []byte) (skip uint, count uint64, used int) {
	if len(b) == 0 {
		return 0, 0, 0
	}
	skip, count, used = uint(b[0]>>countShift), uint64(b[0]%longCount), 1
	if skip == longSkip {
		v, n := binary.Uvarint(b[used:])
		if n <= 0 || v > pages*perPage {
			return 0, 0, 0
		}
		skip, used = skip+uint(v), used+n
	}
	if count == 0 {
		v, n := binary.Uvarint(b[used:])
		if n <= 0 || v > maxCount {
			return 0, 0, 0
		}
		count, used = longCount+v, used+n
	}
	return skip, count, used
}

// dropTokens takes back what addTokens added before it failed at bucket end.
func (h *Hist) dropTokens(b []byte, first, end uint) {
	for at := first; at < end; at++ {
		skip, count, used := readToken(b)
		b, at = b[used:], at+skip
		h.pages[at>>subBits][at%perPage] -= count
	}
}
