package load

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// TasksLive says whether users of a running load come and go with whole tasks:
// so it is where the engine itself cannot change its load. (The scripted engine
// can do both, for tests.)
func TasksLive(engine string) bool { return !ChangesLive(engine) || engine == EngineScripted }

// planned are the tasks that the plan began with.
func (r *PlanRegion) planned() []PlanTask {
	if n := slices.IndexFunc(r.Tasks, func(t PlanTask) bool { return t.Added }); n >= 0 {
		return r.Tasks[:n]
	}
	return r.Tasks
}

// staying lists the places in Tasks of those that were not told to leave.
func (r *PlanRegion) staying() []int {
	var at []int
	for i := range r.Tasks {
		if r.Tasks[i].Leaves == nil {
			at = append(at, i)
		}
	}
	return at
}

// usersOf is how many users n tasks of the region have together: each one beyond
// the plan has the share of one that the plan began with, in turn.
func (r *PlanRegion) usersOf(n int) int {
	planned, sum := r.planned(), 0
	for i := range n {
		sum += planned[i%len(planned)].Users
	}
	return sum
}

// Staying is how many tasks each region has, without those that were told to
// leave.
func (p *Plan) Staying() map[string]int {
	out := map[string]int{}
	for i := range p.Regions {
		out[p.Regions[i].Name] = len(p.Regions[i].staying())
	}
	return out
}

// Spread shares a number of tasks over the regions as the plan did.
func (p *Plan) Spread(tasks int) map[string]int {
	groups := make([]ShareGroup, len(p.Regions))
	for i := range p.Regions {
		groups[i] = ShareGroup{Tasks: 1, Weight: uint64(len(p.Regions[i].planned()))}
	}
	out := map[string]int{}
	for i := range p.Regions {
		share := Share{Groups: groups, Group: i}
		out[p.Regions[i].Name] = int(share.Count(int64(tasks)))
	}
	return out
}

// TasksForUsers finds how many tasks have this many users together, or says
// which numbers near it can be had.
func (p *Plan) TasksForUsers(users int) (map[string]int, error) {
	if p.Regions[0].planned()[0].Users == 0 {
		return nil, Errorf(Conflict, "how many users the script has in a task is not known here: change the number of tasks instead")
	}
	below, above := 0, 0
	for n := 1; n <= MaxTasks; n++ {
		spread, sum := p.Spread(n), 0
		for i := range p.Regions {
			sum += p.Regions[i].usersOf(spread[p.Regions[i].Name])
		}
		switch {
		case sum == users:
			return spread, nil
		case sum < users:
			below = sum
			continue
		}
		above = sum
		break
	}
	near := []string{}
	for _, n := range []int{below, above} {
		if n > 0 {
			near = append(near, fmt.Sprint(n))
		}
	}
	allowed := strings.Join(near, " or ")
	err := Errorf(Invalid, "%s has no live control, so users come and go with whole tasks: %s of the whole run cannot be had, %s can", p.Engine, plural(users, "user"), allowed)
	err.Problems = []Problem{{Path: "total_users", Found: fmt.Sprint(users), Allowed: allowed, Message: err.Message}}
	return nil, err
}

// CheckTasks says what stands in the way of these numbers of tasks, if
// anything. A region that is not named keeps what it has.
func (p *Plan) CheckTasks(want map[string]int) error {
	if !TasksLive(p.Engine) {
		return Errorf(Conflict, "the %s engine changes its load while it runs: change users or rate instead of tasks", p.Engine)
	}
	for _, d := range p.Data {
		if d.Sharing == DataUnique {
			return Errorf(Conflict, "data %s is unique: its rows are dealt out to the planned tasks, and a task more would use some again", d.Name)
		}
	}
	all := p.Staying()
	for _, name := range sortedKeys(want) {
		if _, known := all[name]; !known {
			return Errorf(Invalid, "region: the run has no region %q, it has: %s", name, strings.Join(sortedKeys(all), ", "))
		}
		if want[name] < 0 {
			return Errorf(Invalid, "tasks: found %d, allowed are numbers from 0", want[name])
		}
	}
	maps.Copy(all, want)
	sum := 0
	for _, n := range all {
		sum += n
	}
	switch {
	case sum == 0:
		return Errorf(Invalid, "tasks: no task would be left; stop the run instead")
	case sum > MaxTasks:
		return Errorf(Invalid, "tasks: found %d, allowed are at most %d in a run", sum, MaxTasks)
	}
	return nil
}

// ChangeTasks makes the plan have these numbers of tasks from an instant of the
// run on: the newest leave first, and each one more takes the share of one that
// the plan began with, in turn. It returns how many come and go.
func (p *Plan) ChangeTasks(want map[string]int, at Duration) (more, less int) {
	index := 0
	for _, r := range p.Regions {
		index += len(r.Tasks)
	}
	for i := range p.Regions {
		r := &p.Regions[i]
		tasks, named := want[r.Name]
		if !named {
			continue
		}
		staying := r.staying()
		for n := len(staying); n > tasks; n-- {
			r.Tasks[staying[n-1]].Leaves = &at
			less++
		}
		planned := r.planned()
		for n := len(staying); n < tasks; n++ {
			twin := planned[n%len(planned)]
			twin.Name, twin.Index = fmt.Sprintf("%s-%d", r.Name, len(r.Tasks)+1), index
			twin.Added, twin.Leaves = true, nil
			r.Tasks = append(r.Tasks, twin)
			index++
			more++
		}
	}
	return more, less
}
