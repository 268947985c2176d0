package collect

import (
	"fmt"
	"strconv"

	"onrush.dev/onrush/internal/load"
)

// maxMetricNames bounds the metrics of a run that are told apart; what is beyond
// counts under Other, by kind.
const maxMetricNames = 1000

// mergeMetrics adds a window's metrics to the run's. The window was read once
// already: nothing in it can be wrong.
func (c *Collector) mergeMetrics(w *load.Window) bool {
	for i := range w.Metrics {
		m := &w.Metrics[i]
		if err := c.metric(m).Merge(m); err != nil {
			c.log.Error("cannot merge a metric", "metric", m.Name, "err", err)
		}
	}
	return true
}

// metric returns the run's sum of a metric, made when it is new. Two kinds of
// one name are two metrics.
func (c *Collector) metric(m *load.Metric) *load.Metric {
	if c.metrics == nil {
		c.metrics = map[string]*load.Metric{}
	}
	key := m.Name
	if known := c.metrics[key]; known != nil && known.Kind != m.Kind {
		key = m.Name + " (" + string(m.Kind) + ")"
	}
	if c.metrics[key] == nil && len(c.metrics) >= maxMetricNames {
		key = Other + " (" + string(m.Kind) + ")"
	}
	if c.metrics[key] == nil {
		c.metrics[key] = &load.Metric{Name: m.Name, Kind: m.Kind, Unit: m.Unit}
	}
	return c.metrics[key]
}

// metricFigures are all metrics as a report shows them; nil without any.
func (c *Collector) metricFigures(seconds float64) map[string]load.MetricFigures {
	if len(c.metrics) == 0 {
		return nil
	}
	out := make(map[string]load.MetricFigures, len(c.metrics))
	for name, m := range c.metrics {
		f := load.MetricFigures{Kind: m.Kind, Unit: m.Unit, Count: m.N, Sum: m.Sum, Min: m.Min, Max: m.Max, Last: m.Last}
		switch m.Kind {
		case load.MetricCounter:
			if seconds > 0 {
				f.Rate = m.Sum / seconds
			}
		case load.MetricRate, load.MetricCheck:
			share := 0.0
			if m.N > 0 {
				share = float64(m.Good) / float64(m.N)
			}
			f.Share = &share
			if m.Kind == load.MetricCheck {
				f.Passed, f.Failed = m.Good, m.N-m.Good
			}
		case load.MetricTrend:
			f.Trend = optional(m.Hist) // scaled by 1000 in the histogram, as latency is
		}
		out[name] = f
	}
	return out
}

// ToolCount tells a tool's own total of requests in one task; an empty text says
// that it told none.
func (c *Collector) ToolCount(task string, attempt int, text string) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.senderOf(senderKey{task, attempt}); s != nil {
		s.toolSaid = &n
	}
}

// toolNotes says where a tool counted other than we did.
func (c *Collector) toolNotes() []string {
	var lines []string
	for _, s := range c.sendersByName() {
		if s.toolSaid != nil && s.gone && *s.toolSaid != s.received {
			lines = append(lines, fmt.Sprintf("in task %s the tool itself counted %s, %d are in the figures", s.key.task, plural(*s.toolSaid, "request"), s.received))
		}
	}
	return shorten(lines, "more tasks whose tools counted otherwise")
}
