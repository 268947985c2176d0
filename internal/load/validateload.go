package load

import (
	"fmt"
	"strings"
)

// checkLoad finds loads that cannot be: none or several at once, without an
// end, ramps that do not fit.
func (s *Scenario) checkLoad(f *faults) {
	l := &s.Load
	script := RunsScript(s.Engine) // which has a load and an end of its own
	if !script || s.kind() != noLoad {
		s.checkKinds(f)
	}
	if len(l.Stages) > 0 {
		s.checkStages(f)
	} else if !script || l.RampUp+l.RampDown+l.HoldFor > 0 {
		s.checkTimes(f)
	}
	if s.kind() == noLoad {
		return // closed or open is not known
	}
	if s.ThinkTime != (Span{}) {
		s.checkPause(f, "think_time", s.ThinkTime)
	}
	if s.Model() == Open {
		s.checkArrival(f)
		return
	}
	if l.Arrival != "" {
		f.add("load.arrival", l.Arrival, "no arrival with users", "an arrival is of a rate; users begin their next iteration when the last one is over")
	}
	if l.MaxConnections != 0 {
		f.add("load.max_connections", fmt.Sprint(l.MaxConnections), "no max_connections with users", "max_connections is for a rate; each user has one request in flight")
	}
	if l.Arrivals != "" && l.Arrivals != ArrivalsConstant {
		f.add("load.arrivals", l.Arrivals, "no arrivals with users", "arrivals are for a rate; users send their next request when the last one was answered")
	}
	if total := s.profileUsers(); total > MaxUsers {
		f.add("load", fmt.Sprintf("%.0f users", total), fmt.Sprintf("at most %d", MaxUsers), "the load is %.0f users in all tasks together, %d are allowed", total, MaxUsers)
	}
}

// checkArrival: what an arrival sends goes with the requests and the limits.
func (s *Scenario) checkArrival(f *faults) {
	l := &s.Load
	if s.arrival() == ArrivalIteration {
		if l.Requests != 0 {
			f.add("load.requests", fmt.Sprint(l.Requests), "load.iterations", "an arrival is a whole iteration here, so requests cannot be counted beforehand: write iterations")
		}
		return
	}
	if l.Iterations != 0 {
		f.add("load.iterations", fmt.Sprint(l.Iterations), "load.requests", "an arrival is one request here: write requests, or arrival: iteration")
	}
	switch {
	case len(s.Flows) > 0:
		f.add("load.arrival", l.Arrival, ArrivalIteration, "a flow is walked as a whole: write arrival: iteration, or leave it out")
	case s.extracts():
		f.add("load.arrival", l.Arrival, ArrivalIteration, "extracted values are for later requests of the same iteration: write arrival: iteration, or leave it out")
	}
}

// checkPause: somebody must be there to pause.
func (s *Scenario) checkPause(f *faults, path string, pause Span) {
	if s.kind() != noLoad && !s.iterates() {
		f.add(path, pause.String(), "no think_time with a rate of requests", "an arrival is one request here, and nobody pauses after it: leave think_time out, or write load.arrival: iteration or load.users")
	}
}

func (s *Scenario) profileUsers() float64 {
	withRegions := *s
	if len(s.Regions) == 0 {
		withRegions.Regions = []RegionLoad{{Tasks: 1}}
	}
	if len(s.Load.Stages) == 0 {
		return withRegions.peak()
	}
	most := 0.0
	for i := range s.Load.Stages {
		most = max(most, withRegions.stageLevel(&s.Load.Stages[i]))
	}
	return most
}

const loadAllowed = "one of users (in each task), total_users, rate or stages"

// checkKinds: exactly one field gives the load.
func (s *Scenario) checkKinds(f *faults) {
	l := &s.Load
	type given struct{ path, found string }
	var kinds []given
	if l.Users != 0 {
		kinds = append(kinds, given{"load.users", fmt.Sprint(l.Users)})
	}
	if l.TotalUsers != 0 {
		kinds = append(kinds, given{"load.total_users", fmt.Sprint(l.TotalUsers)})
	}
	if l.Rate != 0 {
		kinds = append(kinds, given{"load.rate", l.Rate.String()})
	}
	users, rates := s.regionsWith(func(r *RegionLoad) bool { return r.Users != 0 }), s.regionsWith(func(r *RegionLoad) bool { return r.Rate != 0 })
	if len(users) > 0 && l.Users == 0 {
		kinds = append(kinds, given{at("regions", users[0]) + ".users", fmt.Sprint(s.Regions[users[0]].Users)})
	}
	if len(rates) > 0 {
		kinds = append(kinds, given{at("regions", rates[0]) + ".rate", s.Regions[rates[0]].Rate.String()})
	}
	if len(l.Stages) > 0 {
		for _, k := range kinds {
			f.add(k.path, k.found, "stages alone", "stages give the load: leave %s out, or leave the stages out", fieldOf(k.path))
		}
		if len(users) > 0 && l.Users != 0 {
			f.add(at("regions", users[0])+".users", fmt.Sprint(s.Regions[users[0]].Users), "stages alone", "stages give the load: leave users out, or leave the stages out")
		}
		return
	}
	switch {
	case len(kinds) == 0:
		f.add("load", "", loadAllowed, "nothing says how much load there is: write %s", loadAllowed)
	case len(kinds) > 1:
		for _, k := range kinds[1:] {
			f.add(k.path, k.found, "one of users, total_users and rate", "%s gives the load already: write only one of them (users are the closed model, a rate is the open one)", kinds[0].path)
		}
	}
	s.checkAllRegions(f, users, rates)
}

