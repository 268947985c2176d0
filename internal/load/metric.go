package load

import (
	"encoding/binary"
	"math"

	"onrush.dev/onrush/internal/hist"
)

// Metric is what a script counts beside its requests, in one second of one
// task: checks, and metrics of its own. Metrics are summed over tasks by name.
type Metric struct {
	Name string
	Kind MetricKind
	Unit string // "ms", "B", or empty
	N    int64  // values in this second
	Good int64  // of a rate or check: values that were not 0
	Sum  float64
	Min  float64
	Max  float64
	Last float64
	Hist *hist.Hist // of a trend: values times 1000, so that ms are whole µs
	// Bytes is Hist as VisitWindow hands it out: valid only during the call.
	Bytes []byte
}

// MetricKind says how values of a metric are summed up.
type MetricKind string

// The kinds of metrics.
const (
	MetricCounter MetricKind = "counter" // a sum
	MetricGauge   MetricKind = "gauge"   // the last value, the least and the greatest
	MetricRate    MetricKind = "rate"    // how many were not 0
	MetricTrend   MetricKind = "trend"   // a distribution
	MetricCheck   MetricKind = "check"   // a rate whose name is a check's
)

// TrendScale is what values of a trend are multiplied by in its histogram.
const TrendScale = 1000

// Add takes a value in.
func (m *Metric) Add(v float64) {
	if m.N == 0 || v < m.Min {
		m.Min = v
	}
	if m.N == 0 || v > m.Max {
		m.Max = v
	}
	m.N++
	m.Sum += v
	m.Last = v
	if v != 0 {
		m.Good++
	}
	if m.Kind == MetricTrend {
		if m.Hist == nil {
			m.Hist = hist.New()
		}
		m.Hist.Record(int64(math.Round(v * TrendScale)))
	}
}

// Merge adds another second, or another task's, of the same metric.
func (m *Metric) Merge(o *Metric) error {
	if o.N == 0 {
		return nil
	}
	if m.N == 0 || o.Min < m.Min {
		m.Min = o.Min
	}
	if m.N == 0 || o.Max > m.Max {
		m.Max = o.Max
	}
	m.N, m.Good, m.Sum, m.Last = m.N+o.N, m.Good+o.Good, m.Sum+o.Sum, o.Last
	if m.Hist == nil && (o.Hist.Count() > 0 || len(o.Bytes) > 0) {
		m.Hist = hist.New()
	}
	if o.Hist.Count() > 0 {
		m.Hist.Merge(o.Hist)
	}
	if len(o.Bytes) > 0 {
		return mergeWhole(m.Hist, o.Bytes)
	}
	return nil
}

// MetricFigures is a metric in a report. Share, of a rate or check, is the part
// of its values that were not 0.
type MetricFigures struct {
	Kind   MetricKind `json:"kind"`
	Unit   string     `json:"unit,omitempty"`
	Count  int64      `json:"count"`
	Sum    float64    `json:"sum"`
	Rate   float64    `json:"per_second,omitempty"` // of a counter
	Share  *float64   `json:"share,omitempty"`
	Passed int64      `json:"passed,omitempty"` // of a check
	Failed int64      `json:"failed,omitempty"`
	Min    float64    `json:"min"`
	Max    float64    `json:"max"`
	Last   float64    `json:"last"`
	Trend  *Latency   `json:"trend,omitempty"` // in the metric's own unit
}

func (e *windowEncoder) enterMetrics(w *Window) {
	for i := range w.Metrics {
		e.enter(w.Metrics[i].Name)
		e.enter(string(w.Metrics[i].Kind))
		e.enter(w.Metrics[i].Unit)
	}
}

func (e *windowEncoder) metrics(w *Window) {
	e.uint(uint64(len(w.Metrics)))
	for i := range w.Metrics {
		m := &w.Metrics[i]
		e.string(m.Name)
		e.string(string(m.Kind))
		e.string(m.Unit)
		e.int(m.N)
		e.int(m.Good)
		for _, v := range [...]float64{m.Sum, m.Min, m.Max, m.Last} {
			e.b = binary.LittleEndian.AppendUint64(e.b, math.Float64bits(v))
		}
		if m.Hist.Count() > 0 {
			e.histogram(m.Hist)
		} else {
			e.uint(0)
		}
	}
}

// readMetrics reads into memory that is used again for the next window.
func (v *windowVisitor) readMetrics() {
	n := v.length()
	v.metrics = v.metrics[:0]
	for ; n > 0 && v.err == nil; n-- {
		m := Metric{Name: string(v.word()), Kind: MetricKind(v.word()), Unit: string(v.word())}
		m.N, m.Good = v.int(), v.int()
		for _, to := range [...]*float64{&m.Sum, &m.Min, &m.Max, &m.Last} {
			*to = math.Float64frombits(v.fixed64())
		}
		if m.Bytes = v.bytes(); len(m.Bytes) == 0 {
			m.Bytes = nil
		} else if v.err == nil {
			v.scratch.Reset()
			if err := mergeWhole(&v.scratch, m.Bytes); err != nil {
				v.fail(err)
			}
		}
		v.metrics = append(v.metrics, m)
	}
	v.window.Metrics = v.metrics
}

// ownMetrics copies metrics that VisitWindow handed out.
func ownMetrics(read []Metric) ([]Metric, error) {
	var own []Metric
	for _, m := range read {
		if len(m.Bytes) > 0 {
			m.Hist = hist.New()
			if err := mergeWhole(m.Hist, m.Bytes); err != nil {
				return nil, err
			}
			m.Bytes = nil
		}
		own = append(own, m)
	}
	return own, nil
}
