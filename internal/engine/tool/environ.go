package tool

import (
	"os"
	"slices"
	"strconv"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/load"
)

// passed is what of the agent's own environment a tool gets: where programs and
// certificates are, and the mark by which a driver finds what its task started.
func passed() []string {
	return []string{
		"PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "GOMAXPROCS", "ONRUSH_INSTANCE",
	}
}

// Environ is the environment of a task's tool: a little of the agent's, who the
// task is, the scenario's env and secrets, and more, which comes last and wins.
func Environ(job *engine.Job, more ...string) []string {
	env := Base()
	o := &job.Order
	env = append(env,
		"ONRUSH_RUN="+o.Run, "ONRUSH_TASK="+o.Task, "ONRUSH_REGION="+o.Region,
		"ONRUSH_TASK_INDEX="+strconv.Itoa(o.Index), "ONRUSH_TASK_COUNT="+strconv.Itoa(max(1, o.Count)),
	)
	env = append(env, ScriptEnv(o.Scenario, o.Secrets)...)
	return append(env, more...)
}

// Base is the part of our own environment that every tool gets.
func Base() []string {
	var env []string
	for _, name := range passed() {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// ScriptEnv is what a scenario puts into a script's environment.
func ScriptEnv(s load.Scenario, secrets map[string]string) []string {
	var env []string
	for name, v := range s.Env {
		env = append(env, name+"="+v)
	}
	for name, v := range secrets {
		env = append(env, name+"="+v)
	}
	slices.Sort(env)
	return env
}

// SecretValues are the values that no output may show.
func SecretValues(secrets map[string]string) []string {
	values := make([]string, 0, len(secrets))
	for _, v := range secrets {
		values = append(values, v)
	}
	return values
}