func fieldOf(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// checkAllRegions: a load given by regions is given by all of them.
func (s *Scenario) checkAllRegions(f *faults, users, rates []int) {
	if n := len(users); n > 0 && n < len(s.Regions) && s.Load.Users == 0 && len(rates) == 0 {
		f.add("regions", plural(n, "region")+" with users", "users for all regions or for none", "%d of %s have users: give all of them users, or write load.users for the others", n, plural(len(s.Regions), "region"))
	}
	if n := len(rates); n > 0 && n < len(s.Regions) && len(users) == 0 {
		f.add("regions", plural(n, "region")+" with a rate", "a rate for all regions or for none", "%d of %s have a rate: give all of them one, or write load.rate and shares", n, plural(len(s.Regions), "region"))
	}
}

func (s *Scenario) regionsWith(has func(*RegionLoad) bool) []int {
	var with []int
	for i := range s.Regions {
		if has(&s.Regions[i]) {
			with = append(with, i)
		}
	}
	return with
}

// checkTimes: something ends the run, and the ramps fit into it.
func (s *Scenario) checkTimes(f *faults) {
	l := &s.Load
	ramps := l.RampUp + l.RampDown
	switch {
	case l.Duration != 0 && l.HoldFor != 0:
		f.add("load.hold_for", l.HoldFor.String(), "one of hold_for and duration", "hold_for and duration both say how long the run is: write only one (duration counts the ramps in)")
	case l.Duration != 0 && l.RampUp > l.Duration:
		f.add("load.ramp_up", l.RampUp.String(), "at most "+l.Duration.String(), "the ramp of %s is longer than the run of %s (load.duration)", l.RampUp, l.Duration)
	case l.Duration != 0 && ramps > l.Duration:
		f.add("load.ramp_down", l.RampDown.String(), "at most "+(l.Duration-l.RampUp).String(), "ramp_up and ramp_down together, %s, are longer than the run of %s (load.duration)", ramps, l.Duration)
	case l.Duration != 0 || l.HoldFor != 0:
	case l.RampDown != 0:
		f.add("load.ramp_down", l.RampDown.String(), "ramp_down with duration or hold_for", "a ramp_down needs to know when the run ends: write duration or hold_for")
	case l.Requests == 0 && l.Iterations == 0:
		f.add("load", "", "duration, hold_for, requests or iterations", "nothing ends the run: write duration, hold_for, requests or iterations")
	}
	if total := ramps + l.HoldFor; total > MaxRun {
		f.add("load", total.String(), "at most "+MaxRun.String(), "the run is %s long, %s is allowed", total, MaxRun)
	}
}

// checkStages: stages stand alone, speak of one thing, take time and make load.
func (s *Scenario) checkStages(f *faults) {
	l := &s.Load
	for _, other := range []struct {
		field string
		value Duration
	}{{"ramp_up", l.RampUp}, {"hold_for", l.HoldFor}, {"ramp_down", l.RampDown}, {"duration", l.Duration}} {
		if other.value != 0 {
			f.add("load."+other.field, other.value.String(), "stages alone", "stages give the times: leave %s out, or leave the stages out", other.field)
		}
	}
	total, highest, kind, complete := Duration(0), 0.0, noLoad, true
	for i := range l.Stages {
		stage, here := &l.Stages[i], at("load.stages", i)
		total += stage.Duration
		own := stage.kinds()
		switch {
		case len(own) != 1:
			complete = false
			f.add(here, strings.Join(own, " and "), "one of users (in each task), total_users and rate", "a stage needs exactly one of users (in each task), total_users and rate")
		case kind == noLoad:
			kind = stage.kind()
		case kind != stage.kind():
			f.add(here+"."+own[0], own[0], string(kind), "the stages before use %s: write %s here too", kind, kind)
		}
		withRegions := Scenario{Regions: []RegionLoad{{Tasks: 1}}}
		highest = max(highest, withRegions.stageLevel(stage))
	}
	switch {
	case total == 0:
		f.add("load.stages", "0s", "more than 0s", "the stages take no time together: give at least one a duration")
	case total > MaxRun:
		f.add("load.stages", total.String(), "at most "+MaxRun.String(), "the stages take %s together, %s is allowed", total, MaxRun)
	}
	if highest == 0 && complete {
		f.add("load.stages", "0", "a level above 0", "the stages never get above 0: there is no load")
	}
}

// kinds names the fields of a stage that give its level.
func (s *Stage) kinds() []string {
	var kinds []string
	if s.Users != nil {
		kinds = append(kinds, "users")
	}
	if s.TotalUsers != nil {
		kinds = append(kinds, "total_users")
	}
	if s.Rate != nil {
		kinds = append(kinds, "rate")
	}
	return kinds
}
