package collect

import (
	"cmp"

	"onrush.dev/onrush/internal/load"
)

// scopeName names a scope, in the spool and in the series file alike.
type scopeName struct {
	Kind                      kind
	Region, Label, Dims, Task string
}

func (n scopeName) compare(o scopeName) int {
	return cmp.Or(
		cmp.Compare(n.Region, o.Region), cmp.Compare(n.Label, o.Label),
		cmp.Compare(n.Dims, o.Dims), cmp.Compare(n.Task, o.Task),
	)
}

// pick returns which of names make up what the query asks for: one of them, or
// all Dims of a label in a region.
func pick(names []scopeName, q load.SeriesQuery) ([]int, error) {
	want := scopeName{Region: q.Region, Label: q.Label, Task: q.Task}
	switch {
	case q.Task != "" && q.Label != "":
		return nil, load.Errorf(load.Invalid, "series of task %q and label %q: figures are not kept for a label in one task; ask for one of the two", q.Task, q.Label)
	case q.Task != "":
		want.Kind = kindTask
	case q.Label != "" && q.Region != "":
		want.Kind = kindRegionLabel
	case q.Label != "":
		want.Kind = kindLabel
	case q.Region != "":
		want.Kind = kindRegion
	default:
		want.Kind = kindRun
	}
	var out []int
	for i, n := range names {
		n.Dims = ""
		if want.Kind == kindTask && want.Region == "" {
			n.Region = ""
		}
		if n == want {
			out = append(out, i)
		}
	}
	if out == nil {
		return nil, load.Errorf(load.NotFound, "series: the run has no figures for %s", describe(q))
	}
	return out, nil
}

func describe(q load.SeriesQuery) string {
	text, sep := "", ""
	for _, part := range [...]struct{ what, name string }{{"region", q.Region}, {"label", q.Label}, {"task", q.Task}} {
		if part.name != "" {
			text += sep + part.what + " " + part.name
			sep = ", "
		}
	}
	return text
}

// defaultPoints is how many points a query gets that does not say.
const defaultPoints = 600

// span works out the seconds from ≤ second < to and the step that answer a
// query on a run of so many seconds.
func span(q load.SeriesQuery, seconds int) (from, to, step int) {
	from, to = max(q.From, 0), q.To
	if to <= 0 || to > seconds {
		to = seconds
	}
	points := q.Points
	if points <= 0 {
		points = defaultPoints
	}
	if to <= from {
		return from, from, 1
	}
	return from, to, (to - from + points - 1) / points
}

// stepper turns seconds, handed to it in order, into the points of a series.
// Steps in which nothing was measured are points too: zero requests, zero tasks.
type stepper struct {
	from, to, step int
	sum            cell
	filled         bool
	series         load.Series
}

func newStepper(from, to, step int) *stepper {
	return &stepper{from: from, to: to, step: step, series: load.Series{Step: step, Points: []load.SeriesPoint{}}}
}

// add merges the cell of a second.
func (s *stepper) add(second int, c *cell) {
	s.close(second)
	users, inFlight, tasks := c.users, c.inFlight, max(s.sum.tasks, c.tasks)
	s.sum.merge(c)
	s.sum.users, s.sum.inFlight, s.sum.tasks = users, inFlight, tasks
	s.filled = true
}

// put takes the point of a second whose figures are known already; the step is
// one second.
func (s *stepper) put(p load.SeriesPoint) {
	s.close(p.Second)
	s.series.Points = append(s.series.Points, p)
}

// close ends the steps that are over before second.
func (s *stepper) close(second int) {
	for at := s.at(); at < s.to && at+s.step <= second; at = s.at() {
		width := min(s.step, s.to-at)
		p := load.SeriesPoint{Second: at}
		if s.filled {
			p = point(at, width, &s.sum)
			s.sum.reset()
			s.filled = false
		}
		s.series.Points = append(s.series.Points, p)
	}
}

// at is the first second of the step that is open.
func (s *stepper) at() int { return s.from + len(s.series.Points)*s.step }

// finish returns the series.
func (s *stepper) finish() load.Series {
	s.close(s.to + s.step)
	return s.series
}
