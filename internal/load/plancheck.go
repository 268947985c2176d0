package load

import (
	"fmt"
	"slices"
	"strings"
)

// problems are the faults of a valid scenario that only regions and data files
// show.
func (in *PlanInput) problems(s *Scenario) []Problem {
	var f faults
	for i, r := range s.Regions {
		in.checkRegion(&f, at("regions", i), r, s.Start)
	}
	for i, d := range s.Data {
		in.checkData(&f, at("data", i), d, s.tasks())
	}
	if len(f) == 0 {
		in.checkColumns(&f, s)
	}
	return f
}

// checkRegion: a run whose scenario can do without some tasks may ask for more
// than the region holds; the plan then warns.
func (in *PlanInput) checkRegion(f *faults, path string, r RegionLoad, start StartPolicy) {
	region, known := in.Regions[r.Name]
	if !known {
		f.add(path+".name", r.Name, strings.Join(sortedKeys(in.Regions), ", "), "there is no region %q", r.Name)
		return
	}
	if limit := region.RunLimit; limit > 0 && r.Tasks > limit {
		f.add(path+".tasks", fmt.Sprint(r.Tasks), fmt.Sprintf("1 to %d", limit),
			"region %s allows one run at most %d tasks (its run_limit): lower tasks, or raise the limit", r.Name, limit)
	} else if limit := in.Capacity[r.Name].Limit; limit > 0 && r.Tasks > limit && !start.Lenient() {
		f.add(path+".tasks", fmt.Sprint(r.Tasks), fmt.Sprintf("1 to %d", limit),
			"region %s can run at most %d tasks at once%s", r.Name, limit, noteOf(in.Capacity[r.Name]))
	}
}

// checkUsers holds the users of each task against what its region allows.
func (in *PlanInput) checkUsers(p *Plan, s *Scenario) []Problem {
	var f faults
	shared := s.kind() != usersEach && s.Share != SharingPerTask // more tasks then have fewer users each
	for i, r := range p.Regions {
		limit := in.Regions[r.Name].UsersPerTask
		most := 0
		for _, t := range r.Tasks {
			most = max(most, t.Users)
		}
		if limit > 0 && most > limit {
			f.add(at("regions", i)+".tasks", plural(most, "user")+" in a task", fmt.Sprintf("at most %d users in each task", limit),
				"region %s allows at most %d users in one task (its users_per_task), and the plan has %d: lower the users%s, or raise the limit",
				r.Name, limit, most, moreTasks(shared, (r.Users+limit-1)/limit))
		}
	}
	return f
}

func moreTasks(help bool, n int) string {
	if !help {
		return ""
	}
	return ", give it at least " + plural(n, "task")
}

func noteOf(c Capacity) string {
	if c.Note == "" {
		return ""
	}
	return " (" + c.Note + ")"
}

func (in *PlanInput) checkData(f *faults, path string, d Data, tasks int) {
	facts, known := in.Data[d.File]
	switch {
	case !known:
		f.add(path+".file", d.File, "a file given with the scenario", "the file %q was not given with the scenario", d.File)
	case facts.Rows == 0:
		f.add(path+".file", d.File, "a file with rows", "the file %q has no rows below its line of column names", d.File)
	case d.Sharing == DataSplit && facts.Rows < tasks:
		f.add(path+".sharing", string(d.Sharing), "same, unique",
			"the file %q has %d rows for %d tasks, and split needs at least one for each: add rows, or write sharing: same", d.File, facts.Rows, tasks)
	}
}

