package jmx

import (
	"slices"
	"strconv"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// Plan is a test plan that was read.
type Plan struct {
	Groups []*Group // those that make load, in the plan's order
	// Classes are the classes of all enabled elements, each once: aliases of
	// JMeter's own, or full names.
	Classes []string
	// DataFiles are the files of CSV Data Sets, as the plan names them.
	DataFiles []string
	// Outputs are the files that listeners write.
	Outputs []string
	// Parents are the names of transaction controllers that stand for their
	// samples (Generate parent sample).
	Parents  []string
	Samplers int
	Notes    []string

	data       []byte
	properties map[string]string
	variables  map[string]string
	looks      int // of the value that is being worked out
	serialized bool
	shared     []quantity // of timers and controllers, outside groups
	unshared   []string   // why N tasks cannot make the plan's load once
	edits      []edit
}

// quantity is a number of the plan that N tasks share.
type quantity struct {
	at    *node
	v     float64
	whole bool // users; else a rate
	set   bool // by a scenario: it is written in any case
	// scale writes the text of a part, for what is more than a number.
	scale func(part float64) string
}

// Parse reads a plan. Properties are those that JMeter will have: a number that
// the plan takes from one is known then.
func Parse(data []byte, properties map[string]string) (*Plan, error) {
	root, err := parse(data)
	if err != nil {
		return nil, err
	}
	p := &Plan{data: data, properties: properties, variables: map[string]string{}}
	tree := child(root, "hashTree")
	if tree == nil {
		return nil, load.Errorf(load.Invalid, "the file is no test plan of JMeter: its jmeterTestPlan is empty")
	}
	p.variablesOf(tree, 0)
	p.walk(tree, nil)
	slices.Sort(p.Classes)
	p.Classes = slices.Compact(p.Classes)
	if len(p.Groups) == 0 {
		return nil, load.Errorf(load.Invalid, "the plan has no thread group that is enabled, so it would do nothing")
	}
	return p, nil
}

func child(n *node, tag string) *node {
	for _, k := range n.kids {
		if k.tag == tag {
			return k
		}
	}
	return nil
}

// each visits the enabled elements of a hashTree with the tree below each.
func each(tree *node, visit func(element, below *node)) {
	for i, e := range tree.kids {
		if e.tag == "hashTree" || !e.enabled() {
			continue
		}
		var below *node
		if i+1 < len(tree.kids) && tree.kids[i+1].tag == "hashTree" {
			below = tree.kids[i+1]
		}
		visit(e, below)
	}
}

// variablesOf collects user defined variables of the plan itself: those on its
// upper two levels hold for all groups.
func (p *Plan) variablesOf(tree *node, level int) {
	each(tree, func(e, below *node) {
		switch e.short() {
		case "TestPlan":
			if args := e.prop("TestPlan.user_defined_variables"); args != nil {
				p.arguments(args)
			}
			p.serialized = e.value("TestPlan.serialize_threadgroups") == "true"
			if below != nil && level == 0 {
				p.variablesOf(below, 1)
			}
		case "Arguments":
			p.arguments(e)
		}
	})
}

func (p *Plan) arguments(args *node) {
	list := args.prop("Arguments.arguments")
	if list == nil {
		return
	}
	for _, a := range list.kids {
		if name := a.value("Argument.name"); name != "" {
			p.variables[name] = a.value("Argument.value")
		}
	}
}

// walk reads all that is enabled.
func (p *Plan) walk(tree *node, group *Group) {
	each(tree, func(e, below *node) {
		p.Classes = append(p.Classes, e.class())
		here := group
		short := e.short()
		switch {
		case short == "TestFragmentController":
			return // only what includes it runs it
		case strings.HasSuffix(short, "ThreadGroup"):
			here = p.group(e)
			p.Groups = append(p.Groups, here)
		case strings.HasSuffix(short, "Sampler") || strings.HasSuffix(short, "SamplerProxy") || short == "TestAction":
			p.Samplers++
		case strings.HasSuffix(short, "Timer"), short == "ThroughputController", short == "CounterConfig":
			p.timer(e)
		default:
			p.other(e)
		}
		if below != nil {
			p.walk(below, here)
		}
	})
}

// other reads elements that are told of, and no more.
func (p *Plan) other(e *node) {
	switch short := e.short(); {
	case short == "CSVDataSet", short == "RandomCSVDataSetConfig":
		if file := e.value("filename"); file != "" {
			p.DataFiles = append(p.DataFiles, p.resolved(file))
		}
	case short == "TransactionController":
		if e.value("TransactionController.parent") == "true" {
			p.Parents = append(p.Parents, e.name())
		}
	case e.prop("filename") != nil:
		if file := e.value("filename"); file != "" {
			p.Outputs = append(p.Outputs, p.resolved(file))
		}
	case short == "IncludeController" && e.value("IncludeController.includepath") != "":
		p.note("the plan includes %s, whose contents are not looked into before the start", p.resolved(e.value("IncludeController.includepath")))
	}
}

func (p *Plan) note(format string, args ...any) {
	if text := sprintf(format, args...); !slices.Contains(p.Notes, text) {
		p.Notes = append(p.Notes, text)
	}
}

func (p *Plan) cannot(format string, args ...any) {
	if text := sprintf(format, args...); !slices.Contains(p.unshared, text) {
		p.unshared = append(p.unshared, text)
	}
}

// number reads a number where the plan has one, also through properties and
// user defined variables. Without the property it is 0.
func (p *Plan) number(e *node, prop string) (v float64, at *node, ok bool) {
	at = e.prop(prop)
	if at == nil || strings.TrimSpace(at.text) == "" {
		return 0, nil, true
	}
	v, err := strconv.ParseFloat(p.resolved(at.text), 64)
	return v, at, err == nil && v == v && v < 1e12 && v > -1e12
}

// seconds is a number as a time.
func (p *Plan) seconds(e *node, prop string, unit float64) (load.Duration, bool) {
	v, _, ok := p.number(e, prop)
	return load.Duration(max(0, min(v*unit, 1e9)) * 1e9), ok
}
