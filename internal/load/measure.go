package load

import (
	"fmt"
	"strconv"
	"strings"
)

// Measure is the figure that a criterion judges, taken apart.
type Measure struct {
	Of       MeasureOf
	Stat     MeasureStat // of a time; empty for counts
	Quantile float64     // for StatQuantile, between 0 and 1: 0.95
	// Status is the set of statuses counted, for OfStatus.
	Status StatusPattern
}

// MeasureOf says what is measured.
type MeasureOf string

// What can be measured. The first eight are times, kept as histograms.
const (
	OfLatency   MeasureOf = "latency"
	OfFirstByte MeasureOf = "ttfb"    // send to first response byte
	OfBody      MeasureOf = "body"    // first response byte to the last
	OfConnect   MeasureOf = "connect" // opening a connection, whose parts are:
	OfDNS       MeasureOf = "dns"
	OfTCP       MeasureOf = "tcp"
	OfTLS       MeasureOf = "tls"
	OfLag       MeasureOf = "lag" // begin minus due, open model
	OfRequests  MeasureOf = "requests"
	OfRate      MeasureOf = "rate" // requests answered a second
	OfFailures  MeasureOf = "failures"
	OfBandwidth MeasureOf = "bandwidth" // bytes received a second
	OfStatus    MeasureOf = "status"    // responses with a status
)

// MeasureStat says which figure of a histogram is meant.
type MeasureStat string

// The figures of a histogram.
const (
	StatQuantile MeasureStat = "quantile"
	StatMean     MeasureStat = "mean"
	StatMin      MeasureStat = "min"
	StatMax      MeasureStat = "max"
)

// Timed says whether the measure is a time, in milliseconds.
func (m Measure) Timed() bool { return m.Stat != "" }

// Shareable says whether the measure can be compared in % of the requests.
func (m Measure) Shareable() bool { return m.Of == OfFailures || m.Of == OfStatus }

// String is the measure as a criterion writes it: "p95", "ttfb p99",
// "status 5xx".
func (m Measure) String() string {
	stat := string(m.Stat)
	if m.Stat == StatQuantile {
		stat = "p" + percentile(m.Quantile)
	}
	switch {
	case m.Of == OfLatency:
		return stat
	case m.Timed():
		return string(m.Of) + " " + stat
	case m.Of == OfStatus:
		return "status " + m.Status.String()
	}
	return string(m.Of)
}

// Unit is what a criterion's value is in, for people.
func (m Measure) Unit() string {
	switch {
	case m.Timed():
		return "ms"
	case m.Of == OfRate:
		return "requests/s"
	case m.Of == OfBandwidth:
		return "B/s"
	}
	return ""
}

// percentile writes 0.999 as 99.9, as it was written before.
func percentile(q float64) string { return formatFloat(float64(int64(q*1e5+0.5)) / 1e3) }

const measuresAllowed = "p50 to p99.99, mean, min, max (of latency, or after ttfb, body, connect, dns, tcp, tls or lag), requests, rate, failures, bandwidth, status 5xx"

var (
	timeWords = map[string]MeasureOf{
		"latency": OfLatency, "ttfb": OfFirstByte, "body": OfBody, "lag": OfLag,
		"connect": OfConnect, "dns": OfDNS, "tcp": OfTCP, "tls": OfTLS,
	}
	countWords = map[string]MeasureOf{"requests": OfRequests, "rate": OfRate, "failures": OfFailures, "bandwidth": OfBandwidth}
	statWords  = map[string]MeasureStat{"mean": StatMean, "avg": StatMean, "min": StatMin, "max": StatMax}
)

// ParseMeasure reads the figure of a criterion: p95, mean, ttfb p99, failures,
// bandwidth, status 5xx.
func ParseMeasure(text string) (Measure, error) {
	first, second, two := strings.Cut(strings.Join(strings.Fields(text), " "), " ")
	if of, ok := countWords[first]; ok && !two {
		return Measure{Of: of}, nil
	}
	if first == string(OfStatus) {
		m := Measure{Of: OfStatus}
		if !two {
			return m, fmt.Errorf("status needs to be said: write status 5xx, status 429 or status 500-503")
		}
		return m, m.Status.UnmarshalText([]byte(second))
	}
	of, timed := timeWords[first]
	switch {
	case timed && !two:
		return Measure{}, fmt.Errorf("%s needs a figure: write %s p95, %s mean or %s max", first, first, first, first)
	case !timed && two:
		if _, _, err := parseStat(first); err == nil || countWords[first] != "" {
			return Measure{}, fmt.Errorf("%q follows %s, where one of < <= > >= is expected", second, first)
		}
		return Measure{}, unknownMeasure(first)
	case !timed:
		of, second = OfLatency, first
	}
	stat, q, err := parseStat(second)
	return Measure{Of: of, Stat: stat, Quantile: q}, err
}

func parseStat(word string) (MeasureStat, float64, error) {
	if stat, ok := statWords[word]; ok {
		return stat, 0, nil
	}
	if word == "median" {
		return StatQuantile, 0.5, nil
	}
	digits, ok := strings.CutPrefix(word, "p")
	inner := strings.TrimSuffix(strings.TrimPrefix(digits, "("), ")")
	if !ok || !isDecimal(inner) {
		return "", 0, unknownMeasure(word)
	}
	if inner != digits {
		return "", 0, fmt.Errorf("write p%s, not %s", inner, word)
	}
	percent, err := strconv.ParseFloat(digits, 64)
	if _, exact, _ := readFixed(digits, 3); err != nil || percent <= 0 || percent >= 100 || !exact {
		return "", 0, fmt.Errorf("%q is no percentile: write p50 to p99.99, with at most three digits after the point", word)
	}
	return StatQuantile, percent / 100, nil
}

func unknownMeasure(word string) error {
	means := map[string]string{
		"errors": "failures", "error_rate": "failures", "fails": "failures", "average": "mean", "throughput": "rate", "rps": "rate",
		"count": "requests", "first_byte": "ttfb p95", "response_time": "mean",
		"handshake": "tls p95", "receive": "body p95", "download": "body p95",
	}[word]
	if means == "" {
		means = Nearest(word, []string{"mean", "min", "max", "requests", "rate", "failures", "bandwidth", "status", "ttfb", "body", "connect", "dns", "tcp", "tls", "lag", "median"})
	}
	if means != "" {
		return fmt.Errorf("there is no figure %q; did you mean %s?", word, means)
	}
	return fmt.Errorf("there is no figure %q: write one of %s", word, measuresAllowed)
}
