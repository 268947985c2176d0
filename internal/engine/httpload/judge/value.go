package judge

import (
	"errors"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/jpath"
	"onrush.dev/onrush/internal/load"
)

// checkJSON compares the values that the scenario names.
func (j *Judge) checkJSON() *proto.Failure {
	for i := range j.rules.json {
		rule := &j.rules.json[i]
		got, there, err := j.doc.First(rule.path)
		switch {
		case errors.Is(err, jpath.ErrTooWide):
			return &proto.Failure{Cause: load.CauseTooLarge, Err: err}
		case err != nil:
			return &proto.Failure{Cause: load.CauseCheck, Err: err}
		case !there:
			return proto.Failf(load.CauseCheck, "the body has no %s", rule.path)
		case !rule.any && got != rule.want:
			return proto.Failf(load.CauseCheck, "%s is %.200q, expected is %q", rule.path, got, rule.want)
		}
	}
	return nil
}

// takeHeaders extracts what stands in the head, which is gone later.
func (j *Judge) takeHeaders(fields []proto.HeadField) {
	for i := range j.rules.extract {
		x := &j.rules.extract[i]
		value, there := "", false
		for k := 0; x.header != "" && k < len(fields) && !there; k++ {
			if isNamed(&fields[k], x.header) {
				value, there = string(fields[k].Value), true
			}
		}
		j.vars, j.found = append(j.vars, value), append(j.found, there)
	}
}

// takeBody extracts what stands in the body, and fills in defaults.
func (j *Judge) takeBody() *proto.Failure {
	for i := range j.rules.extract {
		x := &j.rules.extract[i]
		var err error
		if !j.found[i] {
			j.vars[i], j.found[i], err = x.take(j)
		}
		switch {
		case errors.Is(err, jpath.ErrTooWide): // what is there, nobody knows
			return &proto.Failure{Cause: load.CauseTooLarge, Err: err}
		case j.found[i]:
		case x.fallback != nil:
			j.vars[i] = *x.fallback
		default:
			return proto.Failf(load.CauseExtract, "the response has nothing to extract as %s", x.name)
		}
	}
	return nil
}

func (x *extraction) take(j *Judge) (string, bool, error) {
	switch {
	case x.path != nil:
		return j.doc.First(x.path)
	case x.regex != nil:
		at := x.regex.FindSubmatchIndex(j.held)
		if at == nil || at[2*x.group] < 0 {
			return "", false, nil
		}
		return string(j.held[at[2*x.group]:at[2*x.group+1]]), true, nil
	}
	return "", false, nil
}
