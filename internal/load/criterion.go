package load

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// Criterion is a pass rule:
//
//	p95 < 300ms
//	p99 of checkout in eu < 1s for 10s
//	failures < 1% for 30s, stop
//
// criterionparse.go has the grammar.
type Criterion struct {
	Metric  string   // as Measure writes it: p50…p99.99, mean, min, max, requests, rate, failures, bandwidth, ttfb p95, body p95, connect p95, dns p95, tcp p95, tls p95, lag p99, status 5xx
	Label   string   // empty: all
	Region  string   // empty: all
	Op      string   // < <= > >=
	Value   float64  // in the metric's unit: ms, count, requests/s, share of 1, bytes/s
	Percent bool     // failures or a status compared as a share of the requests
	For     Duration // judged over every window of this length; 0: over the whole run
	Stop    bool     // a breach ends the run
	Text    string   // as written
}

// Measure is the metric taken apart.
func (c Criterion) Measure() Measure {
	m, _ := ParseMeasure(c.Metric) // the parser's own text
	return m
}

// Meets says whether a figure, in the metric's unit, is as the criterion wants
// it.
func (c Criterion) Meets(found float64) bool {
	switch c.Op {
	case "<":
		return found < c.Value
	case "<=":
		return found <= c.Value
	case ">":
		return found > c.Value
	default:
		return found >= c.Value
	}
}

// FormatValue writes a figure of this criterion for people: "312 ms", "0.42 %".
func (c Criterion) FormatValue(v float64) string {
	switch m := c.Measure(); {
	case c.Percent:
		return legible(v*100) + " %"
	case m.Unit() == "B/s":
		return legibleBytes(v) + "/s"
	case m.Unit() != "":
		return legible(v) + " " + m.Unit()
	}
	return legible(v)
}

// legible has four significant digits, more only where there are more before
// the point: enough to see on which side of a bound a value lies.
func legible(v float64) string {
	before := 1
	for limit := 10.0; before < 4 && math.Abs(v) >= limit; limit *= 10 {
		before++
	}
	s := strconv.FormatFloat(v, 'f', 4-before, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

func legibleBytes(v float64) string {
	unit := "B"
	for _, larger := range []string{"kB", "MB", "GB"} {
		if math.Abs(v) < 1000 {
			break
		}
		v, unit = v/1000, larger
	}
	return legible(v) + " " + unit
}

// String is the canonical text: ParseCriterion reads it as the same rule.
func (c Criterion) String() string {
	var b strings.Builder
	b.WriteString(c.Metric)
	if c.Label != "" {
		b.WriteString(" of " + quoteName(c.Label))
	}
	if c.Region != "" {
		b.WriteString(" in " + quoteName(c.Region))
	}
	b.WriteString(" " + c.Op + " " + c.valueText())
	if c.For > 0 {
		b.WriteString(" for " + c.For.String())
	}
	if c.Stop {
		b.WriteString(", stop")
	}
	return b.String()
}

func (c Criterion) valueText() string {
	switch m := c.Measure(); {
	case c.Percent:
		return Percent(c.Value*float64(Whole) + 0.5).String()
	case m.Timed():
		return Duration(c.Value*1e6 + 0.5).String()
	case m.Of == OfRate:
		return Rate(c.Value).String()
	case m.Of == OfBandwidth:
		return Bytes(c.Value).String() + "/s"
	}
	return formatFloat(c.Value)
}

// quoteName puts a name in quotes when it would be read as something else.
func quoteName(name string) string {
	plain := name != "" && !strings.ContainsAny(name, " \t\r\n\"<>,=!\\") && name != "of" && name != "in" && name != "for" &&
		strings.IndexFunc(name, func(c rune) bool { return c > '~' || c < ' ' }) < 0
	if plain {
		return name
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
}

// MarshalText writes the criterion as it was written.
func (c Criterion) MarshalText() ([]byte, error) {
	if c.Text != "" {
		return []byte(c.Text), nil
	}
	return []byte(c.String()), nil
}

// UnmarshalText reads a criterion's text.
func (c *Criterion) UnmarshalText(text []byte) error {
	read, err := ParseCriterion(string(text))
	if err == nil {
		*c = read
	}
	return err
}

// UnmarshalJSON reads the text, or the longer form {"if": "p95 < 300ms",
// "action": "stop"}.
func (c *Criterion) UnmarshalJSON(data []byte) error {
	if len(data) == 0 || data[0] != '{' {
		return readJSON(c, data)
	}
	var long struct{ If, Action string }
	if err := json.Unmarshal(data, &long); err != nil {
		return err
	}
	return c.SetRule(long.If, long.Action)
}

// SetRule reads the longer form of a criterion: a rule, and what a breach does.
func (c *Criterion) SetRule(rule, action string) error {
	read, err := ParseCriterion(rule)
	if err == nil && action != "" {
		read.Stop = false
		err = read.setAction(action)
		read.Text = read.String()
	}
	if err == nil {
		*c = read
	}
	return err
}
