package httpload

import (
	"fmt"
	"hash/fnv"
	"slices"
	"sort"
	"strings"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/load"
)

// program is a scenario made ready: what to send, with which rows, in which
// order. It does not change while it runs, but for the rows taken.
type program struct {
	requests []*request
	needs    [][]int // by request: the data sets it takes rows from
	upTo     []int   // running sums of the weights; nil: all requests in order
	data     []*dataSet
	think    load.Span
	seed     uint64
}

// newProgram compiles an order's scenario and reads its data.
func newProgram(job *engine.Job) (*program, error) {
	s := &job.Order.Scenario
	if len(s.Requests) == 0 {
		return nil, load.Errorf(load.Invalid, "requests: the http engine needs at least one")
	}
	p := &program{think: s.ThinkTime, seed: seedOf(s.Name)}
	n := &names{variables: s.Variables}
	for i, d := range s.Data {
		set, err := readData(job.Dir, d, job.Order.Share, p.seed^uint64(i+1))
		if err != nil {
			return nil, err
		}
		n.data = append(n.data, set)
	}
	p.data = n.data
	for i := range s.Requests {
		q, err := compile(&s.Requests[i], &s.Connection, n, job.Dir)
		if err != nil {
			return nil, load.Errorf(load.Invalid, "requests[%d].%w", i, err)
		}
		p.requests = append(p.requests, q)
		p.needs = append(p.needs, q.needs())
	}
	return p, p.weigh(s.Requests)
}

// seedOf makes draws the same in every run of a scenario.
func seedOf(name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return h.Sum64()
}

// weigh prepares the draw by weight.
func (p *program) weigh(requests []load.Request) error {
	sum, weighted := 0, 0
	upTo := make([]int, len(requests))
	for i := range requests {
		if requests[i].Weight > 0 {
			weighted++
		}
		sum += max(requests[i].Weight, 0)
		upTo[i] = sum
	}
	switch weighted {
	case 0:
		return nil
	case len(requests):
		p.upTo = upTo
		return nil
	}
	return load.Errorf(load.Invalid, "requests: either all have a weight or none has (%d of %d have)", weighted, len(requests))
}

// draw picks a request by weight for a unit. It depends on the unit alone, so
// all tasks together draw what one task would.
func (p *program) draw(unit uint64) int {
	total := p.upTo[len(p.upTo)-1]
	at := int(mix(p.seed^mix(unit)) % uint64(total))
	return sort.SearchInts(p.upTo, at+1)
}

// arrival picks the request of the open model's k-th arrival of the run.
func (p *program) arrival(k int64) int {
	if p.upTo != nil {
		return p.draw(uint64(k))
	}
	return int(k % int64(len(p.requests)))
}

// pause draws a think time.
func (p *program) pause(unit uint64) time.Duration {
	low, high := time.Duration(p.think.Min), time.Duration(p.think.Max)
	if high <= low {
		return low
	}
	return low + time.Duration(mix(p.seed+mix(unit))%uint64(high-low+1))
}

// rows is what an iteration took from the data files so far.
type rows [][]string

// fill takes the rows that request i needs and the iteration does not have yet.
func (p *program) fill(r rows, i int) error {
	for _, d := range p.needs[i] {
		if r[d] != nil {
			continue
		}
		row, err := p.data[d].take()
		if err != nil {
			return fmt.Errorf("data %s: %w", p.data[d].name, err)
		}
		r[d] = row
	}
	return nil
}

func (p *program) noRows() rows { return make(rows, len(p.data)) }

// skip leaves out the rows that an earlier attempt of this task took in the
// open model for the given arrival.
func (p *program) skip(k int64) {
	for _, d := range p.needs[p.arrival(k)] {
		p.data[d].next.Add(1)
	}
}

// spend marks unique rows as used up: a replacement in the closed model cannot
// know which of them its predecessor has used, and twice is never allowed.
func (p *program) spend() {
	for _, d := range p.data {
		d.spent = d.sharing == load.DataUnique
	}
}

// unique names the unique data files, for messages.
func (p *program) unique() string {
	var names []string
	for _, d := range p.data {
		if d.sharing == load.DataUnique {
			names = append(names, d.name)
		}
	}
	return strings.Join(names, ", ")
}

// needs lists the data sets whose columns a request holds.
func (q *request) needs() []int {
	templates := []*template{&q.url, &q.body}
	for i := range q.headers {
		templates = append(templates, &q.headers[i].value)
	}
	var out []int
	for _, t := range templates {
		for _, p := range t.parts {
			if p.lookup && !slices.Contains(out, p.data) {
				out = append(out, p.data)
			}
		}
	}
	slices.Sort(out)
	return out
}
