package collect

import (
	"encoding/binary"
	"errors"

	"onrush.dev/onrush/internal/load"
)

// The bytes of a cell in the spool. They live as long as the run and are read
// by the program that wrote them, so that they need no version.
//
//	counters     12 varints in the order of counters()
//	vitals       see vitals.appendTo
//	figures      see secondFigures
//	statuses     number, then (status, count) each
//	causes       number, then (length, text, count) each
//	histograms   for each of distributions: length in 4 bytes, hist's bytes
//
// The figures stand there ready-made, so that a chart of single seconds and the
// series file need not take histograms apart again.

var errCell = errors.New("spooled cell is damaged")

// counters lists the plain numbers of a cell in the order of its bytes.
func (c *cell) counters() [12]*int64 {
	return [...]*int64{
		&c.requests, &c.failures, &c.bytesIn, &c.bytesOut, &c.redirects,
		&c.offered, &c.started, &c.late, &c.clamped, &c.users, &c.inFlight, &c.tasks,
	}
}

// appendTo appends the cell's bytes to dst, with the figures that were worked
// out of it.
func (c *cell) appendTo(dst []byte, figures secondFigures) []byte {
	for _, n := range c.counters() {
		dst = binary.AppendVarint(dst, *n)
	}
	dst = c.vitals.appendTo(dst)
	dst = figures.appendTo(dst)
	dst = binary.AppendUvarint(dst, uint64(len(c.statuses)))
	for _, e := range c.statuses {
		dst = binary.AppendUvarint(dst, uint64(e.key))
		dst = binary.AppendVarint(dst, e.n)
	}
	dst = binary.AppendUvarint(dst, uint64(len(c.causes)))
	for _, e := range c.causes {
		dst = binary.AppendUvarint(dst, uint64(len(e.key)))
		dst = append(dst, e.key...)
		dst = binary.AppendVarint(dst, e.n)
	}
	for _, h := range c.hists {
		at := len(dst)
		dst = append(dst, 0, 0, 0, 0)
		if h.Count() > 0 {
			dst = h.AppendBinary(dst)
			binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
		}
	}
	return dst
}

// split takes a cell's bytes apart: it adds the counters and tallies to c and
// returns the figures and the histograms' bytes as they stand in b.
func (c *cell) split(b []byte) (figures secondFigures, hists [distributions][]byte, err error) {
	r := reader{b: b}
	for _, n := range c.counters() {
		*n += r.varint()
	}
	c.vitals.read(&r)
	figures.read(&r)
	for range r.length() {
		status := int(r.uvarint())
		c.statuses.add(status, r.varint())
	}
	for range r.length() {
		cause := load.Cause(r.bytes(r.length()))
		c.causes.add(cause, r.varint())
	}
	for which := range hists {
		if size := r.bytes(4); !r.failed {
			hists[which] = r.bytes(int(binary.LittleEndian.Uint32(size)))
		}
	}
	if r.failed {
		err = errCell
	}
	return figures, hists, err
}

// mergeBytes adds the cell that appendTo wrote to b.
func (c *cell) mergeBytes(b []byte) error {
	_, hists, err := c.split(b)
	if err != nil {
		return err
	}
	for which, raw := range hists {
		if len(raw) > 0 {
			if _, err := c.hist(which).MergeBinary(raw); err != nil {
				return err
			}
		}
	}
	return nil
}

// reader takes numbers from bytes; after the first that is not there all are 0.
type reader struct {
	b      []byte
	failed bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

// length reads a number of things of at least a byte each.
func (r *reader) length() int {
	v := r.uvarint()
	if v > uint64(len(r.b)) {
		r.fail()
		return 0
	}
	return int(v)
}

func (r *reader) bytes(n int) []byte {
	if n > len(r.b) {
		r.fail()
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) fail() { r.failed, r.b = true, nil }
