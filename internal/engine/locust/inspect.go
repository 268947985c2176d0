package locust

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
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

// inspectWithin bounds what a script's import may take.
const inspectWithin = 90 * time.Second

// Inspect implements engine.Script: Locust itself imports the script, and is
// ended before it does more.
func (e *Engine) Inspect(ctx context.Context, b engine.Bundle) (load.ScriptFacts, error) {
	return e.inspect(ctx, b, func(string) {})
}

func (e *Engine) inspect(ctx context.Context, b engine.Bundle, say func(string)) (load.ScriptFacts, error) {
	facts := load.ScriptFacts{Entry: b.Entry, Entries: b.Entries}
	found, err := tools.Find(ctx, Name)
	if err != nil {
		return facts, err
	}
	e.locust, facts.Tool = found, "Locust "+found.Version
	if err := supported(found.Version); err != nil {
		return facts, err
	}
	if e.python, err = environment(ctx, found, b.Dir, b.Entry, say); err != nil {
		return facts, err
	}
	if e.work == nil {
		e.work = &tool.Work{Bundle: b}
	}
	own, err := os.MkdirTemp("", "onrush-locust-")
	if err != nil {
		return facts, err
	}
	defer os.RemoveAll(own)
	if err := writePlugin(own); err != nil {
		return facts, err
	}
	answer, err := e.ask(ctx, b, own)
	if err != nil {
		return facts, err
	}
	return facts, read(answer, &facts, b)
}

// oldest is the first Locust that reads its configuration and ends its users as
// the tests have it.
const oldest = "2.43"

func supported(version string) error {
	if tools.CompareVersions(version, oldest) < 0 {
		return load.Errorf(load.Invalid, "this is Locust %s, and %s or later is needed: run `onrush engines install locust`, or name a newer one in the script's requirements.txt", version, oldest)
	}
	return nil
}

// ask lets Locust import the script and write down what it says.
func (e *Engine) ask(ctx context.Context, b engine.Bundle, own string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, inspectWithin)
	defer cancel()
	out := filepath.Join(own, "facts.json")
	env := append(tool.Base(), "ONRUSH_TASK_INDEX=0", "ONRUSH_TASK_COUNT=1", "ONRUSH_FACTS="+out)
	env = append(append(env, pythonEnv()...), tool.ScriptEnv(b.Scenario, b.Secrets)...)
	unknown := 0
	for name := range b.Scenario.Secrets { // a plan is made without their values
		if _, ok := b.Secrets[name]; !ok {
			env = append(env, name+"=not-known-while-planning")
			unknown++
		}
	}
	_, exit, err := tool.Output(ctx, tool.Command{
		Name: Name, Path: e.python, Dir: b.Dir, Env: env, Secrets: tool.SecretValues(b.Secrets),
		Args: []string{
			filepath.Join(own, "onrush_main.py"), "-f", filepath.Join(own, "onrush_facts.py") + "," + filepath.FromSlash(b.Entry),
			"--headless", "--only-summary", "--processes", "0",
		},
	})
	if err != nil {
		return nil, err
	}
	answer, err := os.ReadFile(out)
	if err == nil {
		return answer, nil
	}
	code := load.Invalid
	if unknown > 0 {
		code = load.Unavailable // it may be for want of a secret: the tasks will see
	}
	return nil, load.Errorf(code, "the script %s cannot be run: %s", b.Entry, e.explain(exit))
}

// answer is what plugin/onrush_facts.py writes.
type answer struct {
	Version     string   `json:"version"`
	Users       *int     `json:"users"`
	Rate        *float64 `json:"rate"`
	RunTime     *float64 `json:"run_time"`
	Host        string   `json:"host"`
	Tags        []string `json:"tags"`
	ExcludeTags []string `json:"exclude_tags"`
	Processes   *int     `json:"processes"`
	Distributed bool     `json:"distributed"`
	ResetStats  bool     `json:"reset_stats"`
	Classes     []struct {
		Name   string  `json:"name"`
		Base   string  `json:"base"`
		Weight float64 `json:"weight"`
		Fixed  int     `json:"fixed"`
		Host   string  `json:"host"`
		Wait   string  `json:"wait"`
		Tasks  []struct {
			Name  string   `json:"name"`
			Ratio float64  `json:"ratio"`
			Tags  []string `json:"tags"`
		} `json:"tasks"`
	} `json:"classes"`
	Shape *struct {
		Name     string `json:"name"`
		Users    int    `json:"users"`
		Duration int    `json:"duration"`
		Ends     bool   `json:"ends"`
		Error    string `json:"error"`
		Stages   []struct {
			At    int     `json:"at"`
			Users int     `json:"users"`
			Rate  float64 `json:"rate"`
		} `json:"stages"`
	} `json:"shape"`
	Arguments []struct {
		Name string `json:"name"`
		Env  string `json:"env"`
	} `json:"arguments"`
}

// The kinds of parts.
const (
	kindShape = "LoadTestShape"
	kindStart = "users at the start" // --users, --spawn-rate, --run-time
)

