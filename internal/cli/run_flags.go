package cli

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"onrush.dev/onrush/internal/load"
)

// loadFlags are what `onrush run` says about the load.
type loadFlags struct {
	Concurrency count             `short:"c" placeholder:"N" help:"Users in each task, each waiting for its response (closed model)."`
	Rate        rateFlag          `short:"r" placeholder:"N" help:"Requests a second of the whole run (open model): 200, 200/s, 6000/m."`
	Duration    lengthFlag        `short:"d" placeholder:"TIME" help:"How long, ramp included: 30s, 5m, 1h, 1d."`
	RampUp      load.Duration     `placeholder:"TIME" help:"Time from zero to the full load."`
	Requests    count             `short:"n" placeholder:"N" help:"Stop after so many requests in the whole run."`
	Region      []regionFlag      `placeholder:"NAME[:TASKS]" help:"A region and its number of tasks; repeatable. Default: local:1."`
	Criterion   []load.Criterion  `aliases:"criteria" sep:"none" placeholder:"RULE" help:"A pass rule, e.g. 'p95 < 300ms'; repeatable. Also --criteria."`
	Variable    map[string]string `placeholder:"NAME=VALUE" mapsep:"none" help:"A value for $${NAME} in the scenario; repeatable."`
	Method      string            `short:"m" placeholder:"METHOD" help:"HTTP method. URL only."`
	Header      []headerFlag      `short:"H" sep:"none" placeholder:"'NAME: VALUE'" help:"A request header; repeatable. URL only."`
	Body        string            `placeholder:"TEXT" help:"Request body. URL only."`
}

// What a URL gets when no flag says how much load.
const (
	defaultUsers    = 10
	defaultDuration = 10 * time.Second
)

// count is a number of which there must be at least one: a zero that is given
// is a mistake, not the same as no flag.
type count int64

// UnmarshalText implements encoding.TextUnmarshaler.
func (c *count) UnmarshalText(text []byte) error {
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil || n < 1 {
		return load.Errorf(load.Invalid, "found %q, allowed is a whole number from 1", text)
	}
	*c = count(n)
	return nil
}

// rateFlag is a rate above zero.
type rateFlag load.Rate

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *rateFlag) UnmarshalText(text []byte) error {
	if err := (*load.Rate)(r).UnmarshalText(text); err != nil {
		return err
	}
	if *r <= 0 {
		return load.Errorf(load.Invalid, "found %q, allowed is a rate above zero, e.g. 200 or 6000/m", text)
	}
	return nil
}

// lengthFlag is a duration above zero.
type lengthFlag load.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (l *lengthFlag) UnmarshalText(text []byte) error {
	if err := (*load.Duration)(l).UnmarshalText(text); err != nil {
		return err
	}
	if *l <= 0 {
		return load.Errorf(load.Invalid, "found %q, allowed is a duration above zero, e.g. 30s", text)
	}
	return nil
}

// regionFlag is NAME[:TASKS].
type regionFlag struct{ load.RegionLoad }

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *regionFlag) UnmarshalText(text []byte) error {
	name, tasks, found := strings.Cut(string(text), ":")
	r.Name, r.Tasks = name, 1
	if found {
		n, err := strconv.Atoi(tasks)
		if err != nil || n < 1 {
			return load.Errorf(load.Invalid, "found %q, allowed is NAME or NAME:TASKS with at least one task, e.g. eu:2", text)
		}
		r.Tasks = n
	}
	return nil
}

// headerFlag is "NAME: VALUE".
type headerFlag struct{ name, value string }

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *headerFlag) UnmarshalText(text []byte) error {
	name, value, found := strings.Cut(string(text), ":")
	h.name, h.value = strings.TrimSpace(name), strings.TrimSpace(value)
	if !found || h.name == "" {
		return load.Errorf(load.Invalid, "found %q, allowed is 'NAME: VALUE'", text)
	}
	return nil
}

// fromURL makes the scenario of a bare URL.
func (f *loadFlags) fromURL(target string) (load.Scenario, error) {
	u, err := url.Parse(target)
	if err != nil || u.Host == "" {
		return load.Scenario{}, load.Errorf(load.Invalid, "TARGET: found %q, allowed is a URL with a host, e.g. http://localhost:8080/", target)
	}
	request := load.Request{Method: f.Method, URL: target, Body: f.Body}
	for _, h := range f.Header {
		if request.Headers == nil {
			request.Headers = map[string]string{}
		}
		request.Headers[h.name] = h.value
	}
	s := load.Scenario{Name: nameOf(u.Host), Requests: []load.Request{request}}
	if f.Concurrency == 0 && f.Rate == 0 {
		s.Load.Users = defaultUsers
	}
	if f.Duration == 0 && f.Requests == 0 {
		s.Load.Duration = load.Duration(defaultDuration)
	}
	f.apply(&s)
	return s, nil
}

// override puts the flags over a scenario file's own words.
func (f *loadFlags) override(s load.Scenario) (changed bool, _ load.Scenario, _ error) {
	if f.Method != "" || f.Body != "" || len(f.Header) > 0 {
		return false, s, load.Errorf(load.Invalid, "--method, --header and --body go with a URL; a scenario file says these itself")
	}
	shape := f.Concurrency != 0 || f.Rate != 0 || f.Duration != 0 || f.RampUp != 0
	if shape && len(s.Load.Stages) > 0 {
		return false, s, load.Errorf(load.Invalid, "the scenario's load is a list of stages: -c, -r, -d and --ramp-up cannot change it; edit the stages")
	}
	changed = shape || f.Requests != 0 || len(f.Region) > 0 || len(f.Criterion) > 0 || len(f.Variable) > 0
	f.apply(&s)
	return changed, s, nil
}

// apply puts what was given onto a scenario. What contradicts it there goes:
// a rate replaces users, a duration replaces hold_for, regions given by name
// replace the scenario's.
func (f *loadFlags) apply(s *load.Scenario) {
	if f.Concurrency != 0 || f.Rate != 0 {
		s.Load.Users, s.Load.TotalUsers, s.Load.Rate = int(f.Concurrency), 0, load.Rate(f.Rate)
	}
	if f.Duration != 0 {
		s.Load.Duration, s.Load.HoldFor = load.Duration(f.Duration), 0
	}
	if f.RampUp != 0 {
		s.Load.RampUp = f.RampUp
	}
	if f.Requests != 0 {
		s.Load.Requests = int64(f.Requests)
	}
	if len(f.Region) > 0 {
		s.Regions = nil
		for _, r := range f.Region {
			s.Regions = append(s.Regions, r.RegionLoad)
		}
	}
	s.Criteria = append(s.Criteria, f.Criterion...)
	for name, value := range f.Variable {
		if s.Variables == nil {
			s.Variables = map[string]string{}
		}
		s.Variables[name] = value
	}
}

// nameOf makes a scenario's name of a host: what may not stand in a name
// becomes a dash.
func nameOf(host string) string {
	words := strings.FieldsFunc(host, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.'
	})
	name := strings.Trim(strings.Join(words, "-"), ".")
	if name == "" {
		name = "url"
	}
	return name[:min(len(name), 100)]
}
