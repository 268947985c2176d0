package h2

import "errors"

var (
	errIndex    = errors.New("an index that no table has")
	errInteger  = errors.New("a number that is cut short or too large")
	errString   = errors.New("a string that is cut short or badly packed")
	errResizing = errors.New("a size of the table that is not allowed or not allowed here")
)

// decoder unpacks header blocks. It is our own because the library makes strings
// of everything and keeps an index for searching, which a reader does not need:
// servers put several lines of each response into the table.
//
// What it hands over are slices of the block, of its arena or of its scratch
// space; they are good until the next block.
type decoder struct {
	c       *constants
	entries []entry // the dynamic table from gone on, oldest first
	gone    int     // evicted entries that are still in the slice
	size    int     // of the dynamic table, as HPACK counts
	max     int     // of the dynamic table, as the peer chose
	arena   []byte  // texts of the dynamic table, old ones too
	scratch []byte  // texts that the block had packed and the table does not keep
}

// decode unpacks a whole block into h.
func (d *decoder) decode(block []byte, h *heading) error {
	d.tidy()
	resizable := true
	for len(block) > 0 {
		var err error
		switch b := block[0]; {
		case b >= 0x80:
			block, err = d.indexed(block, h)
		case b&0xe0 == 0x20:
			if !resizable {
				return errResizing
			}
			if block, err = d.resize(block); err != nil {
				return err
			}
			continue
		default:
			block, err = d.literal(block, h)
		}
		if err != nil {
			return err
		}
		resizable = false
	}
	return nil
}

func (d *decoder) indexed(block []byte, h *heading) ([]byte, error) {
	i, rest, ok := integer(block, 7)
	if !ok {
		return nil, errInteger
	}
	e := d.at(i)
	if e == nil {
		return nil, errIndex
	}
	h.add(e)
	return rest, nil
}

func (d *decoder) at(i int) *entry {
	if i <= staticEntries {
		if i == 0 {
			return nil
		}
		return &d.c.static[i]
	}
	if i -= staticEntries; i > len(d.entries)-d.gone {
		return nil
	}
	return &d.entries[len(d.entries)-i]
}

func (d *decoder) literal(block []byte, h *heading) ([]byte, error) {
	keep, prefix := block[0]&0xc0 == 0x40, 4
	space := &d.scratch
	if keep {
		prefix, space = 6, &d.arena
	}
	i, rest, ok := integer(block, prefix)
	if !ok {
		return nil, errInteger
	}
	var e entry
	if i > 0 {
		known := d.at(i)
		if known == nil {
			return nil, errIndex
		}
		e.name = known.name
	} else if e.name, rest, ok = d.text(rest, space, keep); !ok {
		return nil, errString
	}
	if e.value, rest, ok = d.text(rest, space, keep); !ok {
		return nil, errString
	}
	e.kind = classify(e.name, e.value)
	if keep {
		d.insert(e)
	}
	h.add(&e)
	return rest, nil
}

// text reads a string. When it is to be kept, or was packed, it is in space then.
func (d *decoder) text(p []byte, space *[]byte, keep bool) (text, rest []byte, ok bool) {
	if len(p) == 0 {
		return nil, nil, false
	}
	packed := p[0]&0x80 != 0
	n, p, ok := integer(p, 7)
	if !ok || n > len(p) {
		return nil, nil, false
	}
	text, rest = p[:n], p[n:]
	begin := len(*space)
	switch {
	case packed:
		*space, ok = d.c.huffman.decode(*space, text)
	case keep:
		*space = append(*space, text...)
	default:
		return text, rest, true
	}
	return (*space)[begin:len(*space):len(*space)], rest, ok
}

func (d *decoder) insert(e entry) {
	size := e.size()
	d.evict(d.max - size)
	if size <= d.max {
		d.entries, d.size = append(d.entries, e), d.size+size
	}
}

func (d *decoder) evict(room int) {
	for d.size > room && d.gone < len(d.entries) {
		d.size -= d.entries[d.gone].size()
		d.gone++
	}
}

func (d *decoder) resize(block []byte) ([]byte, error) {
	n, rest, ok := integer(block, 5)
	if !ok || n > tableSize {
		return nil, errResizing
	}
	d.max = n
	d.evict(n)
	return rest, nil
}

// tidy makes room for another block: nobody looks at the last one any more.
func (d *decoder) tidy() {
	d.scratch = d.scratch[:0]
	if cap(d.scratch) > 8*tableSize {
		d.scratch = nil
	}
	if d.gone >= 32 {
		d.entries = d.entries[:copy(d.entries, d.entries[d.gone:])]
		d.gone = 0
	}
	if len(d.arena) <= tableSize {
		return
	}
	var live [tableSize]byte // what is in the table is smaller than the table
	n := 0
	for i := d.gone; i < len(d.entries); i++ {
		n += copy(live[n:], d.entries[i].name)
		n += copy(live[n:], d.entries[i].value)
	}
	if cap(d.arena) > 8*tableSize {
		d.arena = nil // a block was very large
	}
	d.arena = append(d.arena[:0], live[:n]...)
	rest := d.arena
	for i := d.gone; i < len(d.entries); i++ {
		e := &d.entries[i]
		n, v := len(e.name), len(e.value)
		e.name, e.value, rest = rest[:n:n], rest[n:n+v:n+v], rest[n+v:]
	}
}

// integer reads a number whose first bits share a byte with something else.
func integer(p []byte, prefix int) (n int, rest []byte, ok bool) {
	if len(p) == 0 {
		return 0, nil, false
	}
	mask := byte(1)<<prefix - 1
	n, p = int(p[0]&mask), p[1:]
	if n < int(mask) {
		return n, p, true
	}
	for shift := 0; len(p) > 0 && shift <= 21; shift += 7 {
		b := p[0]
		n, p = n+int(b&0x7f)<<shift, p[1:]
		if b < 0x80 {
			return n, p, true
		}
	}
	return 0, nil, false
}
