package tool

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"onrush.dev/onrush/internal/load"
)

// Command is a tool's process to be started.
type Command struct {
	Name string // in messages and before each line of output: "k6"
	Path string
	Args []string // never with a secret: everybody on the machine can read them
	Env  []string // NAME=value, all that the process gets
	Dir  string
	// Output takes every line that the process writes, with its name before it;
	// nil discards.
	Output io.Writer
	// Keep takes the output as it comes, to be kept as a file; nil keeps none.
	Keep io.Writer
	// Line, when set, sees every line of standard output or error as it comes,
	// secrets masked. It must be quick.
	Line func(line string, stderr bool)
	// Files are handed to the process as descriptors 3, 4…; they are closed here
	// once it runs.
	Files []*os.File
	// Secrets are values that must not stand in any output.
	Secrets []string
}

// marker is the environment variable by which whatever a tool started is found
// again, wherever it moved to.
const marker = "ONRUSH_TOOL"

// Process is a running tool. Its methods are safe for concurrent use.
type Process struct {
	name   string
	pid    int
	mark   string
	cmd    *exec.Cmd
	lines  *lines
	done   chan struct{} // closed once the process and all it started are gone
	exit   Exit
	mu     sync.Mutex
	ended  bool // the leader was waited for: its number may be somebody else's
	forced bool // we ended it by force
}

// Exit is how a process ended.
type Exit struct {
	Code   int            // -1 with a signal
	Signal syscall.Signal // 0 without
	Forced bool           // it was ended by force, by us
	Tail   []string       // the last lines that it wrote
	Took   time.Duration
}

// Start starts the tool. The process does not outlive this one.
func Start(c Command) (*Process, error) {
	defer func() {
		for _, f := range c.Files {
			f.Close()
		}
	}()
	p := &Process{name: c.Name, mark: newMark(), done: make(chan struct{}), lines: newLines(c)}
	p.cmd = exec.Command(c.Path, c.Args...)
	p.cmd.Dir = c.Dir
	p.cmd.Env = append(append([]string{}, c.Env...), marker+"="+p.mark)
	p.cmd.ExtraFiles = c.Files
	p.cmd.Stdout, p.cmd.Stderr = p.lines.stream(false), p.lines.stream(true)
	p.cmd.WaitDelay = 2 * time.Second // a child that keeps the output open
	p.cmd.SysProcAttr = ownGroup()
	started := make(chan error, 1)
	go p.live(started)
	if err := <-started; err != nil {
		return nil, startError(c, err)
	}
	return p, nil
}

func newMark() string {
	raw := make([]byte, 12)
	_, _ = rand.Read(raw) // never fails, by its contract
	return hex.EncodeToString(raw)
}

func startError(c Command, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, exec.ErrNotFound):
		return load.Errorf(load.Invalid, "there is no program %s for %s: see `onrush engines list`: %w", c.Path, c.Name, err)
	case errors.Is(err, syscall.ENOMEM), errors.Is(err, syscall.EAGAIN):
		return load.Errorf(load.Unavailable, "the machine has no room for %s: %w", c.Name, err)
	}
	return load.Errorf(load.Invalid, "start %s: %w", c.Name, err)
}

// live starts the process and waits for its end on one thread: the kernel ends
// a child when the thread that made it goes.
func (p *Process) live(started chan<- error) {
	runtime.LockOSThread()
	begin := time.Now()
	if err := p.cmd.Start(); err != nil {
		runtime.UnlockOSThread()
		started <- err
		return
	}
	p.pid = p.cmd.Process.Pid
	started <- nil
	err := p.cmd.Wait()
	p.mu.Lock()
	p.ended = true
	p.exit = Exit{Code: p.cmd.ProcessState.ExitCode(), Forced: p.forced, Took: time.Since(begin)}
	p.mu.Unlock()
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		p.exit.Signal = status.Signal()
	}
	if err != nil && p.cmd.ProcessState.Success() && !errors.Is(err, exec.ErrWaitDelay) {
		p.lines.say(fmt.Sprintf("its output was cut short: %v", err))
	}
	endGroup(p.pid, p.mark)
	p.lines.flush()
	p.exit.Tail = p.lines.tail()
	close(p.done)
	runtime.UnlockOSThread()
}

// PID is the number of the tool's own process.
func (p *Process) PID() int { return p.pid }

// Done is closed once the tool and all that it started are gone.
func (p *Process) Done() <-chan struct{} { return p.done }

// Await waits for the barrier, while the tool lives: when it ends before, nothing
// is left to wait for. An error says that ctx has ended.
func (p *Process) Await(ctx context.Context, at time.Time) error {
	t := time.NewTimer(time.Until(at))
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err()
	case <-p.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Wait waits for the end of the process and of all that it started.
func (p *Process) Wait() Exit {
	<-p.done
	return p.exit
}

// Signal sends a signal to the tool's own process, and says so in its log.
func (p *Process) Signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ended {
		_ = syscall.Kill(p.pid, s) // gone already is fine
	}
}

// Kill ends the tool and all that it started by force.
func (p *Process) Kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return
	}
	p.forced = true
	_ = syscall.Kill(-p.pid, syscall.SIGKILL)
}

// Output runs a command to its end and returns its standard output. What it
// wrote on standard error is in the exit's tail.
func Output(ctx context.Context, c Command) ([]byte, Exit, error) {
	var out strings.Builder
	before := c.Line
	c.Line = func(line string, stderr bool) {
		if !stderr {
			out.WriteString(line + "\n")
		}
		if before != nil {
			before(line, stderr)
		}
	}
	p, err := Start(c)
	if err != nil {
		return nil, Exit{}, err
	}
	stop := context.AfterFunc(ctx, p.Kill)
	defer stop()
	exit := p.Wait()
	if ctx.Err() != nil {
		return nil, exit, load.Errorf(load.Unavailable, "%s did not answer in time: %w", c.Name, context.Cause(ctx))
	}
	return []byte(out.String()), exit, nil
}
