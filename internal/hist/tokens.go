package hist

import (
	"encoding/binary"
	"errors"
	"math"
)

var (
	errCount = errors.New("histogram holds another number of values than its head says")
	errFirst = errors.New("histogram has no value where its least should be")
	errLast  = errors.New("histogram has a bucket beyond its greatest value")
)

// addTokens adds the buckets first to last, which hold count values, to h. It
// returns what follows the tokens, and how far it came: the bucket after the
// last one added.
func (h *Hist) addTokens(b []byte, first, last uint, count uint64) (rest []byte, at uint, err error) {
	at = first
	if len(b) == 0 {
		return nil, at, errTruncated
	}
	if b[0]>>countShift != 0 {
		return nil, at, errFirst
	}
	for at <= last {
		if p := h.pages[at>>subBits]; p != nil {
			used, next, added := addShort(p, b, at, min(last, at|(perPage-1)))
			b, at = b[used:], next
			if added > count {
				return nil, at, errCount
			}
			count -= added
			if at > last {
				break
			}
		}
		skip, n, used := readToken(b)
		switch {
		case used == 0:
			return nil, at, errTruncated
		case skip > last-at:
			return nil, at, errLast
		case n > count:
			return nil, at, errCount
		}
		h.add(at+skip, n)
		b, at, count = b[used:], at+skip+1, count-n
	}
	if count != 0 {
		return nil, at, errCount
	}
	return b, at, nil
}

// addShort adds the buckets at to end, which lie on page p, up to the first
// token that is not one byte long or that leaves the page. This is the innermost
// loop of the server, hence no call, no error and no branch in it that a
// processor cannot foresee.
func addShort(p *page, b []byte, at, end uint) (used int, next uint, n uint64) {
	for i, token := range b {
		skip, count := uint(token>>countShift), uint32(token%longCount)
		if skip == longSkip || count == 0 || at+skip > end {
			return i, at, n
		}
		sum := p[(at+skip)%perPage] + count
		if sum < count { // a carry is the caller's
			return i, at, n
		}
		p[(at+skip)%perPage] = sum
		at += skip + 1
		n += uint64(count)
	}
	return len(b), at, n
}

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
		if n <= 0 || v > math.MaxInt64 {
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
		p := h.pages[at>>subBits]
		left := h.whole(at, p[at%perPage]) - count
		p[at%perPage] = uint32(left)
		if h.over != nil {
			h.over[at] = left >> 32 << 32
		}
	}
}
