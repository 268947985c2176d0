package h3

import "fmt"

// Frame types (RFC 9114, section 7.2).
const (
	frameData        = 0x0
	frameHeaders     = 0x1
	frameCancelPush  = 0x3
	frameSettings    = 0x4
	framePushPromise = 0x5
	frameGoAway      = 0x7
	frameMaxPushID   = 0xd
)

// Types of unidirectional streams (RFC 9114, section 6.2; RFC 9204, section 4.2).
const (
	streamControl = 0x0
	streamPush    = 0x1
	streamEncoder = 0x2
	streamDecoder = 0x3
)

// settingMaxFieldSection is the one setting that we send. Those of QPACK stay
// at their default of 0: no dynamic table.
const settingMaxFieldSection = 0x6

// errorCode is an error code of HTTP/3 or QPACK.
type errorCode uint64

const (
	errNoError              errorCode = 0x100
	errStreamCreation       errorCode = 0x103
	errClosedCriticalStream errorCode = 0x104
	errFrameUnexpected      errorCode = 0x105
	errFrame                errorCode = 0x106
	errExcessiveLoad        errorCode = 0x107
	errID                   errorCode = 0x108
	errSettings             errorCode = 0x109
	errMissingSettings      errorCode = 0x10a
	errRequestCancelled     errorCode = 0x10c
	errMessage              errorCode = 0x10e
	errDecompression        errorCode = 0x200
)

var errorNames = map[errorCode]string{
	errNoError: "H3_NO_ERROR", 0x101: "H3_GENERAL_PROTOCOL_ERROR", 0x102: "H3_INTERNAL_ERROR",
	errStreamCreation: "H3_STREAM_CREATION_ERROR", errClosedCriticalStream: "H3_CLOSED_CRITICAL_STREAM",
	errFrameUnexpected: "H3_FRAME_UNEXPECTED", errFrame: "H3_FRAME_ERROR", errExcessiveLoad: "H3_EXCESSIVE_LOAD",
	errID: "H3_ID_ERROR", errSettings: "H3_SETTINGS_ERROR", errMissingSettings: "H3_MISSING_SETTINGS",
	0x10b: "H3_REQUEST_REJECTED", errRequestCancelled: "H3_REQUEST_CANCELLED", 0x10d: "H3_REQUEST_INCOMPLETE",
	errMessage: "H3_MESSAGE_ERROR", 0x10f: "H3_CONNECT_ERROR", 0x110: "H3_VERSION_FALLBACK",
	errDecompression: "QPACK_DECOMPRESSION_FAILED", 0x201: "QPACK_ENCODER_STREAM_ERROR", 0x202: "QPACK_DECODER_STREAM_ERROR",
}

func (e errorCode) String() string {
	if s, ok := errorNames[e]; ok {
		return s
	}
	return fmt.Sprintf("error %#x", uint64(e))
}

// maxVarint is the largest number that a variable-length integer holds.
const maxVarint = 1<<62 - 1

// appendVarint appends v as a variable-length integer (RFC 9000, section 16).
func appendVarint(b []byte, v uint64) []byte {
	switch {
	case v < 1<<6:
		return append(b, byte(v))
	case v < 1<<14:
		return append(b, 0x40|byte(v>>8), byte(v))
	case v < 1<<30:
		return append(b, 0x80|byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
	}
	return append(b, 0xc0|byte(v>>56), byte(v>>48), byte(v>>40), byte(v>>32),
		byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
}

// varint reads a variable-length integer and says how many bytes it took; 0
// when p does not hold all of it.
func varint(p []byte) (v uint64, n int) {
	if len(p) == 0 {
		return 0, 0
	}
	n = 1 << (p[0] >> 6)
	if len(p) < n {
		return 0, 0
	}
	v = uint64(p[0] & 0x3f)
	for _, b := range p[1:n] {
		v = v<<8 | uint64(b)
	}
	return v, n
}

// maxFrameHeader is the longest head of a frame: a type and a length.
const maxFrameHeader = 16

// frameHeader collects the head of a frame, which may come in pieces.
type frameHeader struct {
	buf [maxFrameHeader]byte
	n   int
}

// take reads from p and says how many bytes it took. When ok, the head was
// whole, and the next call begins a new one.
func (f *frameHeader) take(p []byte) (kind, length uint64, took int, ok bool) {
	if f.n == 0 { // the common case: all of it is there
		if kind, length, n := parseFrameHeader(p); n > 0 {
			return kind, length, n, true
		}
	}
	before := f.n
	f.n += copy(f.buf[f.n:], p)
	kind, length, n := parseFrameHeader(f.buf[:f.n])
	if n == 0 {
		return 0, 0, f.n - before, false
	}
	f.n = 0
	return kind, length, n - before, true
}

func parseFrameHeader(p []byte) (kind, length uint64, n int) {
	kind, a := varint(p)
	if a == 0 {
		return 0, 0, 0
	}
	length, b := varint(p[a:])
	if b == 0 {
		return 0, 0, 0
	}
	return kind, length, a + b
}
