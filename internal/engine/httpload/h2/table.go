package h2

import (
	"bytes"
	"strings"
	"sync"

	"golang.org/x/net/http2/hpack"
)

// kind is what a header line means to us. It is found out once for each line
// that enters a table, not each time that the line is sent.
type kind uint8

const (
	plain     kind = iota
	status         // :status
	length         // content-length
	pseudo         // another pseudo header: responses have none
	forbidden      // it would speak of the connection, which HTTP/2 does itself
	broken         // its name or value holds bytes that HTTP/2 forbids
)

// entry is a header line in one of HPACK's tables.
type entry struct {
	name, value []byte
	kind        kind
}

func (e *entry) size() int { return len(e.name) + len(e.value) + entryOverhead }

const (
	entryOverhead = 32 // bytes that HPACK counts for each line besides its text
	staticEntries = 61
	tableSize     = 4096 // of the dynamic tables, HPACK's default, which we keep
)

// constants are what RFC 7541 prints in its appendices. They never change.
type constants struct {
	static  [staticEntries + 1]entry // from 1 on
	names   map[string]int           // of the static table: the first index of each
	huffman huffman
}

// shared makes the constants when they are needed first.
var shared = sync.OnceValue(func() *constants {
	c := &constants{names: make(map[string]int, staticEntries)}
	decoder := hpack.NewDecoder(0, nil)
	for i := 1; i <= staticEntries; i++ {
		fields, err := decoder.DecodeFull([]byte{0x80 | byte(i)})
		if err != nil || len(fields) != 1 {
			continue // cannot be: the library's static table has them all
		}
		c.static[i] = newEntry([]byte(fields[0].Name), []byte(fields[0].Value))
		if _, there := c.names[fields[0].Name]; !there {
			c.names[fields[0].Name] = i
		}
	}
	c.huffman.build()
	return c
})

func newEntry(name, value []byte) entry { return entry{name, value, classify(name, value)} }

func classify(name, value []byte) kind {
	if !validValue(value) {
		return broken
	}
	if len(name) > 0 && name[0] == ':' {
		if string(name) == ":status" {
			return status
		}
		return pseudo
	}
	if !validName(name) {
		return broken
	}
	switch string(name) {
	case "content-length":
		return length
	case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade":
		return forbidden
	}
	return plain
}

// validName holds a name to RFC 9113, 8.2.1.
func validName(name []byte) bool {
	for _, c := range name {
		if c <= ' ' || c >= 0x7f || c == ':' || ('A' <= c && c <= 'Z') {
			return false
		}
	}
	return len(name) > 0
}

// validValue holds a value to RFC 9113, 8.2.1.
func validValue(value []byte) bool {
	if len(value) == 0 {
		return true
	}
	if blank(value[0]) || blank(value[len(value)-1]) {
		return false
	}
	return bytes.IndexByte(value, 0) < 0 && bytes.IndexByte(value, '\r') < 0 && bytes.IndexByte(value, '\n') < 0
}

func blank(c byte) bool { return c == ' ' || c == '\t' }

// perConnection names the header lines of a request that HTTP/2 has no place for.
func perConnection(name, value string) bool {
	switch len(name) {
	case 2:
		return strings.EqualFold(name, "te") && !strings.EqualFold(value, "trailers")
	case 4:
		return strings.EqualFold(name, "host")
	case 7:
		return strings.EqualFold(name, "upgrade")
	case 10:
		return strings.EqualFold(name, "connection") || strings.EqualFold(name, "keep-alive")
	case 14:
		return strings.EqualFold(name, "content-length")
	case 16:
		return strings.EqualFold(name, "proxy-connection")
	case 17:
		return strings.EqualFold(name, "transfer-encoding")
	}
	return false
}
