package load

import (
	"fmt"
)

// fromScript puts what the script says into the plan: its users and its length,
// as far as the scenario does not say otherwise. The tool itself ends the load,
// so the profile holds until it does.
func (p *Plan) fromScript(s *Scenario, facts *ScriptFacts, overrides []Override) {
	p.Script, p.Overrides, p.Share = facts, overrides, s.Share
	p.chosen = s.Entry != ""
	times := 1
	if s.Share == SharingPerTask {
		times = p.Tasks
	}
	if facts != nil {
		if p.Users == 0 && p.Rate == 0 {
			p.Users, p.Rate = facts.Users*times, 0
		}
		if p.Duration == 0 {
			p.Duration = facts.Duration
		}
		if p.Iterations == 0 {
			p.Iterations = facts.Iterations * int64(times)
		}
	}
	if ChangesLive(s.Engine) && ScriptLoadOf(*s).Whole() {
		return // the engine itself makes this load, by the profile as it is
	}
	p.Profile = Profile{Points: []Point{{Level: float64(p.Users)}}, Endless: true}
}

// warnScript says what of a script may not be as its reader thinks.
func (p *Plan) warnScript(warn func(string, ...any)) {
	if p.Script == nil {
		warn("%[1]s is not installed where this plan was made, so the plan cannot say what the script's own users, duration and thresholds are; "+
			"the tasks read them before the start, and a script that does not fit the scenario fails the run then. To see it here: onrush engines install %[1]s", p.Engine)
		return
	}
	if p.Engine == EngineLocust && p.Duration == 0 {
		warn("nothing says when this run ends: it goes on until it is stopped, or until its script ends it; write load.duration")
	}
	for _, note := range p.Script.Notes {
		warn("%s", note)
	}
	if n := len(p.Script.Entries); n > 1 && !p.chosen {
		warn("%d files of the bundle could be run, %s is: write entry: to take another of %s", n, p.Script.Entry, listed(p.Script.Entries, 5))
	}
}

// listed joins some words, and says how many more there are.
func listed(words []string, most int) string {
	text := ""
	for i, w := range words {
		if i == most {
			return text + fmt.Sprintf(" and %d more", len(words)-most)
		}
		if i > 0 {
			text += ", "
		}
		text += w
	}
	return text
}
