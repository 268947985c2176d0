package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"onrush.dev/onrush/internal/load"
)

// Options are how a table looks.
type Options struct {
	Color bool // ANSI colours
	Width int  // columns at most; 0: 100
}

// narrowest is the least width that a table can keep to.
const narrowest = 60

// Table writes the report for people: what came of it first, then the figures,
// then what a reader must know about them.
func Table(w io.Writer, r *load.Report, opts Options) error {
	if opts.Width <= 0 {
		opts.Width = 100
	}
	p := &page{paint: paint(opts.Color), width: max(opts.Width, narrowest)}
	p.head(r)
	p.total(&r.Total)
	p.figures(r)
	p.metrics(r.Metrics)
	p.criteria(r.Criteria)
	p.accounting(r)
	p.provisioning(r.Provisioning)
	p.changes(r)
	p.notes(r.Notes)
	if _, err := w.Write(p.Bytes()); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// page is a report that is being laid out.
type page struct {
	bytes.Buffer
	paint paint
	width int
}

func (p *page) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// title begins a section.
func (p *page) title(text string) { p.line("\n%s", p.paint.bold(text)) }

// indent is where the text of a section with keys begins.
const indent = 14

// item writes a key and its text, broken to fit.
func (p *page) item(key, text string) {
	for i, part := range wrap(text, p.width-indent) {
		if i > 0 {
			key = ""
		}
		p.line("%-*s%s", indent, "  "+key, part)
	}
}

func (p *page) head(r *load.Report) {
	verdict := words(string(r.Run.Verdict))
	switch r.Run.Verdict {
	case load.Passed:
		verdict = "criteria passed"
	case load.Failed:
		verdict = "criteria failed"
	case load.NotJudged:
		if verdict = "criteria not judged"; len(r.Criteria) == 0 {
			verdict = "no criteria"
		}
	}
	p.line("%s  %s", p.paint.outcome(r.Run.Outcome, strings.ToUpper(words(string(r.Run.Outcome)))),
		p.paint.verdict(r.Run.Verdict, verdict))
	for i, cause := range r.Run.Cause {
		for j, part := range wrap(cause, p.width-2-2*i-2) {
			mark := "- "
			if j > 0 {
				mark = "  "
			}
			p.line("  %s%s%s", strings.Repeat("  ", i), mark, part)
		}
	}
	p.item("run", r.Run.ID+" of "+r.Run.Scenario)
	if r.Run.Started != nil {
		p.item("started", fmt.Sprintf("%s, %s under load", r.Run.Started.UTC().Format(time.DateTime+" UTC"), length(r.Run.Seconds)))
	}
}

func (p *page) total(t *load.Figures) {
	p.title("Total")
	if t.Requests == 0 && t.Started == 0 && t.Offered == 0 {
		p.line("  no request was made")
		return
	}
	failures := count(t.Failures)
	if t.Requests > 0 {
		failures += " (" + share(t.Failures, t.Requests) + ")"
	}
	if t.Failures > 0 {
		failures = p.paint.red(failures)
	}
	p.line("  %-*s%s, %s/s, failures %s", indent-2, "requests", count(t.Requests), figure(t.RequestsPerSecond), failures)
	rate := func(n int64) string {
		if t.RequestsPerSecond == 0 || t.Requests == 0 {
			return ""
		}
		return fmt.Sprintf(" (%s/s)", size(float64(n)*t.RequestsPerSecond/float64(t.Requests)))
	}
	p.item("received", size(float64(t.BytesReceived))+rate(t.BytesReceived)+", sent "+size(float64(t.BytesSent))+rate(t.BytesSent))
	if t.Offered > 0 {
		p.item("offered", fmt.Sprintf("%s, of these sent %s (%s), late %s", count(t.Offered), count(t.Started), share(t.Started, t.Offered), count(t.Late)))
	}
	if t.Redirects > 0 {
		p.item("redirects", count(t.Redirects))
	}
	if len(t.StatusCodes) > 0 {
		p.item("status", tally(t.StatusCodes, false))
	}
	if len(t.FailureCauses) > 0 {
		p.item("causes", tally(t.FailureCauses, true))
	}
	p.distributions(t)
}

// tally lists counts, by key or the greatest first.
func tally(m map[string]int64, byCount bool) string {
	keys := slices.Sorted(maps.Keys(m))
	if byCount {
		slices.SortStableFunc(keys, func(a, b string) int { return cmp.Compare(m[b], m[a]) })
	}
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = k + ": " + count(m[k])
	}
	return strings.Join(parts, ", ")
}

