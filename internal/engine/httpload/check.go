package httpload

import (
	"bytes"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

type rules struct{ contains []byte }

func newRules(r *load.Request, _ *names) (rules, error) {
	return rules{[]byte(r.Expect.BodyContains)}, nil
}

type checker struct {
	q    *request
	kept []byte
}

func (c *checker) begin(q *request)          { c.q = q; c.kept = c.kept[:0] }
func (c *checker) head(*flight, *proto.Head) {}
func (c *checker) wantsBody() bool           { return len(c.q.rules.contains) > 0 }
func (c *checker) keep(*values) bool         { return true }
func (c *checker) body(p []byte) error {
	if len(c.q.rules.contains) > 0 {
		c.kept = append(c.kept, p...)
	}
	return nil
}

func (c *checker) end(*flight) *proto.Failure {
	if want := c.q.rules.contains; len(want) > 0 && !bytes.Contains(c.kept, want) {
		return proto.Failf(load.CauseBody, "the body does not hold %q", want)
	}
	return nil
}
