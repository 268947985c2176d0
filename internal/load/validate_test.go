package load

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// TestTagsCanBeRead: least, most, default and enum of every field are values of
// that field.
func TestTagsCanBeRead(t *testing.T) {
	t.Parallel()
	fields := 0
	var walk func(reflect.Type, string)
	walk = func(typ reflect.Type, path string) {
		for i := range typ.NumField() {
			f := typ.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			here := JoinPath(path, name)
			fields++
			if name == "" || f.Tag.Get("doc") == "" {
				t.Errorf("%s has no name or no doc", here)
			}
			inner := f.Type
			for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice || inner.Kind() == reflect.Map {
				inner = inner.Elem()
			}
			for _, tag := range []string{"least", "most", "default"} {
				if text := f.Tag.Get(tag); text != "" {
					readable(t, inner, here+" "+tag, text)
				}
			}
			if _, scalar := reflect.New(inner).Interface().(encoding.TextUnmarshaler); inner.Kind() == reflect.Struct && !scalar {
				walk(inner, here)
			}
		}
	}
	walk(reflect.TypeFor[Scenario](), "")
	if fields < 60 {
		t.Errorf("only %d fields were looked at", fields)
	}
}

func readable(t *testing.T, typ reflect.Type, what, text string) {
	t.Helper()
	v := reflect.New(typ)
	if scalar, ok := v.Interface().(encoding.TextUnmarshaler); ok {
		if err := scalar.UnmarshalText([]byte(text)); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		return
	}
	if _, err := fmt.Sscan(text, v.Interface()); err != nil {
		t.Errorf("%s %q: %v", what, text, err)
	}
}

func TestRightScenarios(t *testing.T) {
	t.Parallel()
	zero, rate := 0, Rate(5)
	for name, change := range map[string]func(*Scenario){
		"users":                    func(*Scenario) {},
		"ramp as long as the run":  func(s *Scenario) { s.Load.RampUp = s.Load.Duration },
		"only a limit":             func(s *Scenario) { s.Load = Load{Users: 1, Requests: 5} },
		"ramp, then a limit":       func(s *Scenario) { s.Load = Load{TotalUsers: 1, RampUp: 5e9, Iterations: 5} },
		"rate with a limit":        func(s *Scenario) { s.Load = Load{Rate: 5, Requests: 5} },
		"users of regions":         func(s *Scenario) { s.Load.Users = 0; s.Regions = []RegionLoad{{Name: "a", Users: 1}} },
		"users with one exception": func(s *Scenario) { s.Regions = []RegionLoad{{Name: "a", Users: 1}, {Name: "b"}} },
		"shares of a limit":        func(s *Scenario) { s.Load.Requests = 9; s.Regions = []RegionLoad{{Name: "a", Share: Whole}} },
		"a jump":                   func(s *Scenario) { s.Load = Load{Stages: []Stage{{Rate: &rate}, {Duration: 5e9, Rate: &rate}}} },
		"down to zero": func(s *Scenario) {
			one := 1
			s.Load = Load{Stages: []Stage{{Duration: 1, Users: &one}, {Duration: 1, Users: &zero}}}
		},
		"scripted needs no request": func(s *Scenario) { s.Engine, s.Requests = EngineScripted, nil },
		"the same page twice":       func(s *Scenario) { s.Requests = append(s.Requests, s.Requests[0]) },
		"a column gives the URL":    func(s *Scenario) { s.Data = []Data{{File: "a.csv"}}; s.Requests[0].URL = "${url}" },
		"a column gives the port":   func(s *Scenario) { s.Data = []Data{{File: "a.csv"}}; s.Requests[0].URL = "http://h:${port}/" },
		"a criterion of its label":  func(s *Scenario) { s.Criteria = []Criterion{{Metric: "p95", Label: "GET /", Op: "<", Value: 1}} },
		"a criterion of a region":   func(s *Scenario) { s.Criteria = []Criterion{{Metric: "p95", Region: "local", Op: "<", Value: 1}} },
	} {
		s := scenario(change)
		if got := Validate(s); len(got) != 0 {
			t.Errorf("%s: %v", name, got)
		}
		if got := Validate(WithDefaults(s)); len(got) != 0 {
			t.Errorf("%s, with defaults: %v", name, got)
		}
	}
}

