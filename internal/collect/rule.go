package collect

import (
	"fmt"
	"time"

	"onrush.dev/onrush/internal/load"
)

// rule is a criterion being judged.
type rule struct {
	load.Criterion
	measure load.Measure
	fault   string // why it cannot be judged; empty: it can
	n       int    // seconds of its windows; 0: the whole run
	live    *windows
	next    int // first second that live has not seen
}

func newRules(criteria []load.Criterion) []rule {
	rules := make([]rule, len(criteria))
	for i, c := range criteria {
		r := rule{Criterion: c}
		var err error
		if r.measure, err = load.ParseMeasure(c.Metric); err != nil {
			r.fault = err.Error()
		}
		if r.measure.Of == load.OfLag && c.Label != "" {
			r.fault = "schedule lag is not kept by label"
		}
		if c.For > 0 {
			r.n = int((time.Duration(c.For) + time.Second - 1) / time.Second)
			r.live = newWindows(&r)
		}
		rules[i] = r
	}
	return rules
}

// notJudged is the result of a rule that has nothing to go by.
func (r *rule) notJudged(why string) load.CriterionResult {
	return load.CriterionResult{Criterion: r.Text, Verdict: load.NotJudged, Why: why}
}

// result is the verdict on a value.
func (r *rule) result(found float64, why string) load.CriterionResult {
	out := load.CriterionResult{Criterion: r.Text, Verdict: load.Passed, Found: &found, FoundText: r.FormatValue(found), Why: why}
	if !r.Meets(found) {
		out.Verdict = load.Failed
	}
	return out
}

// whole judges the sum over a run of so many seconds.
func (r *rule) whole(sum *cell, seconds float64) load.CriterionResult {
	found, ok := r.value(sum, seconds)
	if !ok {
		return r.notJudged("nothing was measured of it")
	}
	return r.result(found, "")
}

// Before a criterion without windows may stop a run, the run must be this long
// and have so many requests: the first connections are not the whole truth.
const (
	soonest       = 5 // seconds
	fewest  int64 = 100
)

// certain says whether a breach of the run so far is one for good, as far as
// such a thing can be said: "requests > 1000" is not breached by a run that is
// not over, nor is a rate that is still growing.
func (r *rule) certain(sum *cell, seconds int) bool {
	if (paced(r.measure) || r.counted()) && !r.upper() {
		return false
	}
	if r.counted() {
		return true
	}
	return seconds >= soonest && sum.requests >= fewest
}

// windows judges every stretch of n seconds.
type windows struct {
	rule    rule
	slider  *slider
	second  int // the next one
	judged  int
	broken  int
	worst   float64
	worstAt int // last second of the worst stretch
	firstAt int // last second of the first stretch that broke the rule
}

func newWindows(r *rule) *windows { return &windows{rule: *r, slider: newSlider(r.n)} }

// add takes the next second; a second in which nothing was measured is an
// empty cell.
func (w *windows) add(second *cell) error {
	sum, err := w.slider.push(w.rule.needed(second))
	at := w.second
	w.second++
	if err != nil || sum == nil {
		return err
	}
	found, ok := w.rule.value(sum, float64(w.rule.n))
	if !ok {
		return nil
	}
	if w.judged == 0 || w.rule.worse(found, w.worst) {
		w.worst, w.worstAt = found, at
	}
	w.judged++
	if !w.rule.Meets(found) {
		if w.broken == 0 {
			w.firstAt = at
		}
		w.broken++
	}
	return nil
}

// result is the verdict over all stretches so far.
func (w *windows) result() load.CriterionResult {
	r := &w.rule
	if w.judged == 0 {
		if w.second < r.n {
			return r.notJudged(fmt.Sprintf("%d seconds were measured, its windows are of %d", w.second, r.n))
		}
		return r.notJudged("nothing was measured of it")
	}
	from, to := w.worstAt-r.n+1, w.worstAt
	out := r.result(w.worst, fmt.Sprintf("worst in seconds %d to %d", from, to))
	if w.broken > 0 {
		at := w.firstAt
		out.At = &at
		out.Why = fmt.Sprintf("%d of %d windows broke it, first seconds %d to %d, worst seconds %d to %d",
			w.broken, w.judged, at-r.n+1, at, from, to)
	}
	return out
}
