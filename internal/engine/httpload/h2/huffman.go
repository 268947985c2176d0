package h2

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"golang.org/x/net/http2/hpack"
)

const (
	quickBits = 10 // nearly all of what servers send has codes no longer than this
	maxBits   = 30
)

// huffman is HPACK's code, made ready for decoding. The code is canonical: codes
// of one length are consecutive numbers, and longer codes are larger ones when
// both are written from the left. So lengths alone define it.
type huffman struct {
	quick   [1 << quickBits]uint16 // by the next bits: symbol<<4 | length; 0: a longer code
	limit   [maxBits + 1]uint32    // by length: the first code that is longer, from the left
	first   [maxBits + 1]uint32    // by length: the first code, as a number
	offset  [maxBits + 1]int       // by length: where its symbols begin
	symbols [256]byte              // in the order of their codes
}

func (h *huffman) build() {
	var bits [256]int
	for i := range h.symbols {
		h.symbols[i] = byte(i)
		// Eight of them are as many bytes as one has bits.
		bits[i] = int(hpack.HuffmanEncodeLength(strings.Repeat(string([]byte{byte(i)}), 8)))
	}
	slices.SortStableFunc(h.symbols[:], func(a, b byte) int { return cmp.Compare(bits[a], bits[b]) })
	code, length := uint32(0), 0
	for i, symbol := range h.symbols {
		for ; length < bits[symbol]; length++ {
			h.limit[length] = code << (32 - length)
			code <<= 1
			h.first[length+1], h.offset[length+1] = code, i
		}
		if length <= quickBits {
			at := code << (quickBits - length)
			for j := range uint32(1) << (quickBits - length) {
				h.quick[at+j] = uint16(symbol)<<4 | uint16(length)
			}
		}
		code++
	}
	h.limit[maxBits] = code << (32 - maxBits)
}

// decode appends what p stands for to dst and says whether p was well formed.
func (h *huffman) decode(dst, p []byte) ([]byte, bool) {
	var held uint64 // its low n bits are those not decoded yet
	var n int
	for {
		for n >= quickBits {
			quick := h.quick[held>>(n-quickBits)&(1<<quickBits-1)]
			if quick == 0 {
				break
			}
			dst = append(dst, byte(quick>>4))
			n -= int(quick & 15)
		}
		if n < 32 && len(p) > 0 {
			if len(p) >= 4 {
				held, n, p = held<<32|uint64(binary.BigEndian.Uint32(p)), n+32, p[4:]
			} else {
				held, n, p = held<<8|uint64(p[0]), n+8, p[1:]
			}
			continue
		}
		symbol, length, ended := h.slow(held, n)
		if length > n {
			return dst, ended
		}
		dst = append(dst, symbol)
		n -= length
	}
}

// slow finds a long code, or one of the last. When less than a code is left, it
// says whether that is good padding.
func (h *huffman) slow(held uint64, n int) (symbol byte, length int, ended bool) {
	next := uint32(held << (32 - min(n, 32))) // ones behind the end, as the padding has
	if n >= 32 {
		next = uint32(held >> (n - 32))
	} else {
		next |= 1<<(32-n) - 1
	}
	if quick := h.quick[next>>(32-quickBits)]; quick != 0 {
		return byte(quick >> 4), int(quick & 15), false
	}
	for length = quickBits + 1; length <= maxBits; length++ {
		if next < h.limit[length] {
			return h.symbols[h.offset[length]+int(next>>(32-length)-h.first[length])], length, false
		}
	}
	return 0, 1 << 10, n < 8 && next == 1<<32-1
}
