package cli

import (
	"fmt"
	"strings"
	"time"

	"onrush.dev/onrush/internal/load"
)

// scriptLoad says in a line what load a script makes.
func scriptLoad(p *load.Plan) string {
	how := "the script as it was written"
	if len(p.Overrides) > 0 {
		how = "the script with another load"
	}
	parts := []string{how}
	if p.Users > 0 {
		parts = append(parts, "up to "+plural(p.Users, "user"))
	}
	if p.Iterations > 0 {
		parts = append(parts, plural(int(p.Iterations), "iteration"))
	}
	if p.Duration > 0 {
		parts = append(parts, "at most "+time.Duration(p.Duration).String())
	}
	return strings.Join(parts, ", ")
}

// scriptRows tell what a script says of itself, and what the scenario says
// instead.
func scriptRows(p *load.Plan) [][2]string {
	if !load.RunsScript(p.Engine) {
		return nil
	}
	rows := [][2]string{{"share", string(p.Share)}}
	if s := p.Script; s != nil {
		rows = append(rows, [2]string{"script", s.Entry + " with " + s.Tool})
		for _, part := range s.Parts {
			rows = append(rows, [2]string{"script part", partLine(part)})
		}
		for _, t := range s.Thresholds {
			line := t.String()
			if t.Abort {
				line += ", stop"
			}
			rows = append(rows, [2]string{"threshold", line})
		}
	}
	for _, o := range p.Overrides {
		rows = append(rows, [2]string{"override", o.String()})
	}
	return rows
}

func partLine(p load.ScriptPart) string {
	words := []string{p.Name + ": " + p.Kind}
	add := func(is bool, format string, args ...any) {
		if is {
			words = append(words, fmt.Sprintf(format, args...))
		}
	}
	add(p.Users > 0, "%s", plural(p.Users, "user"))
	add(p.Rate > 0, "%s iterations/s", number(p.Rate))
	add(p.Iterations > 0, "%s", plural(int(p.Iterations), "iteration"))
	add(len(p.Stages) > 0, "%s", strings.Join(p.Stages, ", "))
	add(len(p.Stages) == 0 && p.Duration > 0, "%s", time.Duration(p.Duration))
	add(p.Begin > 0, "from %s on", time.Duration(p.Begin))
	add(p.Weight > 0, "weight %d", p.Weight)
	add(p.Text != "", "%s", p.Text)
	return strings.Join(words, ", ")
}
