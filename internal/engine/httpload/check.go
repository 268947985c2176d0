package httpload

import (
	"onrush.dev/onrush/internal/engine/httpload/judge"
	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// checks are a request's rules for responses, and where what is extracted from
// them is kept.
type checks struct {
	rules *judge.Rules
	slots []int // by the rules' names
}

func (n *names) checks(r *load.Request) (checks, error) {
	rules, err := judge.Compile(r.Expect, r.Extract)
	if err != nil {
		return checks{}, err
	}
	c := checks{rules: rules}
	for _, name := range rules.Names() {
		c.slots = append(c.slots, n.extracted[name])
	}
	return c, nil
}

// defaults are what extracted names stand for at the beginning of an iteration.
func (p *program) defaults() []value {
	out := make([]value, p.extracted)
	for _, q := range p.requests {
		for i, slot := range q.checks.slots {
			if text, ok := q.checks.rules.Default(i); ok {
				out[slot] = value{text, true}
			}
		}
	}
	return out
}

// lacks fails a request that would say something which no response has given.
func (q *request) lacks(v *values) *proto.Failure {
	for _, t := range q.varying {
		for i := range t.parts {
			if p := &t.parts[i]; p.slot >= 0 && !v.vars[p.slot].known {
				return proto.Failf(load.CauseExtract, "${%s} was not extracted from any response before", p.text)
			}
		}
	}
	return nil
}

// follows says whether the response sends the flight elsewhere: then it is not
// the one to be judged.
func (f *flight) follows() bool { return f.call.redirects > 0 && isRedirect(f.status) }

// examine begins to judge a response.
func (f *flight) examine(h *proto.Head) {
	f.judging = !f.follows()
	if f.judging {
		f.judge.Begin(f.call.checks.rules, h)
	}
}

// verdict says what of the whole response is not as it was expected, and keeps
// what later requests need of it.
func (f *flight) verdict() *proto.Failure {
	values, failure := f.judge.End()
	if failure == nil {
		for i, slot := range f.call.checks.slots {
			f.values.vars[slot] = value{values[i], true}
		}
	}
	return failure
}
