package e2e

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"onrush.dev/onrush/internal/bus"
)

// patience bounds every wait. It is long because machines are slow and noisy;
// no test passes or fails by it unless something hangs.
const patience = 60 * time.Second

// process is a program that a script started in the background.
type process struct {
	cmd    *exec.Cmd
	out    *lineBuffer
	err    *lineBuffer
	exited chan struct{}
}

// processesKey finds a script's processes.
type processesKey struct{}

type processes struct {
	byName map[string]*process
}

// lineBuffer keeps what a process wrote and lets others wait for it.
type lineBuffer struct {
	mu    sync.Mutex
	text  bytes.Buffer
	first chan string // the first line, once
	sent  bool
}

func (b *lineBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text.Write(p)
	if line, _, found := strings.Cut(b.text.String(), "\n"); found && !b.sent {
		b.sent = true
		b.first <- line
	}
	return len(p), nil
}

func (b *lineBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// launch starts a program in the script's surroundings under a name.
func launch(ts *testscript.TestScript, name string, args ...string) *process {
	path, err := lookPath(ts, args[0])
	ts.Check(err)
	cmd := exec.Command(path, args[1:]...)
	cmd.Dir = ts.Getenv("WORK")
	cmd.Env = scriptEnv(ts)
	p := &process{
		cmd: cmd, exited: make(chan struct{}),
		out: &lineBuffer{first: make(chan string, 1)}, err: &lineBuffer{first: make(chan string, 1)},
	}
	cmd.Stdout, cmd.Stderr = p.out, p.err
	ts.Check(cmd.Start())
	go func() {
		_ = cmd.Wait()
		close(p.exited)
	}()
	ts.Defer(func() {
		_ = cmd.Process.Kill()
		<-p.exited
	})
	all(ts).byName[name] = p
	return p
}

func all(ts *testscript.TestScript) *processes { return ts.Value(processesKey{}).(*processes) }

// scriptEnv is the environment that scripts set up and changed.
func scriptEnv(ts *testscript.TestScript) []string {
	env := []string{}
	for _, name := range []string{"PATH", "HOME", "WORK", "TMPDIR", "ONRUSH_CONFIG_DIR", "ONRUSH_DATA", "ONRUSH_SERVER", "ONRUSH_TOKEN", "ONRUSH_REGION", "ONRUSH_TOOLS", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		if value := ts.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}

func lookPath(ts *testscript.TestScript, name string) (string, error) {
	for _, dir := range append(strings.Split(ts.Getenv("PATH"), ":"), "/usr/sbin", "/sbin") {
		path := dir + "/" + name
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not on PATH", name)
}

func named(ts *testscript.TestScript, name string) *process {
	p := all(ts).byName[name]
	if p == nil {
		ts.Fatalf("no process %s was started", name)
	}
	return p
}

// cmdStart: start NAME PROGRAM ARGS… in the background.
func cmdStart(ts *testscript.TestScript, _ bool, args []string) {
	launch(ts, args[0], args[1:]...)
}

// cmdSays: says NAME PATTERN waits until the process has written that on its
// standard error.
func cmdSays(ts *testscript.TestScript, _ bool, args []string) {
	p, pattern := named(ts, args[0]), regexp.MustCompile(args[1])
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if pattern.MatchString(p.err.String()) {
			return
		}
		select {
		case <-p.exited:
			if pattern.MatchString(p.err.String()) {
				return
			}
			ts.Fatalf("%s ended and never said %s\n%s%s", args[0], args[1], p.out, p.err)
		default:
		}
	}
	ts.Fatalf("%s never said %s\n%s", args[0], args[1], p.err)
}

// cmdSignal: signal NAME INT|TERM|KILL.
func cmdSignal(ts *testscript.TestScript, _ bool, args []string) {
	signals := map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL}
	ts.Check(named(ts, args[0]).cmd.Process.Signal(signals[args[1]]))
}

// cmdFinish: finish NAME CODE waits for the process, wants its exit code (-1:
// killed), and leaves its output in NAME.out and NAME.err.
func cmdFinish(ts *testscript.TestScript, _ bool, args []string) {
	p := named(ts, args[0])
	select {
	case <-p.exited:
	case <-time.After(patience):
		ts.Fatalf("%s did not end in %s\n%s%s", args[0], patience, p.out, p.err)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".out"), []byte(p.out.String()), 0o644))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".err"), []byte(p.err.String()), 0o644))
	if got := p.cmd.ProcessState.ExitCode(); strconv.Itoa(got) != args[1] {
		ts.Fatalf("%s ended with exit code %d, want %s\n%s%s", args[0], got, args[1], p.out, p.err)
	}
}

