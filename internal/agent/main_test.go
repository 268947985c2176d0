package agent_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"onrush.dev/onrush/internal/agent"
	"onrush.dev/onrush/internal/bus"
	"onrush.dev/onrush/internal/load"
)

// asAgent in the environment makes the test program an agent.
const asAgent = "ONRUSH_TEST_AGENT"

func TestMain(m *testing.M) {
	if os.Getenv(asAgent) != "" {
		os.Exit(agent.Main(os.Stderr, "test"))
	}
	os.Exit(m.Run())
}

// A drain from outside that takes too long is cut off, so that the last word is
// out before the platform kills.
func TestDrainIsBounded(t *testing.T) {
	t.Parallel()
	order := scripted(1, time.Hour, load.Scripted{HangAt: load.Duration(100 * time.Millisecond)})
	order.Drain = load.Duration(time.Hour)
	r := newRig(t, order)
	a := r.start(agent.Bounds{Drain: 200 * time.Millisecond})
	r.begin()
	r.await("window", func() bool { return len(r.windows) > 0 })
	close(a.drain)
	r.must(r.end(a))
	done := r.event(load.EventDone)
	if !strings.Contains(done.Text, "cut off") {
		t.Errorf("the last word is %q", done.Text)
	}
	r.wantWhole(done)
}

// process is an agent in a process of its own.
type process struct {
	*exec.Cmd
	stderr bytes.Buffer
	ended  chan error
}

func startProcess(t *testing.T, ticket string) *process {
	t.Helper()
	return startWith(t, bus.TicketEnv+"="+ticket)
}

func startWith(t *testing.T, env ...string) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: exec.Command(exe), ended: make(chan error, 1)}
	p.Env = append(os.Environ(), asAgent+"=1")
	p.Env = append(p.Env, env...)
	p.Stderr = &p.stderr
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- p.Wait() }()
	t.Cleanup(func() { _ = p.Process.Kill() }) // mostly it has ended
	return p
}

// exit waits for the end of the process and returns its exit code.
func (p *process) exit(t *testing.T) int {
	t.Helper()
	select {
	case <-p.ended:
		return p.ProcessState.ExitCode()
	case <-time.After(patience):
		t.Fatalf("the agent's process did not end within %s", patience)
		return -1
	}
}

func TestSignals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script  load.Scripted
		signals int
		want    string
	}{
		"one drains": {load.Scripted{}, 1, "drained"},
		"two stop":   {load.Scripted{HangAt: load.Duration(100 * time.Millisecond)}, 2, "second signal"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, scripted(1, time.Hour, c.script))
			ticket := r.ticket(0)
			p := startProcess(t, ticket.Encode())
			r.begin()
			r.await("window", func() bool { return len(r.windows) > 0 })
			for i := range c.signals {
				if i > 0 {
					time.Sleep(200 * time.Millisecond) // two at once may count as one
				}
				r.must(p.Process.Signal(syscall.SIGTERM))
			}
			if code := p.exit(t); code != 0 {
				t.Errorf("exit code %d, want 0: it did as it was told\n%s", code, p.stderr.String())
			}
			done := r.event(load.EventDone)
			if !strings.Contains(done.Text, c.want) {
				t.Errorf("the last word is %q, want it to hold %q", done.Text, c.want)
			}
			r.wantWhole(done)
			for _, secret := range []string{ticket.JWT, ticket.Seed, ticket.Encode()} {
				if strings.Contains(p.stderr.String(), secret) {
					t.Error("the log holds the ticket")
				}
			}
		})
	}
}

func TestProcessNamesItsFailure(t *testing.T) {
	t.Parallel()
	r := newRig(t, scripted(1, time.Second, load.Scripted{FailStart: true}))
	p := startProcess(t, r.ticket(0).Encode())
	if code := p.exit(t); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	lines := strings.Split(strings.TrimSpace(p.stderr.String()), "\n")
	if last := lines[len(lines)-1]; !strings.Contains(last, "fail_start") {
		t.Errorf("the last line of the log is %q, want the cause", last)
	}
	for _, bad := range []string{"", "nonsense"} {
		p := startProcess(t, bad)
		if code := p.exit(t); code != 2 || !strings.Contains(p.stderr.String(), bus.TicketEnv) {
			t.Errorf("ticket %q: exit code %d, log %q; want 2 and what is wrong", bad, code, p.stderr.String())
		}
	}
}

// A ticket may come in a file, as platforms hand over secrets.
func TestTicketFile(t *testing.T) {
	t.Parallel()
	r := newRig(t, scripted(1, 200*time.Millisecond, load.Scripted{}))
	ticket := r.ticket(0).Encode()
	path := filepath.Join(t.TempDir(), "ticket")
	r.must(os.WriteFile(path, []byte(ticket+"\n"), 0o600))
	p := startWith(t, bus.TicketFileEnv+"="+path)
	r.begin()
	if code := p.exit(t); code != 0 {
		t.Errorf("exit code %d\n%s", code, p.stderr.String())
	}
	for name, env := range map[string][]string{
		"no such file": {bus.TicketFileEnv + "=" + path + ".not"},
		"two tickets":  {bus.TicketFileEnv + "=" + path, bus.TicketEnv + "=" + ticket},
		"no ticket":    {bus.TicketFileEnv + "=" + os.Args[0]},
	} {
		p := startWith(t, env...)
		if code := p.exit(t); code != 2 || !strings.Contains(p.stderr.String(), bus.TicketFileEnv) {
			t.Errorf("%s: exit code %d, log %q; want 2 and the variable's name", name, code, p.stderr.String())
		}
	}
}
