package load

import "fmt"

func (s *Scenario) checkRegions(f *faults) {
	seen := map[string]int{}
	for i, r := range s.Regions {
		here := at("regions", i)
		first, twice := seen[r.Name]
		seen[r.Name] = i
		switch {
		case r.Name == "":
			f.add(here+".name", "", "the name of a region that the server knows", "a region needs its name")
		case twice:
			f.add(here+".name", r.Name, "each region once", "region %q stands there already as regions[%d]: give that one more tasks instead", r.Name, first)
		case !IsRegionName(r.Name):
			f.add(here+".name", r.Name, "letters, digits, '-', '_'", "%q is no region's name: they are letters, digits, '-' and '_'", r.Name)
		}
	}
	if n := s.tasks(); n > MaxTasks {
		f.add("regions", plural(n, "task"), fmt.Sprintf("at most %d", MaxTasks), "the regions have %d tasks together, %d are allowed", n, MaxTasks)
	}
	s.checkShares(f)
}

// IsRegionName says whether a region can have this name: it is part of task
// names, of message subjects and of host names.
func IsRegionName(name string) bool { return isName(name, "-_") && len(name) <= 63 }

// checkShares: all regions have one or none, they are the whole, and there is
// something to share.
func (s *Scenario) checkShares(f *faults) {
	with := s.regionsWith(func(r *RegionLoad) bool { return r.Share != 0 })
	if len(with) == 0 {
		return
	}
	first := at("regions", with[0]) + ".share"
	found := s.Regions[with[0]].Share.String()
	switch kind := s.kind(); {
	case kind == rateEach:
		f.add(first, found, "no share", "the regions have a rate each, so there is nothing to share: leave share out, or write load.rate")
		return
	case kind == usersEach && s.Load.Requests == 0 && s.Load.Iterations == 0:
		f.add(first, found, "no share", "each task has its own users, so there is nothing to share: write load.total_users, or leave share out")
		return
	}
	if len(with) < len(s.Regions) {
		f.add("regions", plural(len(with), "region")+" with a share", "a share for all regions or for none", "%d of %s have a share: either all have one, adding up to 100%%, or none", len(with), plural(len(s.Regions), "region"))
		return
	}
	sum := Percent(0)
	for _, r := range s.Regions {
		sum += r.Share
	}
	if sum != Whole {
		f.add("regions", sum.String(), "100%", "the regions' shares add up to %s: they must add up to 100%%", sum)
	}
}
