package tool_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/engine/tool"
	"onrush.dev/onrush/internal/load"
)

// parentEnv makes this test's program an agent that starts a tool and waits to
// be killed.
const parentEnv = "TOOL_TEST_PARENT"

func TestMain(m *testing.M) {
	if pidFile := os.Getenv(parentEnv); pidFile != "" {
		p, err := tool.Start(shell("echo $$ > " + pidFile + "; sleep 600"))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		p.Wait()
		return
	}
	os.Exit(m.Run())
}

func shell(script string) tool.Command {
	return tool.Command{Name: "sh", Path: "/bin/sh", Args: []string{"-c", script}, Env: tool.Base()}
}

func start(t *testing.T, c tool.Command) *tool.Process {
	t.Helper()
	p, err := tool.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

// lives says whether a process is there and no zombie.
func lives(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z")
}

func pidIn(t *testing.T, file string) int {
	t.Helper()
	var pid int
	waitFor(t, func() bool {
		text, err := os.ReadFile(file)
		if err == nil {
			pid, err = strconv.Atoi(strings.TrimSpace(string(text)))
		}
		return err == nil && pid > 0
	})
	return pid
}

func waitFor(t *testing.T, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !is(); {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// TestNothingIsLeft: what a tool starts ends with it, in its group or out of it.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	child, stray := filepath.Join(dir, "child"), filepath.Join(dir, "stray")
	p := start(t, shell("sleep 600 & echo $! > "+child+"; setsid sh -c 'echo $$ > "+stray+"; sleep 600' >/dev/null 2>&1 & while [ ! -s "+stray+" ]; do sleep 0.01; done; exit 3"))
	pids := []int{pidIn(t, child), pidIn(t, stray)}
	if exit := p.Wait(); exit.Code != 3 {
		t.Errorf("got exit code %d, want 3", exit.Code)
	}
	for _, pid := range pids {
		if lives(pid) {
			t.Errorf("process %d is still there", pid)
		}
	}
}

// TestEndsWithItsAgent kills the agent as hard as can be.
func TestEndsWithItsAgent(t *testing.T) {
	t.Parallel()
	pidFile := filepath.Join(t.TempDir(), "pid")
	agent := exec.Command(os.Args[0])
	agent.Env = append(os.Environ(), parentEnv+"="+pidFile)
	if err := agent.Start(); err != nil {
		t.Fatal(err)
	}
	pid := pidIn(t, pidFile)
	if err := agent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = agent.Wait() // it was killed
	waitFor(t, func() bool { return !lives(pid) })
}

func TestOutput(t *testing.T) {
	t.Parallel()
	var log, kept bytes.Buffer
	c := shell("echo one; printf 'tw'; printf 'o\\n'; echo \"key is $KEY\"; printf 'end' >&2; exit 1")
	c.Env, c.Secrets = append(c.Env, "KEY=s3cr3t-value"), []string{"s3cr3t-value"}
	c.Output, c.Keep = &log, &kept
	exit := start(t, c).Wait()
	for _, got := range []string{log.String(), kept.String(), strings.Join(exit.Tail, "\n")} {
		if strings.Contains(got, "s3cr3t") || !strings.Contains(got, "key is ***") || !strings.Contains(got, "two") {
			t.Errorf("got output %q", got)
		}
	}
	text := tool.Explain("sh", exit, map[int]string{1: "it says so"})
	if !strings.Contains(text, "exit code 1: it says so") || !strings.Contains(text, "end") {
		t.Errorf("got %q", text)
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	for want, exit := range map[string]tool.Exit{
		"ran out of memory":                   {Code: -1, Signal: syscall.SIGKILL},
		"signal 11":                           {Code: -1, Signal: syscall.SIGSEGV},
		"exit code 2":                         {Code: 2},
		"java.lang.OutOfMemoryError: Java he": {Code: 1, Tail: []string{"java.lang.OutOfMemoryError: Java heap space"}},
	} {
		if got := tool.Explain("x", exit, nil); !strings.Contains(got, want) {
			t.Errorf("got %q, want it to say %q", got, want)
		}
	}
}

func TestMissingProgram(t *testing.T) {
	t.Parallel()
	_, err := tool.Start(tool.Command{Name: "k6", Path: "/nowhere/k6"})
	if load.ErrorCode(err) != load.Invalid || !strings.Contains(err.Error(), "onrush engines") {
		t.Errorf("got %v, want an invalid error that names onrush engines", err)
	}
}

// TestTend: a tool that heeds nothing is ended by force after its grace.
func TestTend(t *testing.T) {
	t.Parallel()
	const deaf = "trap '' INT TERM; echo ready; while :; do sleep 0.05; done"
	tests := map[string]struct {
		script string
		act    func(*load.Timeline, context.CancelFunc)
		most   time.Duration
		want   tool.Ended
		forced bool
	}{
		"by itself":       {"echo ready; exit 0", func(*load.Timeline, context.CancelFunc) {}, 0, tool.ByItself, false},
		"drained":         {"trap 'exit 0' INT; echo ready; while :; do sleep 0.05; done", drain, 0, tool.Drained, false},
		"deaf to a drain": {deaf, drain, 0, tool.Drained, true},
		"deaf to a stop":  {deaf, func(_ *load.Timeline, stop context.CancelFunc) { stop() }, 0, tool.Stopped, true},
		"too long":        {deaf, func(*load.Timeline, context.CancelFunc) {}, 300 * time.Millisecond, tool.TooLong, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ready := make(chan struct{}, 1)
			c := shell(test.script)
			c.Line = func(string, bool) { ready <- struct{}{} }
			p := start(t, c)
			<-ready
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			line := load.NewTimeline(load.Profile{Points: []load.Point{{}}, Endless: true}, nil)
			job := engine.Job{Timeline: line, Start: time.Now()}
			interrupt := func() { p.Signal(syscall.SIGINT) }
			test.act(line, cancel)
			exit, why := tool.Tend(ctx, p, job, tool.Endings{
				Drain: interrupt, Stop: interrupt, Grace: 400 * time.Millisecond, StopGrace: 200 * time.Millisecond, Most: test.most,
			})
			if why != test.want || exit.Forced != test.forced {
				t.Errorf("ended %q, forced %v; want %q, %v", why, exit.Forced, test.want, test.forced)
			}
		})
	}
}

func drain(line *load.Timeline, _ context.CancelFunc) {
	line.Add(load.Change{At: load.Duration(100 * time.Millisecond), Kind: load.ChangeDrain})
}

func TestUsage(t *testing.T) {
	t.Parallel()
	p := start(t, shell("sh -c 'while :; do :; done' & while :; do :; done"))
	usage := p.Usage()
	sum := time.Duration(0)
	waitFor(t, func() bool {
		cpu, rss := usage.Look()
		sum += cpu
		return sum > 100*time.Millisecond && rss > 0
	})
}
