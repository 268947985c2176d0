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
	// vital: without its response, later requests would lack a value.
	vital bool
}

func (n *names) checks(r *load.Request) (checks, error) {
	rules, err := judge.Compile(r.Expect, r.Extract)
	if err != nil {
		return checks{}, err
	}
	c := checks{rules: rules}
	for i, name := range rules.Names() {
		c.slots = append(c.slots, n.extracted[name])
		if _, ok := rules.Default(i); !ok {
			c.vital = true
		}
	}
	return c, nil
}

// defaults are what extracted names stand for at the beginning of an iteration.
func (p *program) defaults() []string {
	out := make([]string, p.extracted)
	for _, q := range p.requests {
		for i, slot := range q.checks.slots {
			if text, ok := q.checks.rules.Default(i); ok {
				out[slot] = text
			}
		}
	}
	return out
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
			f.values.vars[slot] = values[i]
		}
	}
	return failure
}
