// Package e2e runs the built programs as their users do, against real
// components: journeys are scripts in testdata, one file each.
//
// Read this file first, then testdata/run_url.txtar. The commands that scripts
// have beyond testscript's own stand in commands_test.go, processes_test.go and
// nginx_test.go. The console's journeys in a real browser are in browser/.
package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"onrush.dev/onrush/internal/tools"
)

// programs is the folder with the built onrush and onrush-agent.
var programs string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "onrush-e2e-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		for _, name := range []string{"onrush", "onrush-agent"} {
			// With the Makefile's settings, so that nothing is compiled twice.
			build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X main.version=e2e",
				"-o", filepath.Join(dir, name), "./cmd/"+name)
			build.Dir = ".."
			build.Env = append(os.Environ(), "CGO_ENABLED=0")
			if out, err := build.CombinedOutput(); err != nil {
				fmt.Fprintf(os.Stderr, "build %s: %v\n%s", name, err, out)
				return 1
			}
		}
		programs = dir
		defer endPrograms()
		return m.Run()
	}())
}

// TestJourneys runs every script of testdata.
func TestJourneys(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:   "testdata",
		Setup: setup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code":     cmdCode,
			"start":    cmdStart,
			"says":     cmdSays,
			"signal":   cmdSignal,
			"finish":   cmdFinish,
			"target":   cmdTarget,
			"serve":    cmdServe,
			"killtask": cmdKillTask,
			"await":    cmdAwait,
			"json":     cmdJSON,
			"keep":     cmdKeep,
			"whole":    cmdWhole,
			"nginx":    cmdNginx,
			"logged":   cmdLogged,
			"postgres": postgres(t),
		},
	})
}

// setup gives every script its own data folder, logins and port.
func setup(env *testscript.Env) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	env.Setenv("PATH", programs+string(filepath.ListSeparator)+os.Getenv("PATH"))
	env.Setenv("ONRUSH_TOOLS", tools.Dir())
	env.Setenv("HOME", env.WorkDir)
	env.Setenv("ONRUSH_CONFIG_DIR", filepath.Join(env.WorkDir, "config"))
	env.Setenv("ONRUSH_DATA", filepath.Join(env.WorkDir, "data"))
	examples, err := filepath.Abs("../examples")
	if err != nil {
		return err
	}
	env.Setenv("EXAMPLES", examples)
	env.Setenv("LISTEN", listener.Addr().String())
	env.Values[processesKey{}] = &processes{byName: map[string]*process{}}
	return nil
}

// endPrograms ends what scripts left running: tasks outlive a server that was
// killed. Only programs that this test built can be meant.
func endPrograms() {
	for _, pid := range pids() {
		exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
		if err == nil && strings.HasPrefix(exe, programs+"/") {
			if process, err := os.FindProcess(pid); err == nil {
				_ = process.Kill()
			}
		}
	}
}