func (p *page) criteria(results []load.CriterionResult) {
	if len(results) == 0 {
		return
	}
	p.title("Criteria")
	for i := range results {
		c := &results[i]
		text := c.Criterion
		if c.FoundText != "" {
			text += ": found " + c.FoundText
		}
		if c.Why != "" {
			text += "; " + c.Why
		}
		for j, part := range wrap(text, p.width-indent) {
			key := fmt.Sprintf("%-*s", indent, "")
			if j == 0 {
				key = "  " + p.paint.verdict(c.Verdict, fmt.Sprintf("%-*s", indent-2, words(string(c.Verdict))))
			}
			p.line("%s%s", key, part)
		}
	}
}

func (p *page) accounting(r *load.Report) {
	a := &r.Accounting
	p.title("Accounting")
	p.item("tasks", fmt.Sprintf("%d planned, %d started, %d reported, %d lost", a.TasksPlanned, a.TasksStarted, a.TasksReported, a.TasksLost))
	samples := fmt.Sprintf("%s sent = %s received", count(a.SamplesSent), count(a.SamplesReceived))
	if a.SamplesSent != a.SamplesReceived {
		samples = fmt.Sprintf("%s sent, %s received: %s differ", count(a.SamplesSent), count(a.SamplesReceived), count(abs(a.SamplesSent-a.SamplesReceived)))
	}
	p.item("samples", samples)
	if a.ToolTasks > 0 {
		text := fmt.Sprintf("counted %s requests itself, as the figures do", count(a.ToolRequests))
		if a.ToolDiffers > 0 {
			text = p.paint.yellow(fmt.Sprintf("counted %s requests itself, which differs from the figures by %s", count(a.ToolRequests), count(a.ToolDiffers)))
		}
		p.item("tool", text)
	}
	if a.Clamped > 0 {
		p.item("clamped", fmt.Sprintf("%s measured times beyond the histograms' range", count(a.Clamped)))
	}
	p.item("windows", fmt.Sprintf("%d missing, %d repeated and dropped", a.WindowsMissing, a.WindowsRepeated))
	if a.TasksStarted > 1 {
		p.item("start skew", figure(r.StartSkewMS)+" ms")
	}
	if g := &r.Generator; g.Limited > 0 {
		p.item("generator", p.paint.yellow(fmt.Sprintf("was the limit in %s of %s task-seconds (%s)",
			count(g.Limited), count(g.TaskSeconds), share(g.Limited, g.TaskSeconds))))
	}
}

func abs(n int64) int64 { return max(n, -n) }

// changes lists what was done to the run while it ran.
func (p *page) changes(r *load.Report) {
	first := true
	for i := range r.Events {
		e := &r.Events[i]
		if e.Kind != "change" && e.Kind != "criterion" {
			continue
		}
		if first {
			p.title("Changes")
			first = false
		}
		at := e.At.UTC().Format("15:04:05")
		if r.Run.Started != nil {
			at = "+" + length(e.At.Sub(*r.Run.Started).Seconds())
		}
		p.item(at, e.Text)
	}
}

func (p *page) notes(notes []string) {
	if len(notes) == 0 {
		return
	}
	p.title("Notes")
	for _, n := range notes {
		for i, part := range wrap(n, p.width-4) {
			mark := p.paint.yellow("! ")
			if i > 0 {
				mark = "  "
			}
			p.line("  %s%s", mark, part)
		}
	}
}
