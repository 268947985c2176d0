package jmx

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"slices"
	"strconv"

	"onrush.dev/onrush/internal/load"
)

// edit replaces a piece of the plan's bytes.
type edit struct {
	from, to int
	text     string
}

// write replaces the text of a property.
func (p *Plan) write(at *node, text string) {
	var escaped bytes.Buffer
	_ = xml.EscapeText(&escaped, []byte(text)) // into memory: it cannot fail
	text = escaped.String()
	if at.from > 1 && p.data[at.from-2] == '/' { // <x/> has no place for a text
		tag := at.tag
		head := bytes.LastIndexByte(p.data[:at.from], '<')
		open := string(p.data[head : at.from-2])
		p.edits = append(p.edits, edit{head, at.from, open + ">" + text + "</" + tag + ">"})
		return
	}
	p.edits = append(p.edits, edit{at.from, at.to, text})
}

// put sets a property of an element, which need not be there.
func (p *Plan) put(e *node, kind, name, text string) {
	if at := e.prop(name); at != nil {
		p.write(at, text)
		return
	}
	p.edits = append(p.edits, edit{e.to, e.to, fmt.Sprintf(`<%s name="%s">%s</%s>`, kind, name, text, kind)})
}

// Divide gives the plan a task's part of all that tasks share. False: there is
// nothing for this task.
func (p *Plan) Divide(share load.Share) (bool, error) {
	if len(p.unshared) > 0 {
		return false, load.Errorf(load.Invalid, "share: %s", p.unshared[0])
	}
	part := partOf(share)
	some := false
	for _, g := range p.Groups {
		if g.Part.Kind == "SteppingThreadGroup" {
			if err := g.evenly(share); err != nil {
				return false, err
			}
		}
		for i := range g.shared {
			some = p.divide(&g.shared[i], share, part) || some
		}
	}
	for i := range p.shared {
		p.divide(&p.shared[i], share, part)
	}
	return some, nil
}

func (p *Plan) divide(q *quantity, share load.Share, part float64) bool {
	switch {
	case q.scale != nil:
		if part < 1 {
			p.write(q.at, q.scale(part))
		}
		return part > 0
	case q.whole:
		n := share.Count(int64(q.v))
		if n != int64(q.v) || q.set {
			p.write(q.at, strconv.FormatInt(n, 10))
		}
		return n > 0
	}
	if part < 1 || q.set {
		p.write(q.at, decimal(q.v*part))
	}
	return q.v*part > 0
}

// evenly finds out whether a stepping group's numbers all have the same whole
// part for a task.
func (g *Group) evenly(share load.Share) error {
	if len(share.Groups) == 0 || len(g.shared) == 0 {
		return nil
	}
	all := int64(g.shared[0].v)
	mine := share.Count(all)
	for _, q := range g.shared[1:] {
		if share.Count(int64(q.v))*all != mine*int64(q.v) {
			return load.Errorf(load.Invalid, "share: the steps of thread group %q cannot be shared evenly over the tasks: take a number of tasks that divides all its numbers, or write share: per task", g.Part.Name)
		}
	}
	return nil
}

// Whole lets the task make all of the plan's load, with what Set has replaced.
func (p *Plan) Whole() {
	for _, g := range p.Groups {
		for i := range g.shared {
			p.divide(&g.shared[i], load.Share{}, 1)
		}
	}
}

func partOf(share load.Share) float64 {
	if len(share.Groups) == 0 {
		return 1
	}
	if share.Group < 0 || share.Group >= len(share.Groups) {
		return 0
	}
	if total := share.TotalWeight(); total > 0 {
		return float64(share.Groups[share.Group].Weight) / total
	}
	return 0
}

// Changed says whether Bytes differ from what was read.
func (p *Plan) Changed() bool { return len(p.edits) > 0 }

// Bytes is the plan with all changes.
func (p *Plan) Bytes() []byte {
	edits := slices.Clone(p.edits)
	slices.SortStableFunc(edits, func(a, b edit) int { return a.from - b.from })
	var out []byte
	at := 0
	for _, e := range edits {
		out = append(out, p.data[at:e.from]...)
		out = append(out, e.text...)
		at = e.to
	}
	return append(out, p.data[at:]...)
}
