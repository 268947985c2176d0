package load

import (
	"fmt"
	"slices"
)

// The engines that run a script of a tool's own, each as that tool's process.
const (
	EngineK6     = "k6"
	EngineJMeter = "jmeter"
	EngineLocust = "locust"
)

// RunsScript says whether an engine runs a script instead of requests.
func RunsScript(engine string) bool {
	return slices.Contains([]string{EngineK6, EngineJMeter, EngineLocust}, engine)
}

// ChangesLive says whether an engine can change its load while it runs.
func ChangesLive(engine string) bool {
	return !slices.Contains([]string{EngineK6, EngineJMeter}, engine)
}

// Sharing says what several tasks make of one script.
type Sharing string

// The ways of sharing a script's load over tasks.
const (
	SharingSplit   Sharing = "split"    // all tasks together make the script's load once
	SharingPerTask Sharing = "per task" // every task makes the whole of it
)

// Secret says where a value is read that must not stand in a scenario: by
// whoever starts the run, at its start. Exactly one field is set.
type Secret struct {
	Env  string `json:"env,omitempty" doc:"Name of an environment variable of whoever starts the run."`
	File string `json:"file,omitempty" doc:"File that holds the value, on the machine of whoever starts the run; a newline at its end does not count."`
}

// ScriptFacts is what a script says of itself, read by its own tool before
// anything is sent. It holds no values of the scenario's environment.
type ScriptFacts struct {
	Tool       string            `json:"tool"`              // with its version: "k6 v2.2.0"
	Entry      string            `json:"entry"`             // the file that is run, within the bundle
	Entries    []string          `json:"entries,omitempty"` // all that could have been the entry, when several could
	Users      int               `json:"users,omitempty"`   // most at once, as the script says it
	Rate       float64           `json:"rate,omitempty"`    // iterations a second at the highest, when the script has rates
	Duration   Duration          `json:"duration,omitempty"`
	Iterations int64             `json:"iterations,omitempty"`
	Parts      []ScriptPart      `json:"parts,omitempty"` // scenarios, thread groups, user classes
	Thresholds []ScriptThreshold `json:"thresholds,omitempty"`
	Notes      []string          `json:"notes,omitempty"`    // what a reader of the plan must know
	Unshared   []string          `json:"unshared,omitempty"` // why several tasks cannot make this load once; empty: they can
}

// ScriptPart is a part of a script that makes load by itself: a scenario of
// k6, a thread group of JMeter, a user class of Locust.
type ScriptPart struct {
	Name       string   `json:"name"`
	Kind       string   `json:"kind"` // in the tool's own word: "ramping-vus", "ThreadGroup"
	Users      int      `json:"users,omitempty"`
	Rate       float64  `json:"rate,omitempty"` // iterations a second, at the highest
	Begin      Duration `json:"begin,omitempty"`
	Duration   Duration `json:"duration,omitempty"`
	Iterations int64    `json:"iterations,omitempty"`
	Stages     []string `json:"stages,omitempty"` // "to 50 in 30s"
	Step       int      `json:"step,omitempty"`   // users that come and go at once; a task can only have whole steps
	Weight     int      `json:"weight,omitempty"`
	Text       string   `json:"text,omitempty"` // whatever else matters, for people
}

// ScriptThreshold is a pass rule of the script's own.
type ScriptThreshold struct {
	Metric string `json:"metric"` // as the tool writes it: "http_req_duration{status:200}"
	Rule   string `json:"rule"`   // "p(95)<500"
	Abort  bool   `json:"abort,omitempty"`
}

// String is the threshold in one line: "http_req_duration p(95)<500".
func (t ScriptThreshold) String() string { return t.Metric + " " + t.Rule }

// Override is a figure of the script that the scenario replaces.
type Override struct {
	Field    string `json:"field"`    // "users"
	Script   string `json:"script"`   // "10"
	Scenario string `json:"scenario"` // "50"
}

// String is the override in words.
func (o Override) String() string {
	return fmt.Sprintf("%s: script says %s, scenario says %s", o.Field, orNothing(o.Script), o.Scenario)
}

func orNothing(text string) string { return or(text, "nothing") }

// ScriptLoad is the load that a scenario wants of a script, of the whole run:
// what its writer set and nothing else. All zero: as the script says.
type ScriptLoad struct {
	Users      int
	Rate       Rate
	Stages     []ScriptStage
	Duration   Duration
	Iterations int64
}

// ScriptStage is a straight line to a level, as the whole run makes it.
type ScriptStage struct {
	Duration Duration
	Users    int
	Rate     Rate
}

// None says that the script runs as it was written.
func (l ScriptLoad) None() bool {
	return l.Users == 0 && l.Rate == 0 && len(l.Stages) == 0 && l.Duration == 0 && l.Iterations == 0
}

// Whole says that it replaces the script's own load altogether, and not only its
// length.
func (l ScriptLoad) Whole() bool { return l.Users > 0 || len(l.Stages) > 0 }

// ScriptLoadOf returns what a scenario with a script wants instead of the
// script's own load. Ramps become stages.
func ScriptLoadOf(s Scenario) ScriptLoad {
	s = WithDefaults(s)
	l := &s.Load
	out := ScriptLoad{Iterations: l.Iterations}
	level := s.peak()
	for _, stage := range l.Stages {
		out.Stages = append(out.Stages, s.scriptStage(stage.Duration, s.stageLevel(&stage)))
	}
	if l.RampUp > 0 || l.RampDown > 0 {
		hold := l.HoldFor
		if l.Duration > 0 {
			hold = l.Duration - l.RampUp - l.RampDown
		}
		for _, line := range []Stage{{Duration: l.RampUp}, {Duration: hold}} {
			if line.Duration > 0 {
				out.Stages = append(out.Stages, s.scriptStage(line.Duration, level))
			}
		}
		if l.RampDown > 0 {
			out.Stages = append(out.Stages, s.scriptStage(l.RampDown, 0))
		}
		return out
	}
	if s.Model() == Open {
		out.Rate = Rate(level)
	} else {
		out.Users = int(wholeUnits(level))
	}
	out.Duration = or(l.Duration, l.HoldFor)
	return out
}

func (s *Scenario) scriptStage(duration Duration, level float64) ScriptStage {
	if s.Model() == Open {
		return ScriptStage{Duration: duration, Rate: Rate(level)}
	}
	return ScriptStage{Duration: duration, Users: int(wholeUnits(level))}
}
