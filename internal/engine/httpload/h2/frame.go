package h2

import "encoding/binary"

// Frame types, flags, settings and error codes of RFC 9113.
const (
	frameData         = 0x0
	frameHeaders      = 0x1
	framePriority     = 0x2
	frameReset        = 0x3
	frameSettings     = 0x4
	framePush         = 0x5
	framePing         = 0x6
	frameAway         = 0x7
	frameWindow       = 0x8
	frameContinuation = 0x9

	flagAck        = 0x1
	flagEndStream  = 0x1
	flagEndHeaders = 0x4
	flagPadded     = 0x8
	flagPriority   = 0x20

	settingTable   = 0x1
	settingPush    = 0x2
	settingStreams = 0x3
	settingWindow  = 0x4
	settingFrame   = 0x5
	settingList    = 0x6
)

type code uint32

const (
	codeNone         code = 0x0
	codeProtocol     code = 0x1
	codeFlow         code = 0x3
	codeStreamClosed code = 0x5
	codeFrameSize    code = 0x6
	codeRefused      code = 0x7
	codeCancel       code = 0x8
	codeCompression  code = 0x9
	codeCalm         code = 0xb
)

// String returns the name that RFC 9113 gives to a code.
func (c code) String() string {
	names := [...]string{
		"NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT",
		"STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR",
		"ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
	}
	if int(c) < len(names) {
		return names[c]
	}
	return "an unknown error code"
}

const (
	preface       = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	headerSize    = 9
	leastFrame    = 1 << 14 // every peer takes frames of this size, and we take none that are larger
	firstWindow   = 1<<16 - 1
	largestWindow = 1<<31 - 1
	lastStream    = 1<<31 - 1
)

// frame is the header of a frame that is being received.
type frame struct {
	kind, flags byte
	stream      uint32
	length      int
	left        int // bytes of the payload that have not come yet
	content     int // of DATA: bytes that have not come yet and are no padding; -1: its length neither
}

func readHeader(p []byte) frame {
	n := int(p[0])<<16 | int(p[1])<<8 | int(p[2])
	return frame{p[3], p[4], binary.BigEndian.Uint32(p[5:]) & lastStream, n, n, n}
}

func (f *frame) has(flag byte) bool { return f.flags&flag != 0 }

// appendHeader appends a frame's header.
func appendHeader(dst []byte, length int, kind, flags byte, stream uint32) []byte {
	dst = append(dst, byte(length>>16), byte(length>>8), byte(length), kind, flags)
	return binary.BigEndian.AppendUint32(dst, stream)
}

// appendNumber appends a whole frame of four bytes: RST_STREAM, WINDOW_UPDATE.
func appendNumber(dst []byte, kind byte, stream, n uint32) []byte {
	return binary.BigEndian.AppendUint32(appendHeader(dst, 4, kind, 0, stream), n)
}

func appendSetting(dst []byte, id uint16, value uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint16(dst, id), value)
}

// unpad takes the padding off a payload.
func unpad(f *frame, p []byte) (content []byte, ok bool) {
	if !f.has(flagPadded) {
		return p, true
	}
	if len(p) == 0 || int(p[0]) > len(p)-1 {
		return nil, false
	}
	return p[1 : len(p)-int(p[0])], true
}
