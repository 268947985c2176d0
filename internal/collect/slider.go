package collect

// slider merges every stretch of n seconds in a row, with about two merges for
// each second however long the stretch is. Seconds come in blocks of n; a
// stretch is the end of one block and the beginning of the next:
//
//	block    |  0  1  2  3  4 |  5  6  7  8  9 |
//	stretch            [2  3  4    5  6]
//	             suffix from 2 + prefix to 6
//
// The suffixes of the block before are worked out once, when it is full.
type slider struct {
	n      int
	block  [][]byte // seconds of the block that fills, encoded
	suffix [][]byte // of the block before, encoded; [0] is not used
	prefix cell
	sum    cell
}

func newSlider(n int) *slider { return &slider{n: n} }

// push adds the next second and returns the stretch that ends with it, or nil
// when there were fewer than n. What it returns is valid until the next push.
func (s *slider) push(second *cell) (*cell, error) {
	at := len(s.block)
	s.block = append(s.block, second.appendTo(nil, secondFigures{}))
	s.prefix.merge(second)
	s.sum.reset()
	s.sum.merge(&s.prefix)
	if at == s.n-1 {
		return &s.sum, s.turn()
	}
	if s.suffix == nil {
		return nil, nil
	}
	return &s.sum, s.sum.mergeBytes(s.suffix[at+1])
}

// turn makes the block that is full the block before.
func (s *slider) turn() error {
	s.prefix.reset()
	s.suffix = make([][]byte, s.n)
	var sum cell
	for i := s.n - 1; i > 0; i-- {
		if err := sum.mergeBytes(s.block[i]); err != nil {
			return err
		}
		s.suffix[i] = sum.appendTo(nil, secondFigures{})
	}
	s.block = s.block[:0]
	return nil
}
