package collect

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// judgeThresholds judges the script's own pass rules on the figures of all
// tasks together. A tool judges each of its processes by itself, which is
// another question when there are several.
func (c *Collector) judgeThresholds(seconds float64) []load.CriterionResult {
	if c.script == nil {
		return nil
	}
	var out []load.CriterionResult
	for _, t := range c.script.Thresholds {
		out = append(out, c.judgeThreshold(t, seconds))
	}
	return out
}

// thresholdRule takes "p(95)<500", "rate > 0.9", "count>=10" apart.
var thresholdRule = regexp.MustCompile(`^\s*(avg|min|med|max|count|rate|value|p\(\s*([0-9.]+)\s*\))\s*(<=|>=|===|==|!=|<|>)\s*([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*$`)

func (c *Collector) judgeThreshold(t load.ScriptThreshold, seconds float64) load.CriterionResult {
	out := load.CriterionResult{Criterion: "script: " + t.String(), Verdict: load.NotJudged}
	parts := thresholdRule.FindStringSubmatch(t.Rule)
	if parts == nil {
		out.Why = "the rule is of a form that is not judged over several tasks; see the tool's own log"
		return out
	}
	want, err := strconv.ParseFloat(parts[4], 64)
	if err != nil {
		out.Why = err.Error()
		return out
	}
	m := c.metrics[t.Metric]
	if m == nil || m.N == 0 {
		// The tools themselves let a rule on nothing pass.
		out.Why = "the script gave no value of " + t.Metric
		if c.status == load.Ended || c.status == load.Finishing {
			out.Verdict = load.Passed
		}
		return out
	}
	found, ok := statOf(m, parts[1], parts[2], seconds)
	if !ok {
		out.Why = fmt.Sprintf("a %s has no %s", m.Kind, parts[1])
		return out
	}
	out.Found, out.FoundText = &found, strings.TrimSpace(number(found)+" "+unitOf(m, parts[1]))
	out.Verdict = load.Failed
	if holds(found, parts[3], want) {
		out.Verdict = load.Passed
	}
	return out
}

func unitOf(m *load.Metric, stat string) string {
	if stat == "rate" || stat == "count" {
		return ""
	}
	return m.Unit
}

// statOf is one figure of a metric, as the script's rule names it.
func statOf(m *load.Metric, stat, percent string, seconds float64) (float64, bool) {
	switch {
	case stat == "count":
		if m.Kind == load.MetricCounter {
			return m.Sum, true
		}
		return float64(m.N), true
	case stat == "rate" && m.Kind == load.MetricCounter:
		return m.Sum / max(seconds, 1e-9), seconds > 0
	case stat == "rate" && (m.Kind == load.MetricRate || m.Kind == load.MetricCheck):
		return float64(m.Good) / float64(m.N), true
	case stat == "value":
		return m.Last, m.Kind == load.MetricGauge
	case m.Kind != load.MetricTrend:
		return 0, false
	}
	switch stat {
	case "avg":
		return m.Sum / float64(m.N), true
	case "min":
		return m.Min, true
	case "max":
		return m.Max, true
	case "med":
		return float64(m.Hist.Quantile(0.5)) / load.TrendScale, true
	}
	p, err := strconv.ParseFloat(percent, 64)
	return float64(m.Hist.Quantile(p/100)) / load.TrendScale, err == nil && p >= 0 && p <= 100
}

func holds(found float64, op string, want float64) bool {
	switch op {
	case "<":
		return found < want
	case "<=":
		return found <= want
	case ">":
		return found > want
	case ">=":
		return found >= want
	case "!=":
		return found != want
	}
	return found == want
}

// Script tells what the run's script says, once a task has read it.
func (c *Collector) Script(facts *load.ScriptFacts) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if facts != nil && c.script == nil {
		c.script = facts
	}
}
