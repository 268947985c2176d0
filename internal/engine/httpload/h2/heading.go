package h2

import (
	"fmt"

	"onrush.dev/onrush/internal/engine/httpload/proto"
)

// usualFields is how many lines a heading has space for when nothing is unpacked.
const usualFields = 256

// heading is a header block as it is unpacked: what it says, and what is wrong
// with it. A block is always unpacked to its end, or the tables of both sides
// would differ from then on.
type heading struct {
	fields []proto.HeadField
	status int   // 0: none
	length int64 // content-length; -1: none
	size   int   // as SETTINGS_MAX_HEADER_LIST_SIZE counts
	max    int   // most bytes of that; what is beyond is not kept
	fault  string
	begun  bool // a regular line has come: no pseudo header may follow
}

func (h *heading) reset(limit int) {
	if cap(h.fields) > usualFields {
		h.fields = nil
	}
	*h = heading{fields: h.fields[:0], length: -1, max: limit}
}

func (h *heading) add(e *entry) {
	if h.size += e.size(); h.size > h.max {
		h.blame("the response's headers are larger than %d bytes", h.max)
		return
	}
	switch e.kind {
	case status:
		h.addStatus(e.value)
		return
	case pseudo:
		h.blame("the response has the pseudo header %.40q", e.name)
		return
	case forbidden:
		h.blame("the response has the header %q, which HTTP/2 forbids", e.name)
	case broken:
		h.blame("the response has the header %.40q with a name or value that HTTP/2 forbids", e.name)
	case length:
		h.addLength(e.value)
	case plain:
	}
	h.begun = true
	h.fields = append(h.fields, proto.HeadField{Name: e.name, Value: e.value})
}

func (h *heading) addStatus(value []byte) {
	switch {
	case h.begun || h.status != 0:
		h.blame("the response's status stands behind other headers or twice")
	case len(value) != 3 || value[0] < '1' || value[0] > '9' || !digit(value[1]) || !digit(value[2]):
		h.blame("the response has the status %.40q", value)
	default:
		h.status = int(value[0]-'0')*100 + int(value[1]-'0')*10 + int(value[2]-'0')
	}
}

func (h *heading) addLength(value []byte) {
	n := int64(0)
	for _, c := range value {
		if !digit(c) || n > (1<<63-10)/10 {
			n = -1
			break
		}
		n = n*10 + int64(c-'0')
	}
	if len(value) == 0 || n < 0 || (h.length >= 0 && h.length != n) {
		h.blame("the response has the content-length %.40q", value)
		return
	}
	h.length = n
}

// blame keeps the first fault.
func (h *heading) blame(format string, args ...any) {
	if h.fault == "" {
		h.fault = fmt.Sprintf(format, args...)
	}
}

func digit(c byte) bool { return '0' <= c && c <= '9' }
