package load

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestCriteria(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text, canonical string // "": as text
		want            Criterion
	}{
		{"p95 < 300ms", "", Criterion{Metric: "p95", Op: "<", Value: 300}},
		{"p95<300ms", "p95 < 300ms", Criterion{Metric: "p95", Op: "<", Value: 300}},
		{"p99.9 of checkout in eu < 1s for 10s", "", Criterion{Metric: "p99.9", Label: "checkout", Region: "eu", Op: "<", Value: 1000, For: 10e9}},
		{"p50 in eu of checkout <= 1.5s", "p50 of checkout in eu <= 1.5s", Criterion{Metric: "p50", Label: "checkout", Region: "eu", Op: "<=", Value: 1500}},
		{`max of "log in, please" < 2s`, "", Criterion{Metric: "max", Label: "log in, please", Op: "<", Value: 2000}},
		{`mean of "a \"b\" \\" < 1s`, "", Criterion{Metric: "mean", Label: `a "b" \`, Op: "<", Value: 1000}},
		{`p95 of "in" < 1ms`, "", Criterion{Metric: "p95", Label: "in", Op: "<", Value: 1}},
		{`p95 of "GET /" < 1ms`, "", Criterion{Metric: "p95", Label: "GET /", Op: "<", Value: 1}},
		{"avg < 1s", "mean < 1s", Criterion{Metric: "mean", Op: "<", Value: 1000}},
		{"median < 1s", "p50 < 1s", Criterion{Metric: "p50", Op: "<", Value: 1000}},
		{"latency p95 < 1s", "p95 < 1s", Criterion{Metric: "p95", Op: "<", Value: 1000}},
		{"failures < 1% for 30s, stop", "", Criterion{Metric: "failures", Op: "<", Value: 0.01, Percent: true, For: 30e9, Stop: true}},
		{"failures <= 0", "", Criterion{Metric: "failures", Op: "<=", Value: 0}},
		{"failures < 0.05%, mark", "failures < 0.05%", Criterion{Metric: "failures", Op: "<", Value: 0.0005, Percent: true}},
		{"requests >= 1000", "", Criterion{Metric: "requests", Op: ">=", Value: 1000}},
		{"rate > 6000/m", "rate > 100/s", Criterion{Metric: "rate", Op: ">", Value: 100}},
		{"rate > 100", "rate > 100/s", Criterion{Metric: "rate", Op: ">", Value: 100}},
		{"bandwidth > 10MB/s", "", Criterion{Metric: "bandwidth", Op: ">", Value: 1e7}},
		{"bandwidth < 64 KiB", "bandwidth < 64KiB/s", Criterion{Metric: "bandwidth", Op: "<", Value: 65536}},
		{"ttfb p99 < 200 ms", "ttfb p99 < 200ms", Criterion{Metric: "ttfb p99", Op: "<", Value: 200}},
		{"dns p95 < 20ms", "", Criterion{Metric: "dns p95", Op: "<", Value: 20}},
		{"tcp mean of home < 2ms", "", Criterion{Metric: "tcp mean", Label: "home", Op: "<", Value: 2}},
		{"tls p99.9 in eu < 1s for 10s, stop", "", Criterion{Metric: "tls p99.9", Region: "eu", Op: "<", Value: 1000, For: 10e9, Stop: true}},
		{"body p50 < 100us", "", Criterion{Metric: "body p50", Op: "<", Value: 0.1}},
		{"connect max < 1s", "", Criterion{Metric: "connect max", Op: "<", Value: 1000}},
		{"lag p99.99 < 5ms", "", Criterion{Metric: "lag p99.99", Op: "<", Value: 5}},
		{"status 5xx < 0.1%", "", Criterion{Metric: "status 5xx", Op: "<", Value: 0.001, Percent: true}},
		{"status 429 <= 10", "", Criterion{Metric: "status 429", Op: "<=", Value: 10}},
	} {
		got, err := ParseCriterion(test.text)
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		test.want.Text = test.text
		if got != test.want {
			t.Errorf("%s: got %+v, want %+v", test.text, got, test.want)
		}
		canonical := or(test.canonical, test.text)
		if got.String() != canonical {
			t.Errorf("%s is written as %s, want %s", test.text, got, canonical)
		}
		sameInJSON(t, &got)
	}
}

func TestCriteriaThatAreNone(t *testing.T) {
	t.Parallel()
	for text, words := range map[string]string{
		"":                                  "names no figure",
		"< 300ms":                           "names no figure",
		"p95":                               "compared with nothing",
		"p95 <":                             "no value follows",
		"p95 < 300":                         "no unit",
		"p95 < 1%":                          "a duration with its unit",
		"p95 = 300ms":                       "one of < <= > >=",
		"p95 != 300ms":                      "one of < <= > >=",
		"p100 < 1s":                         "no percentile",
		"p0 < 1s":                           "no percentile",
		"p99.9999 < 1s":                     "no percentile",
		"p(95) < 1s":                        "write p95",
		"P95 < 1s":                          "there is no figure",
		"failure < 1%":                      "did you mean failures?",
		"error_rate < 1%":                   "did you mean failures?",
		"ttfb < 1s":                         "write ttfb p95",
		"tls < 1s":                          "write tls p95",
		"body failures < 1s":                "there is no figure",
		"handshake < 1s":                    "did you mean tls p95?",
		"requests < 5ms":                    "is not",
		"requests < 5%":                     "is not",
		"p95 of < 1s":                       "a name is missing",
		"p95 of a of b < 1s":                "stands twice",
		"p95 of a b < 1s":                   "double quotes",
		`p95 of "a < 1s`:                    "not closed",
		"p95 < 1s for":                      "after \"for\"",
		"p95 < 1s for 1500ms":               "whole number of seconds",
		"p95 < 1s for 0s":                   "whole number of seconds",
		"p95 < 1s,":                         "is no action",
		"p95 < 1s, abort":                   "write stop",
		"p95 < 1s, stop now":                "left over",
		"p95 < 1s for 10s for 20s":          "left over",
		"status < 1%":                       "write status 5xx",
		"status 700 < 1%":                   "100 to 599",
		strings.Repeat("p95 ", 500) + "< 1": "too long",
	} {
		if got, err := ParseCriterion(text); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: got %+v and error %v, want an error with %q", text, got, err, words)
		}
	}
}

