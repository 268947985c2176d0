package jmeter

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/engine/jmeter/jmx"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/tools"
)

// Inspect implements engine.Script. The plan is read without JMeter; where
// JMeter is there, what the plan needs of it is looked up too.
func (e *Engine) Inspect(ctx context.Context, b engine.Bundle) (load.ScriptFacts, error) {
	facts := load.ScriptFacts{}
	file := filepath.Join(b.Dir, filepath.FromSlash(b.Entry))
	info, err := os.Stat(file)
	if err != nil {
		return facts, err
	}
	if info.Size() > jmx.MostBytes {
		return facts, load.Errorf(load.TooLarge, "the plan %s has %d MiB, at most %d are read", b.Entry, info.Size()>>20, jmx.MostBytes>>20)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return facts, err
	}
	if e.plan, err = jmx.Parse(data, b.Scenario.Properties); err != nil {
		return facts, load.Errorf(load.ErrorCode(err), "%s: %w", b.Entry, err)
	}
	facts = e.plan.Facts()
	facts.Entry, facts.Entries, facts.Tool = b.Entry, b.Entries, Name
	e.dataNotes(&facts, b)
	propertyNotes(&facts, b.Scenario.Properties)
	if e.jmeter, err = tools.Find(ctx, Name); err != nil {
		facts.Notes = append(facts.Notes, "JMeter is not on the machine where this plan was made: whether it has the plugins that the plan needs was not looked up")
		return facts, nil //nolint:nilerr // the tasks may have it
	}
	facts.Tool = e.jmeter.String()
	return facts, e.known(b)
}

// propertyNotes tells of properties that do not count.
func propertyNotes(facts *load.ScriptFacts, given map[string]string) {
	own := ownProperties()
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if v, is := own[name]; is && v != given[name] {
			facts.Notes = append(facts.Notes, fmt.Sprintf("the property %s is %s in every task, since samples are read through it: %q does not count", name, v, given[name]))
		}
	}
}

// dataNotes tells of data files that the plan reads.
func (e *Engine) dataNotes(facts *load.ScriptFacts, b engine.Bundle) {
	given := map[string]bool{}
	for _, d := range b.Scenario.Data {
		given[path.Base(d.File)] = true
	}
	for _, name := range e.plan.DataFiles {
		if strings.Contains(name, "${") {
			continue
		}
		at := filepath.Join(b.Dir, filepath.Dir(filepath.FromSlash(b.Entry)), filepath.FromSlash(name))
		_, err := os.Stat(at)
		switch {
		case given[path.Base(name)]:
		case filepath.IsAbs(name) || err != nil:
			facts.Notes = append(facts.Notes, fmt.Sprintf("the plan reads %s, which is not beside it in the bundle", name))
		default:
			facts.Notes = append(facts.Notes, fmt.Sprintf("every task reads all of %s: write it under data: with sharing to split it", name))
		}
	}
}

// Override implements engine.Script.
func (*Engine) Override(s load.Scenario, facts load.ScriptFacts) ([]load.Override, error) {
	if err := checkHosts(s.Connection.Hosts); err != nil {
		return nil, err
	}
	l := load.ScriptLoadOf(s)
	overrides, err := jmx.Overrides(l, facts.Parts)
	if err != nil {
		return nil, err
	}
	reasons := facts.Unshared
	if l.Users > 0 || l.Rate > 0 || len(l.Stages) > 0 {
		for _, p := range facts.Parts {
			reasons = jmx.Unshared(reasons, p.Name)
		}
	}
	tasks := tasksOf(s)
	if tasks <= 1 || s.Share == load.SharingPerTask {
		return overrides, nil
	}
	for _, p := range facts.Parts {
		if p.Step > 0 && p.Step%tasks != 0 {
			reasons = append(reasons, fmt.Sprintf("the steps of thread group %q (%d at once) cannot be shared evenly over %d tasks", p.Name, p.Step, tasks))
		}
	}
	if len(reasons) > 0 {
		return nil, load.Errorf(load.Invalid, "share: %d tasks cannot make this plan's load once: %s. Write share: per task, so that every task makes the whole load, or run one task", tasks, strings.Join(reasons, "; "))
	}
	return overrides, nil
}

func tasksOf(s load.Scenario) int {
	s = load.WithDefaults(s)
	n := 0
	for _, r := range s.Regions {
		n += r.Tasks
	}
	return n
}