// TestBoundsOfSize: what is too large is refused, quickly.
func TestBoundsOfSize(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Scenario){
		"requests: there are 1001 of them, at most 1000": func(s *Scenario) { s.Requests = make([]Request, 1001) },
		"regions: the regions have 12000 tasks together": func(s *Scenario) { s.Regions = []RegionLoad{{Name: "a", Tasks: 6000}, {Name: "b", Tasks: 6000}} },
		"load: the load is 50000000 users":               func(s *Scenario) { s.Load.Users = 1_000_000; s.Regions = []RegionLoad{{Name: "a", Tasks: 50}} },
		"load.users: -1 is not allowed":                  func(s *Scenario) { s.Load.Users = -1 },
		"load.duration: 31d is not allowed":              func(s *Scenario) { s.Load.Duration = 31 * 24 * 3600e9 },
		"load: the run is 50d long":                      func(s *Scenario) { s.Load.Duration, s.Load.HoldFor, s.Load.RampUp = 0, 25*24*3600e9, 25*24*3600e9 },
		"criteria: there are 101 of them":                func(s *Scenario) { s.Criteria = make([]Criterion, 101) },
		"variables: there are 1001 of them":              func(s *Scenario) { s.Variables = manyVariables() },
		"scripted.jitter: -1s is not allowed":            func(s *Scenario) { s.Scripted = &Scripted{Jitter: -1e9} },
		"load.stages: the stages take 40d together": func(s *Scenario) {
			s.Load = Load{Stages: []Stage{{Duration: 20 * 24 * 3600e9, Users: new(int)}, {Duration: 20 * 24 * 3600e9, Users: ptr(1)}}}
		},
		"requests[0].label: a label is one line of":        func(s *Scenario) { s.Requests[0].Label = strings.Repeat("x", 201) },
		"connection.tls.min_version: \"1.0\" is not allow": func(s *Scenario) { s.Connection.TLS.MinVersion = "1.0" },
	} {
		found := false
		for _, p := range Validate(scenario(change)) {
			found = found || strings.Contains(p.String(), want)
		}
		if !found {
			t.Errorf("no problem says %q: %v", want, Validate(scenario(change)))
		}
	}
}

func ptr[T any](v T) *T { return &v }

func manyVariables() map[string]string {
	m := map[string]string{}
	for i := range 1001 {
		m[fmt.Sprint("v", i)] = "x"
	}
	return m
}

func TestNearest(t *testing.T) {
	t.Parallel()
	words := []string{"users", "ramp_up", "hold_for", "rate", "requests"}
	for word, want := range map[string]string{
		"usres": "users", "rampUp": "ramp_up", "ramp-up": "ramp_up", "HOLD_FOR": "hold_for", "user": "users", "request": "requests",
		"xyz": "", "": "", strings.Repeat("r", 5000): "",
	} {
		if got := Nearest(word, words); got != want {
			t.Errorf("nearest to %.20q is %q, want %q", word, got, want)
		}
	}
}

func TestJoinPath(t *testing.T) {
	t.Parallel()
	for _, test := range [][3]string{{"", "name", "name"}, {"load", "users", "load.users"}, {"headers", "a b", `headers["a b"]`}, {"hosts", "a.b", `hosts["a.b"]`}, {"x", "", `x[""]`}} {
		if got := JoinPath(test[0], test[1]); got != test[2] {
			t.Errorf("%q and %q: got %q, want %q", test[0], test[1], got, test[2])
		}
	}
}
