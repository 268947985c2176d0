package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// mostMetrics keeps a report readable; all of them are in its JSON.
const mostMetrics = 60

// metrics lists a script's checks, then its other metrics.
func (p *page) metrics(all map[string]load.MetricFigures) {
	if len(all) == 0 {
		return
	}
	var checks, others []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if all[name].Kind == load.MetricCheck {
			checks = append(checks, name)
		} else {
			others = append(others, name)
		}
	}
	if len(checks) > 0 {
		p.title("Checks")
		for _, name := range checks {
			m := all[name]
			text := fmt.Sprintf("%s of %s (%s)", count(m.Passed), count(m.Count), share(m.Passed, m.Count))
			if m.Failed > 0 {
				text = p.paint.red(text)
			}
			p.line("  %s  %s", text, shown(name, p.width-30))
		}
	}
	if len(others) > 0 {
		p.title("Metrics of the script")
	}
	for i, name := range others {
		if i == mostMetrics {
			p.line("  and %d more", len(others)-i)
			return
		}
		p.line("  %s", shown(name+": "+metricText(all[name]), p.width-2))
	}
}

// metricText is a metric's figures in a line.
func metricText(m load.MetricFigures) string {
	unit := ""
	if m.Unit != "" {
		unit = " " + m.Unit
	}
	switch m.Kind {
	case load.MetricCounter:
		return fmt.Sprintf("%s%s, %s/s", figure(m.Sum), unit, figure(m.Rate))
	case load.MetricRate:
		part := 0.0
		if m.Share != nil {
			part = *m.Share
		}
		return fmt.Sprintf("%.2f %% of %s", 100*part, count(m.Count))
	case load.MetricTrend:
		if t := m.Trend; t != nil {
			return fmt.Sprintf("mean %s, p50 %s, p90 %s, p95 %s, p99 %s, max %s%s, %s values", figure(t.Mean), figure(t.P50), figure(t.P90), figure(t.P95), figure(t.P99), figure(t.Max), unit, count(m.Count))
		}
		return "no values"
	}
	return fmt.Sprintf("%s%s, least %s, greatest %s", figure(m.Last), unit, figure(m.Min), figure(m.Max))
}

// shown is a text that a script chose, on one line that fits.
func shown(text string, width int) string {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > width && width > 1 {
		return string(runes[:width-1]) + "…"
	}
	return string(runes)
}