// firstLine waits for the first line of a process's standard output.
func firstLine(ts *testscript.TestScript, p *process) string {
	select {
	case line := <-p.out.first:
		return line
	case <-p.exited:
		ts.Fatalf("%s ended at once\n%s%s", p.cmd.Path, p.out, p.err)
	case <-time.After(patience):
		ts.Fatalf("%s says nothing\n%s", p.cmd.Path, p.err)
	}
	return ""
}

// cmdTarget starts the sample target and sets TARGET to its URL.
func cmdTarget(ts *testscript.TestScript, _ bool, args []string) {
	p := launch(ts, "target", append([]string{"onrush", "target", "--listen", "127.0.0.1:0"}, args...)...)
	ts.Setenv("TARGET", firstLine(ts, p))
}

// cmdServe: serve FLAGS… starts a server on the script's data folder and port,
// under the name server. On its first start LOGIN is the password.
func cmdServe(ts *testscript.TestScript, _ bool, args []string) {
	p := launch(ts, "server", append([]string{"onrush", "serve", "--listen", ts.Getenv("LISTEN")}, args...)...)
	url := strings.TrimSpace(strings.TrimPrefix(firstLine(ts, p), "console"))
	ts.Setenv("SERVER", url)
	lines := bufio.NewScanner(strings.NewReader(p.out.String()))
	for lines.Scan() {
		if _, rest, found := strings.Cut(lines.Text(), "password "); found {
			password, _, _ := strings.Cut(rest, " ")
			ts.Setenv("LOGIN", password)
		}
	}
}

// cmdKillTask: killtask RUN TASK [TERM] kills an agent with SIGKILL, or asks it to
// end, as soon as it is there. The run - is any.
func cmdKillTask(ts *testscript.TestScript, _ bool, args []string) {
	signal := syscall.SIGKILL
	if len(args) > 2 && args[2] == "TERM" {
		signal = syscall.SIGTERM
	}
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		for _, pid := range pids() {
			ticket, err := ticketOf(pid)
			if err == nil && ticket.Task == args[1] && (args[0] == "-" || ticket.Run == args[0]) && inside(ts, pid) {
				ts.Check(syscall.Kill(pid, signal))
				return
			}
		}
	}
	ts.Fatalf("there is no task %s", args[1])
}

// inside says whether a process belongs to this script, and not to one that
// runs beside it.
func inside(ts *testscript.TestScript, pid int) bool {
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	return err == nil && bytes.Contains(environ, []byte(ts.Getenv("WORK")))
}

// ticketOf reads the ticket that a task's process was given.
func ticketOf(pid int) (bus.Ticket, error) {
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		return bus.Ticket{}, err
	}
	for entry := range strings.SplitSeq(string(environ), "\x00") {
		if text, found := strings.CutPrefix(entry, "ONRUSH_TICKET="); found {
			return bus.ParseTicket(text)
		}
	}
	return bus.Ticket{}, errors.New("no ticket")
}

// pids lists all processes of this machine.
func pids() []int {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil
	}
	var found []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			found = append(found, pid)
		}
	}
	return found
}
