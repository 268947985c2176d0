package record

import (
	"time"

	"onrush.dev/onrush/internal/load"
)

// maxMetrics is how many metrics are kept apart; values of further ones count
// under Other, by kind.
const maxMetrics = 500

// Value is one value of a metric.
type Value struct {
	Metric int           // from Recorder.Metric
	At     time.Duration // since the run's start
	Value  float64
}

// metricKey names a metric; two tools' metrics of one name and kind are one.
type metricKey struct {
	name string
	kind load.MetricKind
	unit string
}

// Metric returns the number that stands for a metric in values. Engines ask
// once and keep it.
func (r *Recorder) Metric(name string, kind load.MetricKind, unit string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := metricKey{name, kind, unit}
	if id, ok := r.metricIDs[key]; ok {
		return id
	}
	if len(r.metrics) >= maxMetrics {
		key = metricKey{name: Other, kind: kind}
		if id, ok := r.metricIDs[key]; ok {
			return id
		}
	}
	if r.metricIDs == nil {
		r.metricIDs = map[metricKey]int{}
	}
	id := len(r.metrics)
	r.metricIDs[key] = id
	r.metrics = append(r.metrics, key)
	return id
}

// Measure adds values of metrics. It does not keep the slice.
func (r *Recorder) Measure(values []Value) {
	if len(values) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range values {
		v := &values[i]
		if v.Metric < 0 || v.Metric >= len(r.metrics) {
			continue // a fault of its engine; there is nothing to count it under
		}
		r.second(secondOf(v.At)).metric(r, v.Metric).Add(v.Value)
	}
}

// Transfer adds bytes that belong to no label, of tools that count them so.
func (r *Recorder) Transfer(at time.Duration, in, out int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	sec := r.second(secondOf(at))
	sec.in += in
	sec.out += out
}

// metric returns a metric's figures of this second.
func (sec *second) metric(r *Recorder, id int) *load.Metric {
	for len(sec.metrics) <= id {
		key := r.metrics[len(sec.metrics)]
		sec.metrics = append(sec.metrics, load.Metric{Name: key.name, Kind: key.kind, Unit: key.unit})
	}
	return &sec.metrics[id]
}

func (sec *second) mergeMetrics(r *Recorder, o *second) {
	sec.in += o.in
	sec.out += o.out
	for id := range o.metrics {
		_ = sec.metric(r, id).Merge(&o.metrics[id]) // both are in memory: it cannot fail
	}
}

func (sec *second) resetMetrics() {
	for i := range sec.metrics {
		m := &sec.metrics[i]
		if m.Hist != nil {
			m.Hist.Reset()
		}
		*m = load.Metric{Name: m.Name, Kind: m.Kind, Unit: m.Unit, Hist: m.Hist}
	}
}

// shownMetrics lists the metrics with values for a window. It shares the
// histograms.
func (sec *second) shownMetrics() []load.Metric {
	var shown []load.Metric
	for i := range sec.metrics {
		if m := &sec.metrics[i]; m.N > 0 {
			one := *m
			one.Hist = filled(m.Hist)
			shown = append(shown, one)
		}
	}
	return shown
}

// unlabelled is the entry of bytes that belong to no label.
func (sec *second) unlabelled(entries []load.Entry) []load.Entry {
	if sec.in == 0 && sec.out == 0 {
		return entries
	}
	return append(entries, load.Entry{BytesIn: sec.in, BytesOut: sec.out})
}
