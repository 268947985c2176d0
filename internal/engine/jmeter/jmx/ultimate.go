package jmx

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"onrush.dev/onrush/internal/load"
)

func (p *Plan) cellValue(at *node) (float64, bool) {
	if at == nil || strings.TrimSpace(at.text) == "" {
		return 0, true
	}
	v, err := strconv.ParseFloat(p.resolved(at.text), 64)
	return v, err == nil && v > -1e12 && v < 1e12
}

// ultimate reads the Ultimate Thread Group: rows of threads, delay, startup,
// hold and shutdown.
func (p *Plan) ultimate(g *Group) {
	table := g.e.prop("ultimatethreadgroupdata")
	if table == nil {
		p.cannot("thread group %q takes its table from somewhere else", g.Part.Name)
		return
	}
	for _, row := range rows(table, 5) {
		n := p.cell(g, row[0], true)
		var times [4]float64
		total := 0.0
		for i := range times {
			times[i] = p.cell0(row[i+1])
			total += times[i]
		}
		g.Part.Users += int(n)
		g.Part.Duration = max(g.Part.Duration, load.Duration(max(0, min(total, 1e9))*1e9))
		g.Part.Stages = append(g.Part.Stages, fmt.Sprintf("%g threads from %gs on: up in %gs, hold %gs, down in %gs", n, times[0], times[1], times[2], times[3]))
	}
}

// stepping reads the Stepping Thread Group. Every step adds the same number of
// threads, so its numbers can only be shared when each task gets the same whole
// part of all of them.
func (p *Plan) stepping(g *Group) {
	n, at, ok := p.number(g.e, "ThreadGroup.num_threads")
	n = p.share(g, at, n, ok, true, "the number of threads")
	g.Part.Users = int(n)
	var v [4]float64
	for i, name := range []string{"Start users count", "Start users count burst", "Stop users count"} {
		x, at, ok := p.number(g.e, name)
		v[i] = p.share(g, at, x, ok, true, strings.ToLower(name))
		if v[i] > 0 {
			g.Part.Step = gcd(g.Part.Step, int(v[i]))
		}
	}
	g.Part.Step = gcd(g.Part.Step, int(n))
	delay, _ := p.seconds(g.e, "Threads initial delay", 1)
	period, _ := p.seconds(g.e, "Start users period", 1)
	flight, _ := p.seconds(g.e, "flighttime", 1)
	down, _ := p.seconds(g.e, "Stop users period", 1)
	ups, downs := steps(n-v[1], v[0]), steps(n, v[2])
	g.Part.Begin = delay
	g.Part.Duration = load.Duration(ups)*period + flight + load.Duration(downs)*down
	g.Part.Stages = append(g.Part.Stages, fmt.Sprintf("%g threads more every %s, hold %s, then %g less every %s", v[0], period, flight, v[2], down))
}

func steps(n, by float64) int {
	if by <= 0 || n <= 0 {
		return 0
	}
	return int((n + by - 1) / by)
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// rateOf finds the rates of an open model's schedule.
var rateOf = regexp.MustCompile(`\brate\(\s*([0-9]+(?:\.[0-9]*)?)\s*(?:/|per)?`)

// unitOf finds rates with their unit.
var unitOf = regexp.MustCompile(`\brate\(\s*([0-9]+(?:\.[0-9]*)?)\s*(?:/|per)?\s*([a-z]*)`)

// openModel reads the Open Model Thread Group, whose schedule is a text.
func (p *Plan) openModel(g *Group) {
	at := g.e.prop("OpenModelThreadGroup.schedule")
	if at == nil {
		return
	}
	text := p.resolved(at.text)
	g.Part.Stages = []string{strings.Join(strings.Fields(text), " ")}
	if strings.Contains(text, "${") {
		p.cannot("the schedule of thread group %q is %q, which only JMeter can work out", g.Part.Name, text)
		return
	}
	for _, match := range unitOf.FindAllStringSubmatch(text, -1) {
		v, _ := strconv.ParseFloat(match[1], 64)
		g.Part.Rate = max(g.Part.Rate, v/secondsOf(match[2]))
	}
	g.shared = append(g.shared, quantity{at: at, scale: func(part float64) string {
		return rateOf.ReplaceAllStringFunc(text, func(rate string) string {
			digits := rateOf.FindStringSubmatch(rate)[1]
			v, _ := strconv.ParseFloat(digits, 64)
			return strings.Replace(rate, digits, decimal(v*part), 1)
		})
	}})
}

func secondsOf(unit string) float64 {
	switch {
	case strings.HasPrefix(unit, "ms"), strings.HasPrefix(unit, "milli"):
		return 1e-3
	case strings.HasPrefix(unit, "m"):
		return 60
	case strings.HasPrefix(unit, "h"):
		return 3600
	case strings.HasPrefix(unit, "d"):
		return 86400
	}
	return 1
}

// decimal writes a number without an exponent.
func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
