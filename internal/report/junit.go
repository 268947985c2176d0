package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"onrush.dev/onrush/internal/load"
)

type junitSuite struct {
	XMLName    xml.Name        `xml:"testsuite"`
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"`
	Timestamp  string          `xml:"timestamp,attr,omitempty"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
	Out        string          `xml:"system-out,omitempty"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name      string    `xml:"name,attr"`
	ClassName string    `xml:"classname,attr"`
	Time      string    `xml:"time,attr"`
	Failure   *junitWhy `xml:"failure"`
	Error     *junitWhy `xml:"error"`
	Skipped   *junitWhy `xml:"skipped"`
}

type junitWhy struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// JUnit writes a JUnit XML test suite: "the run completed" and every criterion
// as test cases. A degraded run is a failure, one that could not run or was
// cancelled an error, a criterion that was not judged is skipped.
func JUnit(w io.Writer, r *load.Report) error {
	s := junitSuite{
		Name: r.Run.Scenario, Time: seconds(r.Run.Seconds), Properties: properties(r),
		Cases: []junitCase{runCase(r)}, Out: strings.Join(r.Notes, "\n"),
	}
	if r.Run.Started != nil {
		s.Timestamp = r.Run.Started.UTC().Format(time.RFC3339)
	}
	for i := range r.Criteria {
		s.Cases = append(s.Cases, criterionCase(r, &r.Criteria[i]))
	}
	for _, c := range s.Cases {
		s.Tests++
		switch {
		case c.Failure != nil:
			s.Failures++
		case c.Error != nil:
			s.Errors++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
	text, err := xml.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if _, err := fmt.Fprintf(w, "%s%s\n", xml.Header, text); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

func seconds(s float64) string { return strconv.FormatFloat(s, 'f', 3, 64) }

func runCase(r *load.Report) junitCase {
	c := junitCase{Name: "the run completed", ClassName: r.Run.Scenario, Time: seconds(r.Run.Seconds)}
	why := &junitWhy{
		Message: words(string(r.Run.Outcome)), Type: string(r.Run.Outcome),
		Text: strings.Join(append(append([]string{}, r.Run.Cause...), r.Notes...), "\n"),
	}
	switch r.Run.Outcome {
	case load.Completed:
	case load.Degraded:
		c.Failure = why
	default:
		c.Error = why
	}
	return c
}

func criterionCase(r *load.Report, res *load.CriterionResult) junitCase {
	c := junitCase{Name: res.Criterion, ClassName: r.Run.Scenario + ".criteria", Time: seconds(r.Run.Seconds)}
	switch res.Verdict {
	case load.Passed:
	case load.Failed:
		c.Failure = &junitWhy{Message: "found " + res.FoundText, Type: "criterion", Text: res.Why}
	default:
		c.Skipped = &junitWhy{Message: res.Why}
	}
	return c
}

// properties are the figures that one looks for first.
func properties(r *load.Report) []junitProperty {
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	t := &r.Total
	return []junitProperty{
		{"run.id", r.Run.ID},
		{"run.outcome", string(r.Run.Outcome)},
		{"run.verdict", string(r.Run.Verdict)},
		{"total.requests", strconv.FormatInt(t.Requests, 10)},
		{"total.failures", strconv.FormatInt(t.Failures, 10)},
		{"total.requests_per_second", number(t.RequestsPerSecond)},
		{"total.latency_ms.p50", number(t.LatencyMS.P50)},
		{"total.latency_ms.p95", number(t.LatencyMS.P95)},
		{"total.latency_ms.p99", number(t.LatencyMS.P99)},
	}
}
