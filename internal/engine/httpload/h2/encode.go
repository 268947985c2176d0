package h2

import (
	"strconv"
	"strings"

	"onrush.dev/onrush/internal/engine/httpload/proto"
)

// mostSent bounds the lines that we put into the peer's table, and so the search
// for a line that is not there.
const mostSent = 64

// encoder packs the heads of requests. Requests of a load test repeat, so a line
// is put into the peer's table when it is sent first, as long as there is space,
// and never pushed out: lines that always change fill what is left of the table
// and then travel as they are, while the others remain one byte each. Texts are
// not packed, which costs more time here and there than their bytes.
//
// Nothing is put into the table before the peer's SETTINGS are here: there are
// servers whose table is smaller than HTTP/2's first one from the beginning.
type encoder struct {
	c       *constants
	entries []sent // what the peer's table holds, oldest first
	size    int    // of that, as HPACK counts
	max     int    // of the peer's table
	resized bool   // the peer has not been told of max yet
	open    bool   // lines may be put into the table
	last    []int  // by a line's place in the head: the entry it was last time
}

type sent struct{ name, value string }

// resize follows the peer's SETTINGS_HEADER_TABLE_SIZE.
func (e *encoder) resize(n uint32) {
	if size := int(min(n, tableSize)); size != e.max || e.resized {
		e.max, e.resized = size, true
		e.size, e.entries = 0, e.entries[:0]
	}
}

// encode appends the block of m's head.
func (e *encoder) encode(dst []byte, m *proto.Message) []byte {
	if e.resized {
		// Emptied first, whatever it was in between: that is simple, and rare.
		dst = appendInteger(append(dst, 0x20), 0x20, 5, e.max)
		e.resized = false
	}
	dst = e.method(dst, m.Method)
	if m.Scheme == "http" {
		dst = append(dst, 0x86)
	} else {
		dst = append(dst, 0x87)
	}
	dst = e.line(dst, 1, ":authority", m.Authority)
	if m.Path == "/" {
		dst = append(dst, 0x84)
	} else {
		dst = e.line(dst, 2, ":path", m.Path)
	}
	for i := range m.Fields {
		dst = e.line(dst, 3+i, m.Fields[i].Name, m.Fields[i].Value)
	}
	if n := m.Size(); n > 0 || m.Method == "POST" || m.Method == "PUT" || m.Method == "PATCH" {
		var digits [20]byte
		text := strconv.AppendInt(digits[:0], n, 10)
		dst = append(dst, 0x0f, 28-15, byte(len(text))) // content-length, not for the table
		dst = append(dst, text...)
	}
	return dst
}

func (e *encoder) method(dst []byte, method string) []byte {
	switch method {
	case "GET":
		return append(dst, 0x82)
	case "POST":
		return append(dst, 0x83)
	}
	return e.line(dst, 0, ":method", method)
}

// line appends one header line, which stands at a place of the head.
func (e *encoder) line(dst []byte, place int, name, value string) []byte {
	for place >= len(e.last) {
		e.last = append(e.last, 0)
	}
	if i := e.last[place]; i < len(e.entries) && e.entries[i].value == value && e.entries[i].name == name {
		return e.indexed(dst, i)
	}
	for i := range e.entries {
		if s := &e.entries[i]; s.value == value && s.name == name {
			e.last[place] = i
			return e.indexed(dst, i)
		}
	}
	if perConnection(name, value) {
		return dst
	}
	return e.literal(dst, place, name, value)
}

func (e *encoder) indexed(dst []byte, i int) []byte {
	return appendInteger(dst, 0x80, 7, staticEntries+len(e.entries)-i)
}

func (e *encoder) literal(dst []byte, place int, name, value string) []byte {
	text := strings.Trim(value, " \t")
	var small [64]byte
	lower := appendLower(small[:0], name)
	form, prefix := byte(0), 4
	if size := len(name) + len(text) + entryOverhead; e.open && e.size+size <= e.max && len(e.entries) < mostSent {
		form, prefix = 0x40, 6
		e.last[place] = len(e.entries)
		// Our own copies: a value may be a small piece of a large text.
		e.entries = append(e.entries, sent{strings.Clone(name), strings.Clone(value)})
		e.size += size
	}
	i := e.c.names[string(lower)]
	dst = appendInteger(dst, form, prefix, i)
	if i == 0 {
		dst = append(appendInteger(dst, 0, 7, len(lower)), lower...)
	}
	return append(appendInteger(dst, 0, 7, len(text)), text...)
}

// appendInteger appends a number whose first bits share a byte with the form.
func appendInteger(dst []byte, form byte, prefix int, n int) []byte {
	mask := 1<<prefix - 1
	if n < mask {
		return append(dst, form|byte(n))
	}
	dst = append(dst, form|byte(mask))
	for n -= mask; n >= 0x80; n >>= 7 {
		dst = append(dst, 0x80|byte(n))
	}
	return append(dst, byte(n))
}

func appendLower(dst []byte, name string) []byte {
	for i := range len(name) {
		c := name[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}
