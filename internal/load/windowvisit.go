package load

import (
	"encoding/binary"
	"fmt"
	"math"
	"sync"

	"onrush.dev/onrush/internal/hist"
)

// RawEntry is an Entry as it stands in a window's bytes: names and histograms
// are slices of these, so that nothing is copied. It is valid only during the
// call that hands it out. An empty histogram is nil; the others are for
// hist.Hist's MergeBinary.
type RawEntry struct {
	Label, Dims                       []byte
	Requests, Failures                int64
	BytesIn, BytesOut                 int64
	Redirects                         int64
	Statuses                          []RawStatus
	Causes                            []RawCause
	Latency, Service, FirstByte, Body []byte
	Connect, DNS, TCP, TLS            []byte
}

// histograms are in the order of Entry's.
func (raw *RawEntry) histograms() [histCount]*[]byte {
	return [...]*[]byte{&raw.Latency, &raw.Service, &raw.FirstByte, &raw.Body, &raw.Connect, &raw.DNS, &raw.TCP, &raw.TLS}
}

// RawStatus is a status code with its number of responses.
type RawStatus struct {
	Status int
	N      int64
}

// RawCause is a cause of failure with its number of requests.
type RawCause struct {
	Cause Cause
	N     int64
}

// VisitWindow reads a window without making one: it calls head once with all
// but the entries, and then, if head returned true, entry for each of them. What
// both get is used again for the next window and valid only during the call,
// the histogram Lag too. An error of entry ends the visit and is returned.
//
// Bytes that are not those of a whole window are refused before the first call.
// VisitWindow takes no memory that grows with what the bytes claim.
func VisitWindow(data []byte, head func(*Window) bool, entry func(*RawEntry) error) error {
	v := visitors.Get().(*windowVisitor)
	defer visitors.Put(v)
	if err := v.open(data); err != nil {
		return fmt.Errorf("read window: %w", err)
	}
	if err := v.visit(head, entry); err != nil {
		return fmt.Errorf("read window: %w", err)
	}
	return nil
}

// visitors spares a busy reader all allocation; it holds memory, no state.
var visitors = sync.Pool{New: func() any { return new(windowVisitor) }}

type windowVisitor struct {
	windowReader
	table   [][]byte
	window  Window
	lag     hist.Hist
	metrics []Metric
	scratch hist.Hist
	entry   RawEntry
}

// open checks what can be checked before the first field is believed.
func (v *windowVisitor) open(data []byte) error {
	v.windowReader = windowReader{}
	if len(data) < 1+checksumSize {
		return errWindowShort
	}
	if data[0] != windowVersion {
		return fmt.Errorf("version is %d, this program reads %d", data[0], windowVersion)
	}
	body, sum := data[:len(data)-checksumSize], data[len(data)-checksumSize:]
	if windowChecksum(body) != binary.LittleEndian.Uint32(sum) {
		return errWindowChecksum
	}
	v.b = body[1:]
	return nil
}

func (v *windowVisitor) visit(head func(*Window) bool, entry func(*RawEntry) error) error {
	v.readStrings()
	v.readHead()
	v.readMetrics()
	n := v.length()
	if v.err != nil {
		return v.err
	}
	if !head(&v.window) {
		return nil
	}
	for range n {
		v.readEntry()
		if v.err != nil {
			return v.err
		}
		if err := entry(&v.entry); err != nil {
			return err
		}
	}
	if len(v.b) != 0 {
		return fmt.Errorf("%d bytes follow the last entry", len(v.b))
	}
	return nil
}

func (v *windowVisitor) readStrings() {
	v.table = v.table[:0]
	for n := v.length(); n > 0 && v.err == nil; n-- {
		v.table = append(v.table, v.bytes())
	}
}

// word reads a string's place and returns the string.
func (v *windowVisitor) word() []byte {
	place := v.uint()
	if place >= uint64(len(v.table)) {
		v.fail(errWindowString)
		return nil
	}
	return v.table[place]
}

func (v *windowVisitor) readHead() {
	w := &v.window
	lastTask := w.Task
	*w = Window{}
	w.Task = keptString(lastTask, v.word())
	w.Attempt = int(v.int())
	w.Seq = v.uint()
	w.Second = int(v.int())
	w.Partial = v.int()&flagPartial != 0
	w.Until = v.int()
	w.Users = int(v.int())
	w.Offered = v.int()
	w.Started = v.int()
	w.Late = v.int()
	w.InFlight = v.int()
	w.Sent = v.int()
	w.Clamped = v.int()
	for _, n := range w.Health.numbers() {
		*n = v.int()
	}
	w.Health.Limited = string(v.word())
	for _, share := range w.Health.shares() {
		*share = math.Float64frombits(v.fixed64())
	}
	raw := v.bytes()
	if v.err != nil {
		return
	}
	v.lag.Reset()
	if err := mergeWhole(&v.lag, raw); err != nil {
		v.fail(err)
	}
	if v.lag.Count() > 0 {
		w.Lag = &v.lag
	}
}

func (v *windowVisitor) readEntry() {
	e := &v.entry
	*e = RawEntry{Statuses: e.Statuses[:0], Causes: e.Causes[:0]}
	e.Label, e.Dims = v.word(), v.word()
	e.Requests, e.Failures = v.int(), v.int()
	e.BytesIn, e.BytesOut = v.int(), v.int()
	e.Redirects = v.int()
	for n := v.length(); n > 0 && v.err == nil; n-- {
		e.Statuses = append(e.Statuses, RawStatus{int(v.int()), v.int()})
	}
	for n := v.length(); n > 0 && v.err == nil; n-- {
		place := v.int()
		if place < 0 || place >= int64(len(v.table)) {
			v.fail(errWindowString)
			return
		}
		e.Causes = append(e.Causes, RawCause{causeOf(v.table[place]), v.int()})
	}
	mask := v.uint()
	if mask >= 1<<histCount {
		v.fail(errWindowHistogram)
	}
	for i, to := range e.histograms() {
		if mask&(1<<i) != 0 && v.err == nil {
			*to = v.bytes()
		}
	}
}

// mergeWhole adds the histogram in raw, which must hold nothing else.
func mergeWhole(h *hist.Hist, raw []byte) error {
	rest, err := h.MergeBinary(raw)
	if err == nil && len(rest) != 0 {
		err = errWindowHistogram
	}
	return err
}

// keptString returns last when it has the bytes of b, to save an allocation: a
// reader sees the same few tasks again and again.
func keptString(last string, b []byte) string {
	if last == string(b) {
		return last
	}
	return string(b)
}

// causeOf returns the constant with these bytes, without allocation, or a new
// Cause when there is none.
func causeOf(b []byte) Cause {
	for _, cause := range causes {
		if string(b) == string(cause) {
			return cause
		}
	}
	return Cause(b)
}

var causes = [...]Cause{
	CauseStatus, CauseTimeout, CauseRefused, CauseReset, CauseClosed, CauseConnect,
	CauseDNS, CauseTLS, CauseMalformed, CauseTooLarge, CauseBody, CauseRedirect,
	CauseStopped, CauseData, CauseOther, CauseCheck, CauseExtract,
}
