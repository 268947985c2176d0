// Package jmx reads JMeter's test plans and changes single values in them: what
// a plan says of its load, how N tasks share it, and what a scenario replaces of
// it. All that is not changed stays as it was, byte for byte. It knows no
// processes and no files but the plan's bytes.
//
// Read Parse first (bytes to nodes), then plan.go (nodes to what loads), then
// group.go and ultimate.go (the kinds of thread groups), timer.go (what holds a
// rate) and edit.go (what is written).
package jmx

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// Bounds of a plan. Recorded plans with large bodies stay far below.
const (
	MostBytes = 64 << 20
	mostDepth = 256
	mostNodes = 3 << 20
)

// node is an element of the plan with the place of its text in the file.
type node struct {
	tag      string
	attrs    []xml.Attr
	kids     []*node
	text     string
	from, to int // of all between its tags
}

func (n *node) attr(name string) string {
	for _, a := range n.attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// class is what JMeter makes of the element: its testclass, else its tag.
func (n *node) class() string {
	if c := n.attr("testclass"); c != "" {
		return c
	}
	return n.tag
}

// short is the class without its package.
func (n *node) short() string {
	c := n.class()
	return c[strings.LastIndexByte(c, '.')+1:]
}

func (n *node) name() string  { return n.attr("testname") }
func (n *node) enabled() bool { return n.attr("enabled") != "false" }

// prop is the property of this name, nil without.
func (n *node) prop(name string) *node {
	for _, k := range n.kids {
		if k.attr("name") == name {
			return k
		}
		// A property of another kind writes its name and value as elements.
		if len(k.kids) >= 2 && k.kids[0].tag == "name" && k.kids[0].text == name {
			return k.kids[1]
		}
	}
	return nil
}

// value is the text of a property; "" without.
func (n *node) value(name string) string {
	if p := n.prop(name); p != nil {
		return strings.TrimSpace(p.text)
	}
	return ""
}

// parse reads a plan into nodes. Entities of the document's own are an error,
// and nothing is fetched.
func parse(data []byte) (*node, error) {
	if len(data) > MostBytes {
		return nil, load.Errorf(load.TooLarge, "the plan has %d MiB, at most %d are read", len(data)>>20, MostBytes>>20)
	}
	d := xml.NewDecoder(bytes.NewReader(data))
	d.CharsetReader = func(name string, in io.Reader) (io.Reader, error) {
		if strings.EqualFold(name, "us-ascii") || strings.EqualFold(name, "utf8") {
			return in, nil
		}
		return nil, load.Errorf(load.Invalid, "the plan is written in %s: save it as UTF-8, as JMeter does", name)
	}
	p := parser{d: d, root: &node{}}
	for {
		done, err := p.step()
		if err != nil {
			return nil, faultAt(d, err)
		}
		if done {
			break
		}
	}
	if len(p.open) > 0 || len(p.root.kids) != 1 || p.root.kids[0].tag != "jmeterTestPlan" {
		return nil, load.Errorf(load.Invalid, "the file is no test plan of JMeter: it does not hold one jmeterTestPlan")
	}
	return p.root.kids[0], nil
}

func faultAt(d *xml.Decoder, err error) error {
	if load.ErrorCode(err) == load.Invalid || load.ErrorCode(err) == load.TooLarge {
		return err
	}
	line, column := d.InputPos()
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return load.Errorf(load.Invalid, "the plan is no XML: line %d, column %d: %s", syntax.Line, column, syntax.Msg)
	}
	return load.Errorf(load.Invalid, "the plan cannot be read: line %d, column %d: %w", line, column, err)
}

type parser struct {
	d     *xml.Decoder
	root  *node
	open  []*node
	nodes int
}

func (p *parser) top() *node {
	if len(p.open) == 0 {
		return p.root
	}
	return p.open[len(p.open)-1]
}

// step takes the next token.
func (p *parser) step() (done bool, err error) {
	before := int(p.d.InputOffset())
	token, err := p.d.Token()
	if errors.Is(err, io.EOF) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	switch t := token.(type) {
	case xml.StartElement:
		if p.nodes++; p.nodes > mostNodes || len(p.open) >= mostDepth {
			return false, load.Errorf(load.TooLarge, "the plan has more than %d elements, or they are nested deeper than %d", mostNodes, mostDepth)
		}
		n := &node{tag: t.Name.Local, attrs: t.Attr, from: int(p.d.InputOffset())}
		top := p.top()
		top.kids = append(top.kids, n)
		p.open = append(p.open, n)
	case xml.EndElement:
		p.top().to = max(before, p.top().from) // <x/> has nothing between
		p.open = p.open[:len(p.open)-1]
	case xml.CharData:
		if len(p.open) > 0 && len(p.top().kids) == 0 {
			p.top().text += string(t)
		}
	case xml.Directive:
		return false, load.Errorf(load.Invalid, "the plan has a document type or entities of its own, which no plan of JMeter has")
	}
	return false, nil
}