// checkColumns finds names in requests that no column and no variable has, or
// that two files have.
func (in *PlanInput) checkColumns(f *faults, s *Scenario) {
	columns := map[string][]string{} // what may stand in ${…} to the data that has it
	for _, d := range s.Data {
		for _, column := range in.Data[d.File].Columns {
			column = strings.TrimSpace(strings.TrimPrefix(column, "\ufeff"))
			columns[column] = append(columns[column], d.Name)
			if long := d.Name + "." + column; long != column {
				columns[long] = append(columns[long], d.Name)
			}
		}
	}
	s.EachRequest(func(path string, r *Request) {
		for _, name := range sortedKeys(r.Extract) {
			if owners := columns[name]; len(owners) > 0 {
				f.add(JoinPath(path+".extract", name), name, "a name that is no column", "%q is a column of %s already: give the extracted value another name", name, owners[0])
			}
		}
	})
	s.eachName(func(path, name string, by map[string]extracted) {
		_, variable := s.Variables[name]
		if _, extracted := by[name]; variable || extracted {
			return
		}
		switch owners := columns[name]; {
		case len(owners) == 0:
			allowed := slices.Concat(sortedKeys(s.Variables), sortedKeys(by), sortedKeys(columns))
			f.add(path, "${"+name+"}", strings.Join(allowed, ", "), "${%s} is neither a variable nor a column of a data file%s", name, didYouMean(name, allowed))
		case len(owners) > 1:
			f.add(path, "${"+name+"}", "${"+owners[0]+"."+name+"}", "${%s} is a column of both %s and %s: write ${%s.%s}", name, owners[0], owners[1], owners[0], name)
		}
	}, func(string) {})
}

// warn says what will run but perhaps is not what was meant.
func (p *Plan) warn() {
	warn := func(format string, args ...any) { p.Warnings = append(p.Warnings, fmt.Sprintf(format, args...)) }
	if RunsScript(p.Engine) {
		p.warnScript(warn)
	}
	switch {
	case RunsScript(p.Engine) && (p.Share == SharingPerTask || p.Script == nil):
	case p.Model == Closed && p.Users < p.Tasks:
		warn("%d users over %d tasks: %d tasks have none and make no load", p.Users, p.Tasks, p.Tasks-p.Users)
	case p.Model == Open && p.Expected > 0 && p.Expected < int64(p.Tasks):
		warn("%s over %d tasks: %d tasks send none", plural(int(p.Expected), p.unit()), p.Tasks, int64(p.Tasks)-p.Expected)
	}
	if p.Model == Closed {
		p.warnLimit(warn, "requests", p.Requests)
		p.warnLimit(warn, "iterations", p.Iterations)
	}
	for _, r := range p.Regions {
		c := r.Capacity
		switch free := c.Limit - c.InUse; {
		case c.Limit == 0 || len(r.Tasks) <= free:
		case len(r.Tasks) > c.Limit:
			warn("region %s can run at most %d of its %d tasks%s: the run starts without the others, and is degraded", r.Name, c.Limit, len(r.Tasks), noteOf(c))
		default:
			warn("region %s has room for %d more tasks now and the plan has %d: %d of its %d are in use", r.Name, max(0, free), len(r.Tasks), c.InUse, c.Limit)
		}
		for _, q := range c.Quotas {
			if q.Tasks < len(r.Tasks) {
				warn("region %s: the quota %s leaves room for %d tasks now and the plan has %d: %s of %s %s are in use", r.Name, q.Name, max(0, q.Tasks), len(r.Tasks), formatFloat(q.InUse), formatFloat(q.Limit), q.Unit)
			}
		}
	}
	most := max(p.Requests, p.Iterations)
	if p.Expected > 0 {
		most = p.Expected
	}
	for _, d := range p.Data {
		switch {
		case d.Sharing != DataUnique:
		case d.Rows < p.Tasks:
			warn("data %s has %d unique rows for %d tasks: tasks without a row cannot use it", d.Name, d.Rows, p.Tasks)
		case most > int64(d.Rows):
			warn("data %s has %d unique rows and %s are planned: requests that need a row after the last one fail", d.Name, d.Rows, plural(int(most), p.unit()))
		}
	}
}

func (p *Plan) warnLimit(warn func(string, ...any), name string, limit int64) {
	idle := 0
	for _, r := range p.Regions {
		for _, t := range r.Tasks {
			own := t.Requests
			if name == "iterations" {
				own = t.Iterations
			}
			if limit > 0 && own == 0 && t.Users > 0 {
				idle++
			}
		}
	}
	if idle > 0 {
		warn("a limit of %d %s over %d tasks: %d tasks get none of it and make no load", limit, name, p.Tasks, idle)
	}
}
