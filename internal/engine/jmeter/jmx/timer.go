package jmx

import "strings"

// timer reads what holds a rate or a number in each JVM for itself, which N
// tasks would have N times.
func (p *Plan) timer(e *node) {
	switch e.short() {
	case "ConstantThroughputTimer":
		if p.mode(e, "calcMode") != "0" { // 0: for each thread by itself
			p.rate(e, "throughput")
		}
	case "PreciseThroughputTimer":
		p.rate(e, "throughput")
	case "VariableThroughputTimer":
		table := e.prop("load_profile")
		if table == nil {
			p.cannot("throughput shaping timer %q takes its table from somewhere else", e.name())
			return
		}
		for _, row := range rows(table, 3) {
			for _, at := range row[:2] {
				v, ok := p.cellValue(at)
				p.quantity(e, at, v, ok, false)
			}
		}
		p.note("throughput shaping timer %q: its rates are shared over the tasks", e.name())
	case "ThroughputController":
		// Style 0 counts executions, each thread its own unless it says otherwise.
		if p.mode(e, "ThroughputController.style") == "0" && e.value("ThroughputController.perThread") == "false" {
			v, at, ok := p.number(e, "ThroughputController.maxThroughput")
			p.quantity(e, at, v, ok, true)
		}
	case "SyncTimer":
		if v, _, ok := p.number(e, "groupSize"); !ok || v != 0 {
			p.cannot("synchronizing timer %q waits for users of one JVM, which several tasks do not share", e.name())
		}
	case "CounterConfig":
		p.note("counter %q counts in every task by itself, from the same start", e.name())
	}
}

// mode is a choice, which a plan may write as a number or a text.
func (p *Plan) mode(e *node, prop string) string {
	v := p.resolved(e.value(prop))
	if at := strings.IndexByte(v, '.'); at > 0 {
		v = v[:at]
	}
	if v == "" || strings.Contains(v, "this thread only") { // plans of old have the words
		return "0"
	}
	return v
}

func (p *Plan) rate(e *node, prop string) {
	v, at, ok := p.number(e, prop)
	p.quantity(e, at, v, ok, false)
	p.note("timer %q: its rate is shared over the tasks", e.name())
}

func (p *Plan) quantity(e, at *node, v float64, ok, whole bool) {
	if !ok {
		p.cannot("%s %q has %q, which only JMeter can work out", e.short(), e.name(), strings.TrimSpace(at.text))
		return
	}
	if at != nil && v > 0 {
		p.shared = append(p.shared, quantity{at: at, v: v, whole: whole})
	}
}