func TestCriterionLongForm(t *testing.T) {
	t.Parallel()
	var c Criterion
	if err := json.Unmarshal([]byte(`{"if": "p95 < 300ms for 10s", "action": "stop"}`), &c); err != nil {
		t.Fatal(err)
	}
	if want, _ := ParseCriterion("p95 < 300ms for 10s, stop"); c != want {
		t.Errorf("got %+v, want %+v", c, want)
	}
	if err := json.Unmarshal([]byte(`{"if": "p95 < 300ms", "action": "halt"}`), &c); err == nil {
		t.Error("an unknown action is taken")
	}
}

func TestCriterionMeets(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][3]bool{ // found 299, 300, 301
		"p95 < 300ms": {true, false, false}, "p95 <= 300ms": {true, true, false},
		"p95 > 300ms": {false, false, true}, "p95 >= 300ms": {false, true, true},
	} {
		c, err := ParseCriterion(text)
		if err != nil {
			t.Fatal(err)
		}
		for i, found := range []float64{299, 300, 301} {
			if got := c.Meets(found); got != want[i] {
				t.Errorf("%s, found %v: got %v, want %v", text, found, got, want[i])
			}
		}
	}
}

func FuzzParseCriterion(f *testing.F) {
	for _, seed := range []string{"p95 < 300ms", `p99 of "a b" in eu < 1s for 10s, stop`, "failures < 1%", "status 5xx <= 3", "bandwidth > 1.5MB/s", `p95 of "\\" < 1s`, "rate>1/h"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCriterion(text)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without words")
			}
			return
		}
		again, err := ParseCriterion(c.String())
		if err != nil {
			if len(c.String()) > maxCriterion {
				return
			}
			t.Fatalf("%q is written as %q: %v", text, c, err)
		}
		if c.Metric != again.Metric || c.Label != again.Label || c.Region != again.Region || c.Op != again.Op || c.For != again.For || c.Stop != again.Stop || c.Percent != again.Percent {
			t.Errorf("%q is written as %q: %+v is read as %+v", text, c, c, again)
		}
		if again.String() != c.String() {
			t.Errorf("%q is written as %q and then as %q", text, c, again)
		}
	})
}
