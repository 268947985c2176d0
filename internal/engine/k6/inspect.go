package k6

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/engine/tool"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/tools"
)

// inspectWithin bounds what a script's own init code may take.
const inspectWithin = time.Minute

// Inspect implements engine.Script: k6 itself reads the script.
func (e *Engine) Inspect(ctx context.Context, b engine.Bundle) (load.ScriptFacts, error) {
	facts := load.ScriptFacts{Entry: b.Entry, Entries: b.Entries}
	k6, err := tools.Find(ctx, Name)
	if err != nil {
		return facts, err
	}
	e.k6, facts.Tool = k6, k6.String()
	ctx, cancel := context.WithTimeout(ctx, inspectWithin)
	defer cancel()
	out, exit, err := ask(ctx, k6.Path, b, "{}")
	if err == nil && exit.Code != 0 && slices.ContainsFunc(exit.Tail, func(l string) bool { return strings.Contains(l, "number of VUs must be more than 0") }) {
		// k6 run takes one user where a script says none; k6 inspect forgets to.
		out, exit, err = ask(ctx, k6.Path, b, `{"vus":1}`)
	}
	if err != nil {
		return facts, err
	}
	if exit.Code != 0 {
		text := explain(exit, b.Dir)
		if strings.Contains(text, "couldn't be found") || strings.Contains(text, "no such file") {
			text += "\n(files whose names the script only makes up when it runs do not go along by themselves: give the folder, or a zip of it)"
		}
		return facts, load.Errorf(load.Invalid, "the script %s cannot be run: %s", b.Entry, text)
	}
	if !k6.Has(tools.K6Output) {
		facts.Notes = append(facts.Notes, "this k6 lacks the onrush output: its samples come as CSV, which costs it up to a third of its speed (`onrush engines install k6` brings one that has it)")
	}
	return facts, read(out, &facts)
}

// ask lets k6 read a script, with a configuration file of this content in the
// place of the user's own.
func ask(ctx context.Context, path string, b engine.Bundle, config string) ([]byte, tool.Exit, error) {
	file, err := os.CreateTemp("", "onrush-k6-*.json")
	if err != nil {
		return nil, tool.Exit{}, err
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString(config)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, tool.Exit{}, err
	}
	env := append(tool.Base(), "ONRUSH_TASK_INDEX=0", "ONRUSH_TASK_COUNT=1", "K6_NO_USAGE_REPORT=true")
	return tool.Output(ctx, tool.Command{
		Name: Name, Path: path, Dir: b.Dir, Secrets: tool.SecretValues(b.Secrets),
		Args: []string{"inspect", "--execution-requirements", "--include-system-env-vars", "--no-color", "--config", file.Name(), filepath.FromSlash(b.Entry)},
		Env:  append(env, tool.ScriptEnv(b.Scenario, b.Secrets)...),
	})
}

// options is the part of k6's answer that is used.
type options struct {
	VUs           *int64                       `json:"vus"`
	Scenarios     map[string]executor          `json:"scenarios"`
	Thresholds    map[string][]json.RawMessage `json:"thresholds"`
	TotalDuration string                       `json:"totalDuration"`
	MaxVUs        int                          `json:"maxVUs"`
	RPS           *int64                       `json:"rps"`
}

// executor is a scenario of any executor: each has some of the fields.
type executor struct {
	Executor        string  `json:"executor"`
	StartTime       string  `json:"startTime"`
	Exec            string  `json:"exec"`
	VUs             *int    `json:"vus"`
	Duration        string  `json:"duration"`
	MaxDuration     string  `json:"maxDuration"`
	Iterations      *int64  `json:"iterations"`
	StartVUs        *int    `json:"startVUs"`
	Rate            float64 `json:"rate"`
	StartRate       float64 `json:"startRate"`
	TimeUnit        string  `json:"timeUnit"`
	PreAllocatedVUs int     `json:"preAllocatedVUs"`
	MaxVUs          int     `json:"maxVUs"`
	Stages          []struct {
		Duration string  `json:"duration"`
		Target   float64 `json:"target"`
	} `json:"stages"`
}

func read(out []byte, facts *load.ScriptFacts) error {
	// A script may print in its init code; the answer begins a line of its own.
	if at := bytes.LastIndex(append([]byte{'\n'}, out...), []byte("\n{\n")); at > 0 {
		out = out[at:]
	}
	var o options
	if err := json.Unmarshal(out, &o); err != nil {
		return load.Errorf(load.Invalid, "k6's answer about the script cannot be read: %w", err)
	}
	facts.Users, facts.Duration = o.MaxVUs, span(o.TotalDuration)
	for name, x := range o.Scenarios {
		p := x.part(name)
		facts.Parts = append(facts.Parts, p)
		facts.Rate += p.Rate
		facts.Iterations += p.Iterations
	}
	slices.SortFunc(facts.Parts, func(a, b load.ScriptPart) int {
		return cmp.Or(cmp.Compare(a.Begin, b.Begin), cmp.Compare(a.Name, b.Name))
	})
	facts.Thresholds = thresholds(o.Thresholds)
	if o.RPS != nil && *o.RPS > 0 {
		facts.Notes = append(facts.Notes, fmt.Sprintf("the script's option rps holds every task to %d requests/s: k6 does not share it", *o.RPS))
	}
	return nil
}

func (x *executor) part(name string) load.ScriptPart {
	p := load.ScriptPart{
		Name: name, Kind: x.Executor, Begin: span(x.StartTime), Duration: span(cmp.Or(x.Duration, x.MaxDuration)),
		Users: max(x.MaxVUs, x.PreAllocatedVUs),
	}
	if x.VUs != nil {
		p.Users = *x.VUs
	}
	if x.Executor == "per-vu-iterations" && x.Iterations == nil {
		p.Users, p.Iterations = max(1, p.Users), 1
	}
	if x.Iterations != nil {
		p.Iterations = *x.Iterations
		if x.Executor == "per-vu-iterations" {
			p.Iterations *= int64(max(1, p.Users))
		}
	}
	if x.StartVUs != nil {
		p.Users = *x.StartVUs
	}
	unit := time.Duration(span(cmp.Or(x.TimeUnit, "1s"))).Seconds()
	most := max(x.Rate, x.StartRate)
	for _, s := range x.Stages {
		p.Stages = append(p.Stages, fmt.Sprintf("to %g in %s", s.Target, s.Duration))
		p.Duration += span(s.Duration)
		if strings.Contains(x.Executor, "arrival") {
			most = max(most, s.Target)
		} else {
			p.Users = max(p.Users, int(s.Target))
		}
	}
	if unit > 0 {
		p.Rate = most / unit
	}
	if x.Exec != "" && x.Exec != "default" {
		p.Text = "function " + x.Exec
	}
	return p
}

// span reads k6's durations, which Go writes: "1m30s".
func span(text string) load.Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0
	}
	return load.Duration(d)
}

func thresholds(by map[string][]json.RawMessage) []load.ScriptThreshold {
	var out []load.ScriptThreshold
	for metric, rules := range by {
		for _, raw := range rules {
			t := load.ScriptThreshold{Metric: metric}
			var long struct {
				Threshold string `json:"threshold"`
				Abort     bool   `json:"abortOnFail"`
			}
			if json.Unmarshal(raw, &t.Rule) != nil && json.Unmarshal(raw, &long) == nil {
				t.Rule, t.Abort = long.Threshold, long.Abort
			}
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b load.ScriptThreshold) int {
		return cmp.Or(cmp.Compare(a.Metric, b.Metric), cmp.Compare(a.Rule, b.Rule))
	})
	return out
}
