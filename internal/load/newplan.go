package load

import (
	"fmt"
	"math"
)

// PlanInput is all that a plan depends on.
type PlanInput struct {
	Scenario Scenario
	Regions  map[string]Region    // those known, by name
	Capacity map[string]Capacity  // by region
	Data     map[string]DataFacts // by the scenario's name of the file
	// Script is what the scenario's script says, nil when it has none or no tool
	// could read it here; Overrides what the scenario replaces of it.
	Script    *ScriptFacts
	Overrides []Override
}

// DataFacts is what a data file holds.
type DataFacts struct {
	Columns []string
	Rows    int // without the line of columns
}

// NewPlan works out what a scenario runs: the same input gives the same plan. An
// error is of code Invalid and carries every reason for which it cannot run.
func NewPlan(in PlanInput) (*Plan, error) {
	s := WithDefaults(in.Scenario)
	problems := Validate(s)
	if len(problems) == 0 {
		problems = in.problems(&s)
	}
	if len(problems) > 0 {
		return nil, problemsError("the scenario cannot be planned", problems)
	}
	p := &Plan{
		Scenario:   s.Name,
		Engine:     s.Engine,
		Model:      s.Model(),
		Tasks:      s.tasks(),
		Requests:   s.Load.Requests,
		Iterations: s.Load.Iterations,
		Profile:    s.profile(),
		Start:      s.Start,
		LostTasks:  s.LostTasks,
	}
	if !p.Profile.Endless {
		p.Duration = p.Profile.Length()
	}
	if p.Model == Open {
		p.Rate = p.Profile.Peak()
		p.Arrival = s.Load.Arrival
		p.Expected = p.expected()
	} else {
		p.Users = int(wholeUnits(p.Profile.Peak()))
	}
	if RunsScript(s.Engine) {
		p.fromScript(&s, in.Script, in.Overrides)
	}
	for _, d := range s.Data {
		facts := in.Data[d.File]
		p.Data = append(p.Data, PlanData{Name: d.Name, File: d.File, Sharing: d.Sharing, Columns: facts.Columns, Rows: facts.Rows})
	}
	for _, c := range s.Criteria {
		p.Criteria = append(p.Criteria, c.String())
	}
	p.deal(&s, in)
	if problems := in.checkUsers(p, &s); len(problems) > 0 {
		return nil, problemsError("the scenario cannot be planned", problems)
	}
	p.warn()
	return p, nil
}

// expected is how many arrivals will be due, as far as that can be known.
func (p *Plan) expected() int64 {
	total, known := NewTimeline(p.Profile, nil).Total()
	limit := p.Requests + p.Iterations // only one of them limits arrivals
	switch {
	case !known:
		return limit
	case limit > 0:
		return min(total, limit)
	}
	return total
}

// unit is what the plan's expected arrivals and rates are counted in.
func (p *Plan) unit() string { return or(p.Arrival, ArrivalRequest) }

// deal gives every task its part. The parts add up because each is counted on
// one stripe.
func (p *Plan) deal(s *Scenario, in PlanInput) {
	counts := make([]int, len(s.Regions))
	for i, r := range s.Regions {
		counts[i] = r.Tasks
	}
	loads := newDealer(stripeGroups(s.weights(), counts))
	index := 0
	for i, r := range s.Regions {
		region := PlanRegion{Name: r.Name, Driver: in.Regions[r.Name].Driver, Capacity: in.Capacity[r.Name]}
		rate := int64(0)
		for n := range r.Tasks {
			task := p.task(loads.share(i, n))
			task.Name, task.Index = fmt.Sprintf("%s-%d", r.Name, n+1), index
			index++
			region.Users += task.Users
			rate += int64(math.Round(task.Rate * microsPerUnit))
			region.Tasks = append(region.Tasks, task)
		}
		region.Rate = float64(rate) / microsPerUnit
		p.Regions = append(p.Regions, region)
	}
	if p.Model == Closed {
		p.dealLimits(s.limitWeights())
	}
}

func (p *Plan) task(share Share) PlanTask {
	t := PlanTask{Share: share}
	if p.Model == Open {
		// In millionths, so that the tasks' rates add up to the run's as written.
		t.Rate = float64(share.Count(int64(math.Round(p.Rate*microsPerUnit)))) / microsPerUnit
		t.Requests, t.Iterations = share.Count(p.Requests), share.Count(p.Iterations)
	} else {
		t.Users = int(share.Count(int64(p.Users)))
	}
	for _, d := range p.Data {
		if t.Rows == nil {
			t.Rows = map[string]int{}
		}
		t.Rows[d.Name] = d.Rows
		if d.Sharing != DataSame {
			t.Rows[d.Name] = int(share.Count(int64(d.Rows)))
		}
	}
	return t
}

// dealLimits shares the closed model's limits among the tasks that have users:
// nobody would ever use up the part of a task without one.
func (p *Plan) dealLimits(weights []fraction64) {
	working := make([]int, len(p.Regions))
	for i, r := range p.Regions {
		for _, t := range r.Tasks {
			if t.Users > 0 {
				working[i]++
			}
		}
	}
	limits := newDealer(stripeGroups(weights, working))
	for i, r := range p.Regions {
		n := 0
		for j := range r.Tasks {
			if r.Tasks[j].Users == 0 {
				continue
			}
			share := limits.share(i, n)
			n++
			r.Tasks[j].Requests, r.Tasks[j].Iterations = share.Count(p.Requests), share.Count(p.Iterations)
		}
	}
}

// Nothing is an Order's limit for a task that gets no part of it: it sends
// nothing. Zero would say that there is no limit.
const Nothing = -1

// Order is what the task's agent has to know of the plan. The caller adds the
// run, the scenario, changes and files.
func (p *Plan) Order(task PlanTask) Order {
	o := Order{
		Task: task.Name, Index: task.Index, Count: p.Tasks, Model: p.Model,
		Profile: p.Profile, Share: task.Share,
	}
	for _, r := range p.Regions {
		for _, t := range r.Tasks {
			if t.Index == task.Index {
				o.Region = r.Name
			}
		}
	}
	if p.Model == Open {
		o.Requests, o.Iterations = p.Requests, p.Iterations
		return o
	}
	o.Requests = ownLimit(p.Requests, task.Requests)
	o.Iterations = ownLimit(p.Iterations, task.Iterations)
	return o
}

func ownLimit(whole, own int64) int64 {
	if whole > 0 && own == 0 {
		return Nothing
	}
	return own
}
