package collect

import (
	"fmt"
	"io"
	"slices"
)

// record is what a spool holds of one second: mostly one cell, several when
// late windows came or when several scopes are asked for at once.
type record struct {
	second int
	parts  [][]byte // encoded cells
	bufs   [][]byte // memory for parts
	sum    cell
	merged bool
}

// add reads one more part.
func (r *record) add(file io.ReaderAt, e dirEntry) error {
	n := len(r.parts)
	if n == len(r.bufs) {
		r.bufs = append(r.bufs, nil)
	}
	r.bufs[n] = slices.Grow(r.bufs[n][:0], e.size)[:e.size]
	if _, err := file.ReadAt(r.bufs[n], e.at); err != nil {
		return fmt.Errorf("read spool: %w", err)
	}
	r.parts = append(r.parts, r.bufs[n])
	return nil
}

func (r *record) reset() {
	r.parts, r.merged = r.parts[:0], false
	r.sum.reset()
}

// cell returns the merged sum of the second.
func (r *record) cell() (*cell, error) {
	if !r.merged {
		r.merged = true
		for _, part := range r.parts {
			if err := r.sum.mergeBytes(part); err != nil {
				return nil, err
			}
		}
	}
	return &r.sum, nil
}

// split returns the counters, the figures and the histograms' bytes: as they
// were written when there is one part, else of the sum. They belong to r.
func (r *record) split() (counters *cell, f secondFigures, hists [distributions][]byte, err error) {
	if len(r.parts) == 1 && !r.merged {
		f, hists, err = r.sum.split(r.parts[0])
		return &r.sum, f, hists, err
	}
	if counters, err = r.cell(); err != nil {
		return nil, f, hists, err
	}
	for which, h := range counters.hists {
		if h.Count() > 0 {
			hists[which] = h.AppendBinary(nil)
		}
	}
	return counters, figuresOf(counters), hists, nil
}
