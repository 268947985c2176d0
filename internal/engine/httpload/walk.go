package httpload

import (
	"fmt"
	"time"

	"onrush.dev/onrush/internal/engine/httpload/cookies"
)

// values is what ${names} stand for in one iteration.
type values struct {
	rows rows         // by data set; nil: not taken yet
	vars []value      // extracted, by number
	jar  *cookies.Jar // nil: none are kept
}

// value is one that a response may have given.
type value struct {
	text  string
	known bool
}

// walk goes through iterations, one request after the other.
type walk struct {
	values
	program *program
	number  int64  // of the user or arrival, in the whole run
	count   uint64 // draws made so far
	rounds  int64  // iterations begun so far
	flow    *flow
	at      int // the request of the flow that comes next
}

func (k *walk) init(r *run) {
	k.program = r.program
	k.rows = r.program.noRows()
	if n := r.program.extracted; n > 0 {
		k.vars = make([]value, n)
	}
	if r.cookies {
		k.jar = new(cookies.Jar)
	}
}

// over says whether the iteration has come to its end.
func (k *walk) over() bool { return k.flow == nil || k.at >= len(k.flow.requests) }

// begin starts an iteration with a flow.
func (k *walk) begin(f *flow) {
	k.flow, k.at = f, 0
	clear(k.rows)
	copy(k.vars, k.program.initial)
}

// end breaks the iteration off.
func (k *walk) end() { k.flow = nil }

// forget is end for a user that goes away: whoever comes back is somebody else.
func (k *walk) forget() {
	k.flow = nil
	if k.jar != nil {
		k.jar.Clear()
	}
}

// turn is the flow of a user's next iteration.
func (k *walk) turn() *flow {
	p := k.program
	if p.upTo != nil {
		return &p.flows[p.draw(k.unit())]
	}
	k.rounds++
	return &p.flows[uint64(k.number+k.rounds-1)%uint64(len(p.flows))]
}

// request is the one that comes next.
func (k *walk) request() *request { return k.flow.requests[k.at] }

// step goes on to the next request.
func (k *walk) step() { k.at++ }

// take takes the rows that a request needs and the iteration does not have yet.
func (k *walk) take(q *request) error {
	for _, d := range q.needs {
		if k.rows[d] != nil {
			continue
		}
		row, err := k.program.data[d].take()
		if err != nil {
			return fmt.Errorf("data %s: %w", k.program.data[d].name, err)
		}
		k.rows[d] = row
	}
	return nil
}

// think draws the pause after a request.
func (k *walk) think(q *request) time.Duration {
	low, high := time.Duration(q.think.Min), time.Duration(q.think.Max)
	if high <= low {
		return low
	}
	return low + time.Duration(mix(k.program.seed+mix(k.unit()))%uint64(high-low+1))
}

// unit numbers the draws of a user.
func (k *walk) unit() uint64 {
	k.count++
	return uint64(k.number)<<40 ^ k.count
}
