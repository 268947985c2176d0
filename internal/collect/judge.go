package collect

import (
	"fmt"
	"math"
	"time"

	"onrush.dev/onrush/internal/load"
)

// scopesOf returns what a rule is about, or why there is nothing.
func (c *Collector) scopesOf(r *rule) ([]*scope, string) {
	if r.fault != "" {
		return nil, r.fault
	}
	found, err := c.scopes.find(load.SeriesQuery{Region: r.Region, Label: r.Label})
	if err != nil {
		return nil, "nothing was measured of " + describe(load.SeriesQuery{Region: r.Region, Label: r.Label})
	}
	return found, ""
}

// total sums scopes up over all that is cut. It may return a scope's own sum.
func total(scopes []*scope) *cell {
	if len(scopes) == 1 {
		return &scopes[0].total
	}
	sum := &cell{}
	for _, s := range scopes {
		sum.merge(&s.total)
	}
	return sum
}

func ids(scopes []*scope) []int {
	out := make([]int, len(scopes))
	for i, s := range scopes {
		out[i] = s.id
	}
	return out
}

// judgeLive takes a settled second into account. A breach of a criterion with
// stop is kept for Stop, the first one only.
func (c *Collector) judgeLive(second int) {
	for i := range c.rules {
		r := &c.rules[i]
		if r.live != nil && (!paced(r.measure) || c.loaded(second)) {
			if err := c.feed(r, second); err != nil {
				c.log.Error("cannot judge a criterion", "criterion", r.Text, "err", err)
				continue
			}
		}
		if !r.Stop || c.breach != nil {
			continue
		}
		if out, broken := c.breached(r, second); broken {
			out.At = &second
			c.breach = &out
		}
	}
}

// loaded says whether the load lasts for the whole of a second.
func (c *Collector) loaded(second int) bool {
	return !c.bounded || time.Duration(second+1)*time.Second <= c.loadEnd
}

// feed brings the rule's windows up to a second.
func (c *Collector) feed(r *rule, second int) error {
	scopes, why := c.scopesOf(r)
	if why != "" {
		return nil // what is not there yet has been silent so far: feed goes back for it
	}
	err := c.seconds(scopes, r.next, second+1, r.live.add)
	r.next = second + 1
	return err
}

// seconds hands the sums of every second from ≤ second < to to visit, empty ones
// too.
func (c *Collector) seconds(scopes []*scope, from, to int, visit func(*cell) error) error {
	view := c.spool.view(from, to)
	next, empty := from, &cell{}
	fill := func(to int) error {
		for ; next < to; next++ {
			if err := visit(empty); err != nil {
				return err
			}
		}
		return nil
	}
	err := view.read(ids(scopes), func(r *record) error {
		if err := fill(r.second); err != nil {
			return err
		}
		next++
		sum, err := r.cell()
		if err != nil {
			return err
		}
		return visit(sum)
	})
	if err != nil {
		return err
	}
	return fill(to)
}

// breached says whether a criterion is broken for certain after a second.
func (c *Collector) breached(r *rule, second int) (load.CriterionResult, bool) {
	if r.live != nil {
		return r.live.result(), r.live.broken > 0
	}
	scopes, why := c.scopesOf(r)
	if why != "" {
		return load.CriterionResult{}, false
	}
	sum := total(scopes)
	out := r.whole(sum, float64(second+1))
	out.Why = fmt.Sprintf("judged after %d seconds and %d requests", second+1, sum.requests)
	return out, out.Verdict == load.Failed && r.certain(sum, second+1)
}

// Stop returns the first criterion with stop that is breached for certain, or
// nil.
func (c *Collector) Stop() *load.CriterionResult {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.breach
}

// criteriaLive shows where each criterion stands.
func (c *Collector) criteriaLive() []load.CriterionResult {
	out := make([]load.CriterionResult, len(c.rules))
	for i := range c.rules {
		r := &c.rules[i]
		scopes, why := c.scopesOf(r)
		switch {
		case c.breach != nil && c.breach.Criterion == r.Text:
			out[i] = *c.breach
		case why != "":
			out[i] = r.notJudged(why)
		case r.live != nil:
			out[i] = r.live.result()
		default:
			out[i] = r.whole(total(scopes), float64(c.finished+1))
			if out[i].Verdict == load.Failed && (paced(r.measure) || r.counted()) && !r.upper() {
				out[i].Verdict, out[i].Why = load.NotJudged, "judged at the end"
			}
		}
	}
	return out
}

// judge judges all criteria on the whole run, late windows included. A breach
// that stopped the run stays one, even if the rest of the run was better.
func (c *Collector) judge(seconds float64) ([]load.CriterionResult, error) {
	out := make([]load.CriterionResult, len(c.rules))
	for i := range c.rules {
		r := &c.rules[i]
		scopes, why := c.scopesOf(r)
		if why != "" {
			out[i] = r.notJudged(why)
			continue
		}
		if r.n == 0 {
			out[i] = r.whole(total(scopes), seconds)
		} else {
			w := newWindows(r)
			if err := c.seconds(scopes, 0, c.judgedTo(r, seconds), w.add); err != nil {
				return nil, fmt.Errorf("judge %q: %w", r.Text, err)
			}
			out[i] = w.result()
		}
		if c.breach != nil && c.breach.Criterion == r.Text && out[i].Verdict != load.Failed {
			whole := out[i].FoundText
			out[i] = *c.breach
			out[i].Why = fmt.Sprintf("%s; %s in the end", c.breach.Why, whole)
		}
	}
	return out, nil
}

// judgedTo is the end of the seconds that windows are made of: all for how the
// target answered, only whole seconds under load for how much load there was.
func (c *Collector) judgedTo(r *rule, seconds float64) int {
	end := c.finished + 1
	if paced(r.measure) {
		end = min(end, int(math.Floor(seconds)))
		if c.bounded {
			end = min(end, int(c.loadEnd/time.Second))
		}
	}
	return end
}