func read(data []byte, facts *load.ScriptFacts, b engine.Bundle) error {
	var a answer
	if err := json.Unmarshal(data, &a); err != nil {
		return load.Errorf(load.Invalid, "Locust's answer about the script cannot be read: %w", err)
	}
	facts.Tool = "Locust " + a.Version
	if err := supported(a.Version); err != nil { // the script may bring its own
		return err
	}
	note := func(format string, args ...any) { facts.Notes = append(facts.Notes, fmt.Sprintf(format, args...)) }
	if a.Distributed {
		return load.Errorf(load.Invalid, "the script's configuration makes Locust a master or a worker: every task is a whole Locust, leave master and worker out")
	}
	if a.Shape != nil {
		facts.Parts = append(facts.Parts, a.shape(facts, note))
	} else {
		facts.Parts = append(facts.Parts, a.begin(facts))
	}
	a.classes(facts, note)
	if a.Processes != nil && *a.Processes != 0 {
		note("the script wants %d processes, and a task is one: write as many tasks as cores are to be used", *a.Processes)
	}
	if a.ResetStats {
		note("the script resets Locust's statistics once all users have begun: here every request counts, so that Locust's own totals are not compared")
	}
	for _, arg := range a.Arguments {
		text := "has its default: it names no environment variable"
		if arg.Env != "" {
			text = "env " + arg.Env + " sets it"
		}
		facts.Parts = append(facts.Parts, load.ScriptPart{Name: arg.Name, Kind: "argument", Text: text})
	}
	if setsExit(b.Dir) {
		facts.Thresholds = append(facts.Thresholds, load.ScriptThreshold{Metric: exitMetric, Rule: "value==0"})
	}
	return nil
}

// shape is what the script's shape asks for.
func (a *answer) shape(facts *load.ScriptFacts, note func(string, ...any)) load.ScriptPart {
	s := a.Shape
	p := load.ScriptPart{Name: s.Name, Kind: kindShape, Users: s.Users}
	for _, stage := range s.Stages {
		p.Stages = append(p.Stages, fmt.Sprintf("%d at %ds", stage.Users, stage.At))
	}
	facts.Users = s.Users
	switch {
	case s.Error != "":
		note("what the shape %s asks for over time is known only while it runs (%s)", s.Name, s.Error)
	case s.Ends:
		p.Duration = load.Duration(time.Duration(s.Duration) * time.Second)
		facts.Duration = p.Duration
	default:
		note("the shape %s does not end within a day", s.Name)
	}
	return p
}

// begin is what a script without a shape starts with: what its configuration
// says, or Locust's own defaults.
func (a *answer) begin(facts *load.ScriptFacts) load.ScriptPart {
	p := load.ScriptPart{Name: "start", Kind: kindStart, Users: 1}
	rate := 1.0
	if a.Users != nil {
		p.Users = *a.Users
	}
	if a.Rate != nil {
		rate = *a.Rate
	}
	p.Text = fmt.Sprintf("%g/s", rate)
	if a.RunTime != nil {
		p.Duration = load.Duration(*a.RunTime * float64(time.Second))
	}
	facts.Users, facts.Duration = p.Users, p.Duration
	if a.Users == nil {
		p.Text += ", Locust's own default: the script does not say how many"
	}
	return p
}

func (a *answer) classes(facts *load.ScriptFacts, note func(string, ...any)) {
	for _, c := range a.Classes {
		p := load.ScriptPart{Name: c.Name, Kind: c.Base, Weight: int(math.Round(c.Weight)), Users: c.Fixed}
		if c.Fixed > 0 {
			p.Weight = 0
		}
		var tasks []string
		for _, t := range c.Tasks {
			text := fmt.Sprintf("%s %.0f %%", t.Name, 100*t.Ratio)
			if len(t.Tags) > 0 {
				text += " (" + strings.Join(t.Tags, ", ") + ")"
			}
			tasks = append(tasks, text)
		}
		host := c.Host
		if a.Host != "" {
			host = a.Host
		}
		p.Text = "waits " + c.Wait
		if host != "" {
			p.Text = host + ", " + p.Text
		} else if strings.Contains(c.Base, "HttpUser") {
			note("%s has no host: write it into the script, or env LOCUST_HOST", c.Name)
		}
		if len(tasks) > 0 {
			p.Text += "; tasks " + strings.Join(tasks[:min(len(tasks), 12)], ", ")
		}
		facts.Parts = append(facts.Parts, p)
	}
	for _, tags := range []struct {
		what string
		list []string
	}{{"with the tags", a.Tags}, {"without the tags", a.ExcludeTags}} {
		if len(tags.list) > 0 {
			note("only tasks %s %s run", tags.what, strings.Join(tags.list, ", "))
		}
	}
}

// setsExit says whether a file of the script sets Locust's exit code: by that it
// judges the run.
func setsExit(dir string) bool {
	found := errors.New("found")
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || filepath.Ext(path) != ".py" {
			return err
		}
		text, err := os.ReadFile(path)
		if err == nil && bytes.Contains(text, []byte("process_exit_code")) {
			return found
		}
		return err
	})
	return errors.Is(err, found)
}

// shapeOf is the script's shape, if it has one.
func shapeOf(facts load.ScriptFacts) (load.ScriptPart, bool) {
	i := slices.IndexFunc(facts.Parts, func(p load.ScriptPart) bool { return p.Kind == kindShape })
	if i < 0 {
		return load.ScriptPart{}, false
	}
	return facts.Parts[i], true
}
