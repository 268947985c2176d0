package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"go.k6.io/k6/v2/lib/netext/httpext"
	"go.k6.io/k6/v2/metrics"
	"go.k6.io/k6/v2/output"
)

// The stream is the line "onrush-k6 1\n", then frames: a byte that names the
// frame, then its fields. Numbers are unsigned varints, instants signed varints
// in ns since the frame before, texts a length and bytes.
//
//	T tags     id, count, then name and value of each
//	M metric   id, name, type (0 counter, 1 gauge, 2 trend, 3 rate), contains (0 default, 1 time, 2 data)
//	R request  tags, end, then duration, blocked, connecting, tls, sending,
//	           waiting, receiving in ns; failed (0 no, 1 yes, 2 not said)
//	S sample   metric, tags, instant, value as 8 bytes, lowest first
//	F forget   all tags: their ids begin anew
//	E end      the run is over and all that k6 handed out stands before
//
// A request is what k6 calls a trail: one frame for its nine samples.
const header = "onrush-k6 1\n"

const (
	flushEvery = 100 * time.Millisecond
	mostTags   = 50_000 // sets of tags remembered at once
)

// Output writes samples to the file that its argument names.
type Output struct {
	output.SampleBuffer

	path    string
	out     io.WriteCloser
	flusher *output.PeriodicFlusher
	buf     []byte
	tags    map[*metrics.TagSet]uint64
	metrics map[*metrics.Metric]uint64
	last    int64 // instant of the frame before, ns
	failed  error
}

// New makes an output; k6 calls it.
func New(p output.Params) (output.Output, error) {
	if p.ConfigArgument == "" {
		return nil, fmt.Errorf("the onrush output needs a file: --out onrush=FILE")
	}
	return &Output{
		path: p.ConfigArgument,
		tags: map[*metrics.TagSet]uint64{}, metrics: map[*metrics.Metric]uint64{},
	}, nil
}

// Description says in k6's banner where samples go.
func (o *Output) Description() string { return "onrush" }

// Start opens the file and begins to write to it.
func (o *Output) Start() (err error) {
	if o.out, err = os.OpenFile(o.path, os.O_WRONLY|os.O_APPEND, 0); err != nil {
		return err
	}
	o.buf = append(o.buf, header...)
	o.flusher, err = output.NewPeriodicFlusher(flushEvery, o.flush)
	return err
}

// Stop writes what is left and the end.
func (o *Output) Stop() error {
	o.flusher.Stop()
	o.buf = append(o.buf, 'E')
	o.write()
	if err := o.out.Close(); err != nil && o.failed == nil {
		o.failed = err
	}
	return o.failed
}

func (o *Output) flush() {
	for _, container := range o.GetBufferedSamples() {
		if trail, ok := container.(*httpext.Trail); ok {
			o.request(trail)
		} else {
			for _, s := range container.GetSamples() {
				o.sample(&s)
			}
		}
		if len(o.buf) > 1<<16 {
			o.write()
		}
	}
	o.write()
}

func (o *Output) write() {
	if len(o.buf) == 0 || o.failed != nil {
		o.buf = o.buf[:0]
		return
	}
	_, o.failed = o.out.Write(o.buf)
	o.buf = o.buf[:0]
}

func (o *Output) uint(n uint64) { o.buf = binary.AppendUvarint(o.buf, n) }

func (o *Output) text(s string) {
	o.uint(uint64(len(s)))
	o.buf = append(o.buf, s...)
}

func (o *Output) span(d time.Duration) { o.uint(uint64(max(0, d))) }

func (o *Output) instant(t time.Time) {
	ns := t.UnixNano()
	o.buf = binary.AppendVarint(o.buf, ns-o.last)
	o.last = ns
}

func (o *Output) request(t *httpext.Trail) {
	tags := o.tagsOf(t.Tags)
	o.buf = append(o.buf, 'R')
	o.uint(tags)
	o.instant(t.EndTime)
	for _, d := range [...]time.Duration{t.Duration, t.Blocked, t.Connecting, t.TLSHandshaking, t.Sending, t.Waiting, t.Receiving} {
		o.span(d)
	}
	failed := byte(2)
	if t.Failed.Valid {
		failed = 0
		if t.Failed.Bool {
			failed = 1
		}
	}
	o.buf = append(o.buf, failed)
}

func (o *Output) sample(s *metrics.Sample) {
	metric, tags := o.metricOf(s.Metric), o.tagsOf(s.Tags)
	o.buf = append(o.buf, 'S')
	o.uint(metric)
	o.uint(tags)
	o.instant(s.Time)
	o.buf = binary.LittleEndian.AppendUint64(o.buf, math.Float64bits(s.Value))
}

func (o *Output) tagsOf(set *metrics.TagSet) uint64 {
	if id, ok := o.tags[set]; ok {
		return id
	}
	if len(o.tags) >= mostTags {
		clear(o.tags)
		o.buf = append(o.buf, 'F')
	}
	id := uint64(len(o.tags))
	o.tags[set] = id
	all := set.Map()
	o.buf = append(o.buf, 'T')
	o.uint(id)
	o.uint(uint64(len(all)))
	for name, value := range all {
		o.text(name)
		o.text(value)
	}
	return id
}

func (o *Output) metricOf(m *metrics.Metric) uint64 {
	if id, ok := o.metrics[m]; ok {
		return id
	}
	id := uint64(len(o.metrics))
	o.metrics[m] = id
	o.buf = append(o.buf, 'M')
	o.uint(id)
	o.text(m.Name)
	o.buf = append(o.buf, byte(m.Type), byte(m.Contains))
	return id
}
