package load

import "math"

// loadKind says which field of a scenario gives the load.
type loadKind string

const (
	noLoad     loadKind = ""
	usersEach  loadKind = "users"       // users in each task
	usersTotal loadKind = "total_users" // users of the whole run
	rateTotal  loadKind = "rate"        // requests/s of the whole run
	rateEach   loadKind = "regions.rate"
)

// kind finds the first field that gives the load; Validate sees to it that
// there is one only.
func (s *Scenario) kind() loadKind {
	l := &s.Load
	for _, stage := range l.Stages {
		if kind := stage.kind(); kind != noLoad {
			return kind
		}
	}
	switch {
	case l.Users != 0:
		return usersEach
	case l.TotalUsers != 0:
		return usersTotal
	case l.Rate != 0:
		return rateTotal
	}
	for _, r := range s.Regions {
		switch {
		case r.Users != 0:
			return usersEach
		case r.Rate != 0:
			return rateEach
		}
	}
	return noLoad
}

func (s *Stage) kind() loadKind {
	switch {
	case s.Users != nil:
		return usersEach
	case s.TotalUsers != nil:
		return usersTotal
	case s.Rate != nil:
		return rateTotal
	}
	return noLoad
}

// Model says which load model a scenario uses.
func (s *Scenario) Model() Model {
	switch s.kind() {
	case rateTotal, rateEach:
		return Open
	}
	return Closed
}

// weights are the tasks' weights by region, as fractions: value/each. They are
// what each task of the region gets of the load.
func (s *Scenario) weights() []fraction64 {
	weights := make([]fraction64, len(s.Regions))
	shares := len(s.Regions) > 0 && s.Regions[0].Share != 0
	for i, r := range s.Regions {
		w := fraction64{1, 1}
		switch kind := s.kind(); {
		case kind == usersEach:
			w.top = uint64(max(0, or(r.Users, s.Load.Users)))
			if len(s.Load.Stages) > 0 {
				w.top = 1
			}
		case kind == rateEach:
			w.top = uint64(math.Round(float64(r.Rate) * microsPerUnit))
		case shares:
			w = fraction64{uint64(r.Share), uint64(max(1, r.Tasks))}
		}
		weights[i] = w
	}
	return weights
}

// limitWeights are the weights by which limits are dealt: the regions' shares
// where there are any, else the load's weights.
func (s *Scenario) limitWeights() []fraction64 {
	if len(s.Regions) == 0 || s.Regions[0].Share == 0 {
		return s.weights()
	}
	weights := make([]fraction64, len(s.Regions))
	for i, r := range s.Regions {
		weights[i] = fraction64{uint64(r.Share), uint64(max(1, r.Tasks))}
	}
	return weights
}

// tasks is the number of tasks of the whole run.
func (s *Scenario) tasks() int {
	n := 0
	for _, r := range s.Regions {
		n += max(0, r.Tasks)
	}
	return n
}

// peak is the level of the whole run at full load, without stages.
func (s *Scenario) peak() float64 {
	level := 0.0
	switch s.kind() {
	case usersTotal:
		return float64(s.Load.TotalUsers)
	case rateTotal:
		return float64(s.Load.Rate)
	case usersEach:
		for _, r := range s.Regions {
			level += float64(r.Tasks) * float64(or(r.Users, s.Load.Users))
		}
	case rateEach:
		for _, r := range s.Regions {
			level += float64(r.Tasks) * float64(r.Rate)
		}
	}
	return level
}

// profile draws the load of a valid scenario with its defaults.
func (s *Scenario) profile() Profile {
	l := &s.Load
	if len(l.Stages) > 0 {
		return s.stagesProfile()
	}
	var p Profile
	peak, at := s.peak(), Duration(0)
	point := func(level float64) { p.Points = append(p.Points, Point{At: at, Level: level}) }
	if l.RampUp > 0 {
		point(0)
		at = l.RampUp
	}
	point(peak)
	hold := l.HoldFor
	if l.Duration > 0 {
		hold = l.Duration - l.RampUp - l.RampDown
	}
	if hold > 0 {
		at += hold
		point(peak)
	}
	p.Endless = l.Duration == 0 && l.HoldFor == 0
	if l.RampDown > 0 {
		at += l.RampDown
		point(0)
	}
	return p
}

func (s *Scenario) stagesProfile() Profile {
	p := Profile{Points: []Point{{}}}
	at := Duration(0)
	for _, stage := range s.Load.Stages {
		at += stage.Duration
		p.Points = append(p.Points, Point{At: at, Level: s.stageLevel(&stage)})
	}
	return p
}

func (s *Scenario) stageLevel(stage *Stage) float64 {
	switch {
	case stage.Users != nil:
		return float64(*stage.Users) * float64(s.tasks())
	case stage.TotalUsers != nil:
		return float64(*stage.TotalUsers)
	case stage.Rate != nil:
		return float64(*stage.Rate)
	}
	return 0
}

// Peak is the highest level of the profile.
func (p Profile) Peak() float64 {
	peak := 0.0
	for _, point := range p.Points {
		peak = max(peak, point.Level)
	}
	return peak
}

// Length is the profile's duration, up to where it ends or holds forever.
func (p Profile) Length() Duration {
	if len(p.Points) == 0 {
		return 0
	}
	return p.Points[len(p.Points)-1].At
}
