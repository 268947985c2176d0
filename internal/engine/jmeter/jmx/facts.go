package jmx

import (
	"fmt"
	"slices"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// Facts are what the plan says of its load.
func (p *Plan) Facts() load.ScriptFacts {
	f := load.ScriptFacts{Unshared: p.unshared, Notes: p.Notes}
	endless, known, looped := false, true, false
	for _, g := range p.Groups {
		f.Parts = append(f.Parts, g.Part)
		if g.Aside {
			continue
		}
		f.Rate += g.Part.Rate
		f.Iterations += g.Part.Iterations
		looped = looped || g.Part.Iterations > 0
		known = known && g.Part.Duration > 0
		endless = endless || g.Endless
		length := g.Part.Begin + g.Part.Duration
		if p.serialized {
			f.Users, f.Duration = max(f.Users, g.Part.Users), f.Duration+length
		} else {
			f.Users, f.Duration = f.Users+g.Part.Users, max(f.Duration, length)
		}
	}
	if !known {
		f.Duration = 0
	}
	if !looped {
		f.Iterations = 0
	}
	note := func(format string, args ...any) { f.Notes = append(f.Notes, fmt.Sprintf(format, args...)) }
	if endless {
		note("the plan never ends by itself: write load.duration, or stop the run")
	}
	if p.Samplers == 0 {
		note("no sampler was found in the plan itself")
	}
	if len(p.Outputs) > 0 {
		note("listeners write %s; what of it lies in the task's folder is kept", strings.Join(p.Outputs, ", "))
	}
	for _, g := range p.Groups {
		if g.Aside {
			note("%s %q runs once in every task", g.Part.Kind, g.Part.Name)
		}
	}
	return f
}

// aside says whether a part runs beside the load: setUp and tearDown.
func aside(part load.ScriptPart) bool {
	return part.Kind == "SetupThreadGroup" || part.Kind == "PostThreadGroup"
}

// Overrides lists what a scenario's load replaces in a plan with these parts, or
// refuses what would change what the plan means.
func Overrides(l load.ScriptLoad, parts []load.ScriptPart) ([]load.Override, error) {
	if l.None() {
		return nil, nil
	}
	part, err := theOne(parts)
	if err != nil {
		return nil, err
	}
	var out []load.Override
	add := func(field, script, scenario string) {
		out = append(out, load.Override{Field: field, Script: script, Scenario: scenario})
	}
	ramp, users, length, err := shapeOf(l)
	if err != nil {
		return nil, err
	}
	if err := fits(l, part, users); err != nil {
		return nil, err
	}
	if users > 0 {
		add("users", fmt.Sprint(part.Users), fmt.Sprint(users))
	}
	if l.Rate > 0 {
		add("rate", fmt.Sprintf("%g/s", part.Rate), fmt.Sprintf("%g/s", float64(l.Rate)))
	}
	if ramp >= 0 {
		add("ramp-up", part.Text, ramp.String())
	}
	if length > 0 {
		add("duration", or(part.Duration > 0, part.Duration.String()), length.String())
		if part.Iterations > 0 && l.Iterations == 0 {
			add("iterations", fmt.Sprint(part.Iterations), "until the duration is over")
		}
	}
	if l.Iterations > 0 {
		add("iterations", or(part.Iterations > 0, fmt.Sprint(part.Iterations)), fmt.Sprint(l.Iterations))
	}
	return out, nil
}

func or(is bool, text string) string {
	if is {
		return text
	}
	return ""
}

// theOne is the only group that makes load.
func theOne(parts []load.ScriptPart) (load.ScriptPart, error) {
	var found []load.ScriptPart
	var names []string
	for _, p := range parts {
		if !aside(p) {
			found = append(found, p)
			names = append(names, fmt.Sprintf("%q", p.Name))
		}
	}
	if len(found) != 1 {
		return load.ScriptPart{}, load.Errorf(load.Invalid, "load: the plan has %d thread groups (%s), and which of them is meant cannot be said here: leave load out, and let the plan take its numbers from ${__P(name,default)}, which properties set", len(found), strings.Join(names, ", "))
	}
	return found[0], nil
}

// shapeOf takes a load apart: a ramp (-1 without one), users, the whole length.
func shapeOf(l load.ScriptLoad) (ramp load.Duration, users int, length load.Duration, err error) {
	if len(l.Stages) == 0 {
		return -1, l.Users, l.Duration, nil
	}
	first, last := l.Stages[0], l.Stages[len(l.Stages)-1]
	if len(l.Stages) > 2 || first.Users == 0 || first.Users != last.Users || first.Rate > 0 {
		return 0, 0, 0, load.Errorf(load.Invalid, "load.stages: a thread group has one ramp-up and one level: write ramp_up with hold_for, or an Ultimate Thread Group into the plan")
	}
	if len(l.Stages) == 1 {
		return first.Duration, first.Users, first.Duration, nil
	}
	return first.Duration, first.Users, first.Duration + last.Duration, nil
}

// fits says whether a group of this kind can do it.
func fits(l load.ScriptLoad, part load.ScriptPart, users int) error {
	refuse := func(field, why string, args ...any) error {
		return load.Errorf(load.Invalid, "load."+field+": "+why, args...)
	}
	arrivals := part.Kind == "ArrivalsThreadGroup"
	switch {
	case part.Kind != "ThreadGroup" && part.Kind != "ConcurrencyThreadGroup" && !arrivals:
		return refuse("", "the plan's thread group %q is of the kind %s, whose load is a table of its own: leave load out, or change the plan", part.Name, part.Kind)
	case l.Rate > 0 && !arrivals:
		return refuse("rate", "the plan's thread group %q has threads, not a rate: use an Arrivals Thread Group in the plan", part.Name)
	case users > 0 && arrivals:
		return refuse("users", "the plan's thread group %q has a rate of arrivals, not users: write load.rate", part.Name)
	case l.Iterations > 0 && part.Kind != "ThreadGroup":
		return refuse("iterations", "a group of the kind %s ends by its time", part.Kind)
	}
	if n := int64(or1(users, part.Users)); l.Iterations > 0 && (n == 0 || l.Iterations%n != 0) {
		return refuse("iterations", "found %d, and JMeter gives every thread the same number: take a multiple of the %d users", l.Iterations, n)
	}
	return nil
}

func or1(a, b int) int {
	if a != 0 {
		return a
	}
	return b
}

// Set replaces the plan's load by the scenario's, of the whole run; Divide comes
// after.
func (p *Plan) Set(l load.ScriptLoad) error {
	if l.None() {
		return nil
	}
	var parts []load.ScriptPart
	var g *Group
	for _, each := range p.Groups {
		parts = append(parts, each.Part)
		if !each.Aside {
			g = each
		}
	}
	if _, err := Overrides(l, parts); err != nil {
		return err
	}
	ramp, users, length, err := shapeOf(l)
	if err != nil {
		return err
	}
	switch g.Part.Kind {
	case "ThreadGroup":
		p.setThreads(g, ramp, users, length, l.Iterations)
	default:
		p.setDynamic(g, ramp, float64(users), float64(l.Rate), length)
	}
	return nil
}

func (p *Plan) target(g *Group, v float64, whole bool, prop string) {
	switch {
	case v <= 0:
	case g.users >= 0:
		g.shared[g.users].v, g.shared[g.users].set = v, true
	default:
		if at := g.e.prop(prop); at != nil { // an expression until now
			p.unshared = Unshared(p.unshared, g.Part.Name)
			g.users, g.shared = len(g.shared), append(g.shared, quantity{at: at, v: v, whole: whole, set: true})
		}
	}
}

// Unshared is what still cannot be shared once a scenario sets a group's level.
func Unshared(reasons []string, group string) []string {
	return slices.DeleteFunc(slices.Clone(reasons), func(r string) bool {
		return strings.Contains(r, fmt.Sprintf("of thread group %q is ", group))
	})
}

func (p *Plan) setThreads(g *Group, ramp load.Duration, users int, length load.Duration, iterations int64) {
	p.target(g, float64(users), true, "ThreadGroup.num_threads")
	if ramp >= 0 {
		p.put(g.e, "stringProp", "ThreadGroup.ramp_time", seconds(ramp))
	}
	loops := ""
	if length > 0 {
		p.put(g.e, "boolProp", "ThreadGroup.scheduler", "true")
		p.put(g.e, "stringProp", "ThreadGroup.duration", seconds(length))
		loops = "-1"
	}
	if iterations > 0 {
		loops = fmt.Sprint(iterations / int64(or1(users, g.Part.Users)))
	}
	if c := g.e.prop("ThreadGroup.main_controller"); c != nil && loops != "" {
		p.put(c, "stringProp", "LoopController.loops", loops)
		p.put(c, "boolProp", "LoopController.continue_forever", "false")
	}
}

func (p *Plan) setDynamic(g *Group, ramp load.Duration, users, rate float64, length load.Duration) {
	unit := p.unit(g.e)
	p.target(g, users+rate*unit, rate == 0, "TargetLevel")
	inUnit := func(d load.Duration) string { return decimal(float64(d) / 1e9 / unit) }
	if ramp >= 0 {
		p.put(g.e, "stringProp", "RampUp", inUnit(ramp))
		p.put(g.e, "stringProp", "Hold", inUnit(length-ramp))
		return
	}
	if length > 0 {
		now, _ := p.seconds(g.e, "RampUp", unit)
		p.put(g.e, "stringProp", "Hold", inUnit(max(0, length-now)))
	}
}

// seconds writes a time in whole seconds, as thread groups have them.
func seconds(d load.Duration) string { return fmt.Sprint((int64(d) + 999_999_999) / 1_000_000_000) }
