package k6

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"onrush.dev/onrush/internal/load"
)

// The stream of the onrush output; the frames stand in the output's own source,
// internal/tools/install/_k6/output.go.
const streamHeader = "onrush-k6 1\n"

// Bounds of what is believed of a stream.
const (
	mostText   = 1 << 20
	mostTagSet = 1 << 17
	mostPairs  = 1000
)

// streamReader reads frames. After the first fault every read returns zero, and
// err keeps the fault.
type streamReader struct {
	in      *bufio.Reader
	to      *sink
	tags    []*tagSet
	metrics []*metric
	last    int64
	err     error
}

// readStream reads to the end of k6's stream. A stream without its end frame is
// no fault: k6 may have been ended by force, and what it handed out counts.
func readStream(in *bufio.Reader, to *sink) error {
	defer to.flush()
	head := make([]byte, len(streamHeader))
	if _, err := io.ReadFull(in, head); err != nil {
		return nil // k6 ended before it had anything to say; its exit tells why
	}
	if string(head) != streamHeader {
		return load.Errorf(load.Invalid, "k6's onrush output is of another version than this program: run `onrush engines install k6`")
	}
	r := &streamReader{in: in, to: to}
	for {
		if in.Buffered() == 0 {
			to.flush() // about to wait: what is there must not
		}
		kind, err := in.ReadByte()
		if err != nil || kind == 'E' {
			if kind != 'E' && !errors.Is(err, io.EOF) {
				return err
			}
			return nil
		}
		r.frame(kind)
		switch {
		case errors.Is(r.err, io.EOF), errors.Is(r.err, io.ErrUnexpectedEOF):
			return nil // cut off in the middle of a frame
		case r.err != nil:
			return r.err
		}
	}
}

func (r *streamReader) frame(kind byte) {
	switch kind {
	case 'R':
		r.request()
	case 'S':
		r.sample()
	case 'T':
		r.readTags()
	case 'M':
		r.readMetric()
	case 'F':
		r.tags = r.tags[:0]
	default:
		r.fail(fmt.Errorf("an unknown frame %q", kind))
	}
}

func (r *streamReader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *streamReader) uint() uint64 {
	if r.err != nil {
		return 0
	}
	v, err := binary.ReadUvarint(r.in)
	if err != nil {
		r.fail(err)
	}
	return v
}

func (r *streamReader) span() time.Duration { return time.Duration(min(r.uint(), math.MaxInt64)) }

func (r *streamReader) instant() int64 {
	if r.err != nil {
		return 0
	}
	d, err := binary.ReadVarint(r.in)
	if err != nil {
		r.fail(err)
	}
	r.last += d
	return r.last
}

func (r *streamReader) byte() byte {
	if r.err != nil {
		return 0
	}
	b, err := r.in.ReadByte()
	if err != nil {
		r.fail(err)
	}
	return b
}

func (r *streamReader) text() string {
	n := r.uint()
	if n > mostText {
		r.fail(fmt.Errorf("a text of %d bytes", n))
	}
	if r.err != nil {
		return ""
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r.in, b); err != nil {
		r.fail(err)
	}
	return string(b)
}

func (r *streamReader) readTags() {
	id, n := r.uint(), r.uint()
	if id != uint64(len(r.tags)) || id > mostTagSet || n > mostPairs {
		r.fail(fmt.Errorf("tags %d with %d pairs after %d", id, n, len(r.tags)))
		return
	}
	pairs := make(map[string]string, n)
	for range n {
		name := r.text()
		pairs[name] = r.text()
	}
	if r.err == nil {
		r.tags = append(r.tags, r.to.tagSet(pairs))
	}
}

func (r *streamReader) readMetric() {
	id, name := r.uint(), r.text()
	kind, contains := r.byte(), r.byte()
	if id != uint64(len(r.metrics)) || kind > 3 {
		r.fail(fmt.Errorf("metric %d of kind %d after %d", id, kind, len(r.metrics)))
		return
	}
	kinds := [...]load.MetricKind{load.MetricCounter, load.MetricGauge, load.MetricTrend, load.MetricRate}
	units := map[byte]string{1: "ms", 2: "B"}
	r.metrics = append(r.metrics, r.to.metric(name, kinds[kind], units[contains]))
}

func (r *streamReader) tagsAt(id uint64) *tagSet {
	if id >= uint64(len(r.tags)) {
		r.fail(fmt.Errorf("tags %d of %d", id, len(r.tags)))
		return nil
	}
	return r.tags[id]
}

func (r *streamReader) request() {
	tags := r.tagsAt(r.uint())
	t := trail{end: r.instant()}
	for _, to := range [...]*time.Duration{&t.duration, &t.blocked, &t.connecting, &t.tls, &t.sending, &t.waiting, &t.receiving} {
		*to = r.span()
	}
	t.failed = r.byte()
	if r.err == nil {
		r.to.request(tags, &t)
	}
}

func (r *streamReader) sample() {
	id := r.uint()
	tags := r.tagsAt(r.uint())
	at := r.instant()
	var raw [8]byte
	if r.err == nil {
		if _, err := io.ReadFull(r.in, raw[:]); err != nil {
			r.fail(err)
		}
	}
	if id >= uint64(len(r.metrics)) {
		r.fail(fmt.Errorf("metric %d of %d", id, len(r.metrics)))
	}
	if r.err == nil {
		r.to.value(r.metrics[id], tags, at, math.Float64frombits(binary.LittleEndian.Uint64(raw[:])))
	}
}
