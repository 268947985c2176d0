package httpload

import (
	"fmt"
	"hash/fnv"
	"sort"
	"strings"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/load"
)

// program is a scenario made ready: what to send, with which rows, in which
// order. It does not change while it runs, but for the rows taken.
type program struct {
	requests  []*request // all, of all flows
	flows     []flow
	upTo      []int // running sums of the flows' weights; nil: in turn
	data      []*dataSet
	extracted int     // how many values are taken from responses
	initial   []value // what they are before, by number
	seed      uint64
}

// flow is what one iteration sends, in this order.
type flow struct{ requests []*request }

// newProgram compiles an order's scenario and reads its data.
func newProgram(job *engine.Job, set *setting) (*program, error) {
	s := &job.Order.Scenario
	p := &program{seed: seedOf(s.Name)}
	n := &names{variables: s.Variables}
	for i, d := range s.Data {
		rows, err := readData(job.Dir, d, job.Order.Share, p.seed^uint64(i+1))
		if err != nil {
			return nil, err
		}
		n.data = append(n.data, rows)
	}
	p.data = n.data
	s.EachRequest(func(_ string, r *load.Request) { n.extract(r) })
	p.extracted = len(n.extracted)
	compiler := compiler{set: set, names: n, dir: job.Dir, think: s.ThinkTime, compression: s.Connection.Compression, host: s.Connection.Host}
	known := map[*load.Request]*request{}
	var fault error
	s.EachRequest(func(path string, r *load.Request) {
		q, err := compiler.compile(r)
		if err != nil && fault == nil {
			fault = load.Errorf(load.Invalid, "%s.%w", path, err)
		}
		if err == nil {
			q.index = len(p.requests)
			p.requests = append(p.requests, q)
			known[r] = q
		}
	})
	if fault != nil {
		return nil, fault
	}
	if len(p.requests) == 0 {
		return nil, load.Errorf(load.Invalid, "requests: the http engine needs at least one")
	}
	p.initial = p.defaults()
	return p, p.arrange(job, known)
}

// arrange puts requests into flows.
func (p *program) arrange(job *engine.Job, known map[*load.Request]*request) error {
	s := &job.Order.Scenario
	iterations := s.Iterations()
	if job.Order.Model == load.Open && s.Load.Arrival != load.ArrivalIteration {
		// Each arrival sends one request: all flows are of one.
		var single []load.Flow
		for i := range iterations {
			for j := range iterations[i].Requests {
				single = append(single, load.Flow{Weight: iterations[i].Weight, Requests: iterations[i].Requests[j : j+1]})
			}
		}
		iterations = single
	}
	for i := range iterations {
		var f flow
		for j := range iterations[i].Requests {
			f.requests = append(f.requests, known[&iterations[i].Requests[j]])
		}
		p.flows = append(p.flows, f)
	}
	return p.weigh(iterations)
}

// weigh prepares the draw by weight.
func (p *program) weigh(flows []load.Flow) error {
	sum, weighted := 0, 0
	for i := range flows {
		if flows[i].Weight > 0 {
			weighted++
		}
		sum += max(flows[i].Weight, 0)
		p.upTo = append(p.upTo, sum)
	}
	switch weighted {
	case 0:
		p.upTo = nil
	case len(flows):
	default:
		return load.Errorf(load.Invalid, "requests: either all have a weight or none has (%d of %d have)", weighted, len(flows))
	}
	return nil
}

// seedOf makes draws the same in every run of a scenario.
func seedOf(name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return h.Sum64()
}

// draw picks a flow by weight for a unit. It depends on the unit alone, so all
// tasks together draw what one task would.
func (p *program) draw(unit uint64) int {
	total := p.upTo[len(p.upTo)-1]
	at := int(mix(p.seed^mix(unit)) % uint64(total))
	return sort.SearchInts(p.upTo, at+1)
}

// arrival picks the flow of the open model's k-th arrival of the run.
func (p *program) arrival(k int64) *flow {
	if p.upTo != nil {
		return &p.flows[p.draw(uint64(k))]
	}
	return &p.flows[k%int64(len(p.flows))]
}

// rows is what an iteration took from the data files so far.
type rows [][]string

func (p *program) noRows() rows {
	if len(p.data) == 0 {
		return nil
	}
	return make(rows, len(p.data))
}

// skip leaves out the rows that an earlier attempt of this task took in the
// open model for the given arrival.
func (p *program) skip(k int64) {
	taken := map[int]bool{}
	for _, q := range p.arrival(k).requests {
		for _, d := range q.needs {
			if !taken[d] {
				taken[d] = true
				p.data[d].next.Add(1)
			}
		}
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

// errNoValue says that a name stands for nothing.
func errNoValue(name string) error {
	return fmt.Errorf("${%s} is neither a variable, a column of a data file nor extracted from a response", name)
}
