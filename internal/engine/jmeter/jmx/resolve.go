package jmx

import (
	"fmt"
	"strings"
)

// Bounds of variables that lead to variables: how deep, and how many in all for
// one value.
const (
	mostNested = 10
	mostLooks  = 200
)

// resolved replaces what is known before the start: ${__P(name,default)},
// ${__property(name,,default)} and ${variable} of user defined variables.
// Anything else stays as it is written.
func (p *Plan) resolved(text string) string {
	p.looks = 0
	return strings.TrimSpace(p.expand(text, mostNested))
}

func (p *Plan) expand(text string, depth int) string {
	if depth <= 0 || !strings.Contains(text, "${") || len(text) > 4096 {
		return text
	}
	var out strings.Builder
	for {
		at := strings.Index(text, "${")
		if at < 0 {
			break
		}
		end := closing(text[at+2:])
		if end < 0 {
			break
		}
		if p.looks++; p.looks > mostLooks {
			break
		}
		inner := text[at+2 : at+2+end]
		out.WriteString(text[:at])
		if v, ok := p.lookUp(p.expand(inner, depth-1), depth); ok {
			out.WriteString(v)
		} else {
			out.WriteString("${" + inner + "}")
		}
		text = text[at+3+end:]
	}
	return out.String() + text
}

// closing is the place of the brace that ends an expression.
func closing(text string) int {
	open := 1
	for i := range len(text) {
		switch text[i] {
		case '{':
			open++
		case '}':
			if open--; open == 0 {
				return i
			}
		}
	}
	return -1
}

func (p *Plan) lookUp(inner string, depth int) (string, bool) {
	inner = strings.TrimSpace(inner)
	if call, args, ok := strings.Cut(inner, "("); ok {
		args, closed := strings.CutSuffix(args, ")")
		parts := strings.Split(args, ",")
		for i := range parts {
			parts[i] = strings.TrimSpace(parts[i])
		}
		v, set := p.properties[parts[0]]
		switch {
		case !closed || strings.Contains(args, "\\"):
			return "", false
		case call == "__P" && set, call == "__property" && set:
			return v, true
		case call == "__P" && len(parts) > 1:
			return parts[1], true
		case call == "__P":
			return "1", true // as JMeter says
		case call == "__property" && len(parts) > 2:
			return parts[2], true
		}
		return "", false
	}
	v, ok := p.variables[inner]
	return p.expand(v, depth-1), ok
}

func sprintf(format string, args ...any) string { return fmt.Sprintf(format, args...) }
