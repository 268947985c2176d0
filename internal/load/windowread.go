package load

import (
	"encoding/binary"
	"errors"

	"onrush.dev/onrush/internal/hist"
)

var (
	errWindowShort     = errors.New("it is cut short")
	errWindowChecksum  = errors.New("its checksum does not fit its bytes")
	errWindowNumber    = errors.New("a number is too large")
	errWindowString    = errors.New("a string is not in its table")
	errWindowHistogram = errors.New("a histogram has another length than its entry says")
)

// windowReader takes fields off the front of b. After the first fault it
// returns zeroes and keeps the fault in err, so that callers may check once for
// many fields.
type windowReader struct {
	b   []byte
	err error
}

func (r *windowReader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.b = nil
}

func (r *windowReader) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	if !r.skip(n) {
		return 0
	}
	return v
}

func (r *windowReader) int() int64 {
	v, n := binary.Varint(r.b)
	if !r.skip(n) {
		return 0
	}
	return v
}

// skip steps over a varint of n bytes, n as package binary returns it.
func (r *windowReader) skip(n int) bool {
	switch {
	case n > 0:
		r.b = r.b[n:]
		return true
	case n == 0:
		r.fail(errWindowShort)
	default:
		r.fail(errWindowNumber)
	}
	return false
}

// length reads a number of things of which each takes at least a byte, so that
// no loop runs longer than the bytes are.
func (r *windowReader) length() int {
	n := r.uint()
	if n > uint64(len(r.b)) {
		r.fail(errWindowShort)
		return 0
	}
	return int(n)
}

func (r *windowReader) bytes() []byte {
	n := r.length()
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

func (r *windowReader) fixed64() uint64 {
	if len(r.b) < 8 {
		r.fail(errWindowShort)
		return 0
	}
	v := binary.LittleEndian.Uint64(r.b)
	r.b = r.b[8:]
	return v
}

// DecodeWindow reads a window that AppendWindow wrote. Its memory is bounded by
// about half a kilobyte for each byte of data; what must hold against hostile bytes
// on a larger scale uses VisitWindow.
func DecodeWindow(data []byte) (*Window, error) {
	w := new(Window)
	var metricsErr error
	err := VisitWindow(data, func(head *Window) bool {
		lag := head.Lag
		*w = *head
		if lag != nil {
			w.Lag = hist.New()
			w.Lag.Merge(lag)
		}
		w.Metrics, metricsErr = ownMetrics(head.Metrics)
		return metricsErr == nil
	}, func(raw *RawEntry) error {
		e, err := raw.entry()
		w.Entries = append(w.Entries, e)
		return err
	})
	if err = errors.Join(err, metricsErr); err != nil {
		return nil, err
	}
	return w, nil
}

// entry makes an Entry that shares nothing with the bytes.
func (raw *RawEntry) entry() (Entry, error) {
	e := Entry{
		Label: string(raw.Label), Dims: string(raw.Dims),
		Requests: raw.Requests, Failures: raw.Failures,
		BytesIn: raw.BytesIn, BytesOut: raw.BytesOut, Redirects: raw.Redirects,
	}
	if len(raw.Statuses) > 0 {
		e.Statuses = make(map[int]int64, len(raw.Statuses))
		for _, s := range raw.Statuses {
			e.Statuses[s.Status] += s.N
		}
	}
	if len(raw.Causes) > 0 {
		e.Causes = make(map[Cause]int64, len(raw.Causes))
		for _, c := range raw.Causes {
			e.Causes[c.Cause] += c.N
		}
	}
	from := raw.histograms()
	for i, to := range e.histograms() {
		if *from[i] == nil {
			continue
		}
		*to = hist.New()
		if err := mergeWhole(*to, *from[i]); err != nil {
			return e, err
		}
	}
	return e, nil
}
