package load

import (
	"strings"
)

// checkScript finds what cannot be of a scenario's script, and fields of one
// kind of engine that stand beside another.
func (s *Scenario) checkScript(f *faults) {
	engine := or(s.Engine, EngineHTTP)
	if !RunsScript(engine) {
		s.checkNoScript(f, engine)
		return
	}
	if s.Script == "" {
		f.add("script", "", "the path of a script, a zip or a folder", "the %s engine needs a script: write script: with its path, relative to the scenario", engine)
	}
	if len(s.Requests) > 0 {
		f.add("requests", plural(len(s.Requests), "request"), "no requests with a script", "the %s engine runs a script, which makes the requests: leave requests out, or leave engine and script out", engine)
	}
	if s.Entry != "" && !isLocalPath(s.Entry) {
		f.add("entry", s.Entry, "a path within the bundle, with '/', without '..'", "%q must be the path of a file within the bundle, written with '/'", s.Entry)
	}
	if len(s.Properties) > 0 && engine != EngineJMeter {
		f.add("properties", plural(len(s.Properties), "entry"), "env", "properties are JMeter's; %s scripts read env", engine)
	}
	if s.ThinkTime != (Span{}) {
		f.add("think_time", s.ThinkTime.String(), "no think_time with a script", "the script's own users pause as it says: leave think_time out")
	}
	if s.Load.Requests != 0 {
		f.add("load.requests", "", "iterations", "no tool stops after a number of requests: write load.iterations, or leave it out")
	}
	if s.LostTasks == LostReplace {
		f.add("lost_tasks", string(s.LostTasks), "continue, stop", "a script cannot be entered in its middle, so a lost task cannot be replaced: write continue or stop")
	}
	s.checkEnvironment(f)
}

func (s *Scenario) checkNoScript(f *faults, engine string) {
	for _, given := range []struct {
		field string
		is    bool
	}{
		{"script", s.Script != ""},
		{"entry", s.Entry != ""},
		{"env", len(s.Env) > 0},
		{"properties", len(s.Properties) > 0},
		{"share", s.Share != ""},
	} {
		if given.is {
			f.add(given.field, "", "engine: k6, jmeter or locust", "%s is for engines that run a script, and the engine is %s: write engine: k6, jmeter or locust, or leave it out", given.field, engine)
		}
	}
}

const envAllowed = "letters, digits and '_', not beginning with a digit"

// reservedEnv is what a task tells the script itself.
const reservedEnv = "ONRUSH_"

func (s *Scenario) checkEnvironment(f *faults) {
	for _, name := range sortedKeys(s.Env) {
		checkEnvName(f, JoinPath("env", name), name)
		if strings.ContainsRune(s.Env[name], 0) {
			f.add(JoinPath("env", name), "", "text without zero bytes", "the value holds a zero byte, which no environment can")
		}
	}
	for _, name := range sortedKeys(s.Secrets) {
		here, secret := JoinPath("secrets", name), s.Secrets[name]
		checkEnvName(f, here, name)
		if (secret.Env == "") == (secret.File == "") {
			f.add(here, "", "one of env and file", "a secret is read from one place: write either env: NAME or file: PATH")
		}
		if _, twice := s.Env[name]; twice {
			f.add(here, name, "another name", "env has %s too: leave it out there", name)
		}
	}
}

func checkEnvName(f *faults, path, name string) {
	switch {
	case !isEnvName(name):
		f.add(path, name, envAllowed, "%q cannot name an environment variable: write %s", name, envAllowed)
	case strings.HasPrefix(name, reservedEnv):
		f.add(path, name, "a name without "+reservedEnv, "names beginning with %s are the task's own (ONRUSH_TASK, ONRUSH_TASK_INDEX, …): take another", reservedEnv)
	}
}

func isEnvName(name string) bool {
	for i, c := range name {
		letter := c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != "" && len(name) <= maxNameLength
}
