package jmx

import (
	"fmt"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// Group is a thread group that is enabled.
type Group struct {
	Part load.ScriptPart
	// Aside: a setUp or tearDown group. It runs once in every task.
	Aside bool
	// Endless: only a stop ends it.
	Endless bool

	e      *node
	shared []quantity
	users  int // place in shared of what users override; -1 without
}

// group reads a thread group of any kind.
func (p *Plan) group(e *node) *Group {
	g := &Group{e: e, users: -1, Part: load.ScriptPart{Name: e.name(), Kind: e.short()}}
	switch e.short() {
	case "ThreadGroup":
		p.threadGroup(g)
	case "SetupThreadGroup", "PostThreadGroup":
		p.threadGroup(g)
		g.Aside, g.shared = true, nil
		g.Part.Text = join(g.Part.Text, "runs once in every task")
	case "ConcurrencyThreadGroup":
		p.concurrency(g)
	case "ArrivalsThreadGroup":
		p.arrivals(g)
	case "FreeFormArrivalsThreadGroup":
		p.freeForm(g)
	case "UltimateThreadGroup":
		p.ultimate(g)
	case "SteppingThreadGroup":
		p.stepping(g)
	case "OpenModelThreadGroup":
		p.openModel(g)
	default:
		p.cannot("thread group %q is of the kind %s, which is not known here", e.name(), e.class())
	}
	return g
}

// share adds a number to those that tasks share, and returns it. What is no
// number before the start cannot be shared.
func (p *Plan) share(g *Group, at *node, v float64, ok, whole bool, what string) float64 {
	switch {
	case !ok:
		p.cannot("%s of thread group %q is %q, which only JMeter can work out", what, g.Part.Name, strings.TrimSpace(at.text))
		return 0
	case whole && v != float64(int64(v)) || v < 0:
		p.cannot("%s of thread group %q is %v", what, g.Part.Name, v)
		return v
	case at != nil:
		g.shared = append(g.shared, quantity{at: at, v: v, whole: whole})
	}
	return v
}

func (p *Plan) threadGroup(g *Group) {
	v, at, ok := p.number(g.e, "ThreadGroup.num_threads")
	before := len(g.shared)
	users := p.share(g, at, v, ok, true, "the number of threads")
	if len(g.shared) > before {
		g.users = before
	}
	g.Part.Users = int(users)
	ramp, ok := p.seconds(g.e, "ThreadGroup.ramp_time", 1)
	if ok && ramp > 0 {
		g.Part.Text = "ramp-up " + ramp.String()
	}
	loops, looped := p.loops(g.e)
	if looped && loops > 0 {
		g.Part.Iterations = int64(loops) * int64(users)
	}
	g.Endless = looped && loops < 0
	if p.resolved(g.e.value("ThreadGroup.scheduler")) == "true" {
		g.Part.Duration, ok = p.seconds(g.e, "ThreadGroup.duration", 1)
		g.Part.Begin, _ = p.seconds(g.e, "ThreadGroup.delay", 1)
		g.Endless = g.Endless && ok && g.Part.Duration == 0
	}
}

// loops is how often each thread goes round: below 0 for ever.
func (p *Plan) loops(e *node) (int, bool) {
	c := e.prop("ThreadGroup.main_controller")
	if c == nil {
		return 1, true
	}
	if p.resolved(c.value("LoopController.continue_forever")) != "false" { // as JMeter takes it when it is not there
		return -1, true
	}
	v, _, ok := p.number(c, "LoopController.loops")
	return int(v), ok
}

// unit is the length of the unit of a casutg group's times, in seconds.
func (p *Plan) unit(e *node) float64 {
	if strings.EqualFold(p.resolved(e.value("Unit")), "S") {
		return 1
	}
	return 60
}

// dynamic reads what all casutg groups with a target have.
func (p *Plan) dynamic(g *Group, whole bool, what string) float64 {
	v, at, ok := p.number(g.e, "TargetLevel")
	before := len(g.shared)
	v = p.share(g, at, v, ok, whole, what)
	if len(g.shared) > before {
		g.users = before
	}
	unit := p.unit(g.e)
	ramp, rampOK := p.seconds(g.e, "RampUp", unit)
	hold, holdOK := p.seconds(g.e, "Hold", unit)
	if rampOK && holdOK {
		g.Part.Duration = ramp + hold
		g.Part.Text = fmt.Sprintf("ramp-up %s, hold %s", ramp, hold)
	}
	if steps, _, ok := p.number(g.e, "Steps"); ok && steps > 0 {
		g.Part.Text = join(g.Part.Text, fmt.Sprintf("in %g steps", steps))
	}
	return v
}

func (p *Plan) concurrency(g *Group) {
	g.Part.Users = int(p.dynamic(g, true, "the target concurrency"))
}

func (p *Plan) arrivals(g *Group) {
	g.Part.Rate = p.dynamic(g, false, "the target rate") / p.unit(g.e)
	p.limit(g)
}

// limit reads the bound on threads of a group with arrivals.
func (p *Plan) limit(g *Group) {
	v, at, ok := p.number(g.e, "ConcurrencyLimit")
	if v = p.share(g, at, v, ok, true, "the concurrency limit"); v > 0 {
		g.Part.Text = join(g.Part.Text, fmt.Sprintf("at most %g threads", v))
	}
}

func (p *Plan) freeForm(g *Group) {
	unit := p.unit(g.e)
	for _, row := range rows(g.e.prop("Schedule"), 3) {
		from, to := p.cell(g, row[0], false), p.cell(g, row[1], false)
		length := p.cell0(row[2]) * unit
		g.Part.Rate = max(g.Part.Rate, from/unit, to/unit)
		g.Part.Duration += load.Duration(max(0, min(length, 1e9)) * 1e9)
		g.Part.Stages = append(g.Part.Stages, fmt.Sprintf("%g/s to %g/s in %gs", from/unit, to/unit, length))
	}
	p.limit(g)
}

// cell shares a number of a row.
func (p *Plan) cell(g *Group, at *node, whole bool) float64 {
	v, ok := p.cellValue(at)
	return p.share(g, at, v, ok, whole, "a row")
}

func (p *Plan) cell0(at *node) float64 {
	v, _ := p.cellValue(at)
	return v
}

// rows are the rows of a table property that have enough cells.
func rows(table *node, cells int) [][]*node {
	if table == nil {
		return nil
	}
	var all [][]*node
	for _, row := range table.kids {
		if len(row.kids) >= cells {
			all = append(all, row.kids)
		}
	}
	return all
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ", " + b
}
