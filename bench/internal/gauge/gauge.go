//go:build linux

// Package gauge starts processes on a core of their own and reads what they use:
// CPU time of the whole process tree to the nanosecond, also in the middle of a
// process's life, the most memory it ever had, and the bytes that it wrote. It
// knows nothing of load generators. Read Start first.
package gauge

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"onrush.dev/onrush/bench/internal/rig"
)

// Process is a started process with all that it started itself.
type Process struct {
	cmd    *exec.Cmd
	Out    bytes.Buffer // what it said, unless the command had a place for it
	Errs   bytes.Buffer
	began  time.Time
	done   chan struct{}
	looked sync.WaitGroup
	peak   int64
}

// Usage is what a process used from its start to its end, its children with it.
type Usage struct {
	CPU  time.Duration
	Peak int64 // most memory, in bytes; of several processes the sum
	Took time.Duration
}

// Start starts a command held to one core; a negative core holds it to none.
// The command's children inherit the core.
func Start(core int, cmd *exec.Cmd) (*Process, error) {
	p := &Process{cmd: cmd, began: time.Now(), done: make(chan struct{})}
	if cmd.Stdout == nil {
		cmd.Stdout = &p.Out
	}
	if cmd.Stderr == nil {
		cmd.Stderr = &p.Errs
	}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	// A group of its own: an interrupt at the terminal reaches us alone, and
	// what we start ends in order.
	cmd.SysProcAttr.Setpgid = true
	if cmd.SysProcAttr.Pdeathsig == 0 {
		cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	}
	if err := startOn(core, cmd); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	p.looked.Go(p.watchMemory)
	return p, nil
}

// startOn starts from a thread that is held to the core itself.
func startOn(core int, cmd *exec.Cmd) error {
	if core < 0 {
		return cmd.Start()
	}
	result := make(chan error)
	go func() {
		// The thread gets its cores back and lives on: Pdeathsig would end the
		// child with it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		var before, one unix.CPUSet
		one.Set(core)
		err := unix.SchedGetaffinity(0, &before)
		if err == nil {
			err = unix.SchedSetaffinity(0, &one)
		}
		if err != nil {
			result <- fmt.Errorf("hold to core %d: %w", core, err)
			return
		}
		err = cmd.Start()
		result <- errors.Join(err, unix.SchedSetaffinity(0, &before))
	}()
	return <-result
}

// PID is the process's id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Signal sends a signal to the process.
func (p *Process) Signal(s os.Signal) error { return p.cmd.Process.Signal(s) }

// Ended says whether the process is over, though nobody has waited for it yet.
func (p *Process) Ended() bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID()))
	_, after, _ := strings.Cut(string(text), ") ")
	return err != nil || strings.HasPrefix(after, "Z")
}

// Wait waits for the end and says what was used.
func (p *Process) Wait() (Usage, error) {
	err := p.cmd.Wait()
	close(p.done)
	p.looked.Wait()
	state := p.cmd.ProcessState
	u := Usage{Peak: p.peak, Took: time.Since(p.began)}
	if state != nil {
		u.CPU = state.UserTime() + state.SystemTime()
	}
	if err != nil {
		said := strings.TrimSpace(p.Errs.String() + p.Out.String())
		err = fmt.Errorf("%s: %w: %s", p.cmd.Path, err, said[max(0, len(said)-300):])
	}
	return u, err
}

// Kill ends the process and its group at once.
func (p *Process) Kill() { _ = syscall.Kill(-p.PID(), syscall.SIGKILL) }

// CPU is what the process and its living descendants have used so far.
func (p *Process) CPU() time.Duration {
	total := time.Duration(0)
	for _, pid := range Tree(p.PID()) {
		var t unix.Timespec
		// The kernel's number for the CPU clock of another process.
		clock := int32(^pid<<3 | 2)
		if unix.ClockGettime(clock, &t) == nil {
			total += time.Duration(t.Nano())
		}
	}
	return total
}

// watchMemory keeps the most memory of the tree. What a process leaves to its
// parent at its end includes the memory of the process that it was forked from,
// so it is looked at while it lives.
func (p *Process) watchMemory() {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		sum := int64(0)
		for _, pid := range Tree(p.PID()) {
			peak, _ := rig.PeakMemory(pid)
			sum += peak
		}
		p.peak = max(p.peak, sum)
		select {
		case <-p.done:
			return
		case <-tick.C:
		}
	}
}

// Tree is a process and its living descendants.
func Tree(pid int) []int {
	pids := []int{pid}
	for i := 0; i < len(pids); i++ {
		tasks, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pids[i]))
		for _, t := range tasks {
			text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pids[i], t.Name()))
			for _, field := range strings.Fields(string(text)) {
				if child, err := strconv.Atoi(field); err == nil {
					pids = append(pids, child)
				}
			}
		}
	}
	return pids
}

// Written is how many bytes the process and its living descendants wrote so far,
// to files and sockets, by write, writev and sendfile.
func Written(pid int) int64 {
	total := int64(0)
	for _, pid := range Tree(pid) {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
		for line := range strings.Lines(string(text)) {
			if value, ok := strings.CutPrefix(line, "wchar: "); ok {
				n, _ := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
				total += n
			}
		}
	}
	return total
}

// ThreadCPU is what the calling thread has used so far.
func ThreadCPU() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// Now is the machine's monotonic clock, which all processes share.
func Now() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
