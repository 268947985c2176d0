package locust

import (
	"embed"
	"encoding/json"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/engine/tool"
	"onrush.dev/onrush/internal/load"
)

//go:embed plugin/*.py
var plugin embed.FS

// The descriptors that Locust gets beside the usual three.
const (
	commandsFD = 3
	framesFD   = 4
)

// configuration is what the files beside the script are told; they read it from
// onrush.json.
type configuration struct {
	Entry    string             `json:"entry"`
	Commands int                `json:"control"`
	Frames   int                `json:"samples"`
	Drain    float64            `json:"drain"`           // seconds, the most that Locust's stop timeout may be
	Share    *load.Share        `json:"share,omitempty"` // nil: the whole
	Smooth   bool               `json:"smooth"`          // ramps are the scenario's, not Locust's
	Hosts    map[string]address `json:"hosts,omitempty"`
}

type address struct {
	IP   string `json:"ip"`
	Port uint16 `json:"port,omitempty"`
}

// layPlugin puts our files beside the script, into the folder of our own.
func (e *Engine) layPlugin(job *engine.Job) error {
	o := &job.Order
	c := configuration{
		Entry: e.work.Entry, Commands: commandsFD, Frames: framesFD,
		Drain: time.Duration(o.Drain).Seconds(), Hosts: addresses(o.Scenario.Connection.Hosts),
		Smooth: load.ScriptLoadOf(o.Scenario).Whole(),
	}
	// What is per task is the script's own load. The scenario's is that of the run.
	if o.Count > 1 && (o.Scenario.Share != load.SharingPerTask || c.Smooth) {
		c.Share = &o.Share
	}
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(e.work.Own, "onrush.json"), data, 0o600); err != nil {
		return err
	}
	return writePlugin(e.work.Own)
}

func writePlugin(dir string) error {
	files, err := fs.Glob(plugin, "plugin/*.py")
	if err != nil {
		return err
	}
	for _, name := range files {
		text, err := plugin.ReadFile(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// addresses takes the scenario's addresses for names apart.
func addresses(hosts map[string]string) map[string]address {
	out := map[string]address{}
	for name, text := range hosts {
		if to, err := netip.ParseAddrPort(text); err == nil {
			out[name] = address{to.Addr().String(), to.Port()}
		} else {
			out[name] = address{IP: strings.Trim(text, "[]")}
		}
	}
	return out
}

// command is Locust's command line for a task. Nothing secret stands in it: a
// script's environment comes as an environment. Exit codes for failed requests
// are off: they are counted.
func (e *Engine) command(job *engine.Job) tool.Command {
	own := func(name string) string { return filepath.Join(e.work.Own, name) }
	files := strings.Join([]string{own("onrush_locust.py"), filepath.FromSlash(e.work.Entry), own("onrush_hold.py")}, ",")
	args := []string{
		own("onrush_main.py"), "-f", files, "--headless", "--only-summary", "--exit-code-on-error", "0", "--processes", "0",
	}
	return tool.Command{
		Name: Name, Path: e.python, Args: args, Dir: e.work.Dir,
		Env: tool.Environ(job, pythonEnv()...), Secrets: tool.SecretValues(job.Order.Secrets),
	}
}

// pythonEnv is what Python is set up with: what it prints comes at once, and it
// leaves no compiled files among the script's own.
func pythonEnv() []string {
	return []string{"PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=1", "PYTHONIOENCODING=utf-8:replace"}
}
