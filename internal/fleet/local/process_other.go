//go:build unix && !linux

package local

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Without /proc, a process is told from a later one with the same number by
// the start time that ps prints, and what a task's process left behind is only
// found in its group.

func birth(pid int) string {
	out, err := exec.Command("ps", "-o", "lstart=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// lookAt returns how a process ended, or nil while it is up.
func lookAt(p process) *exit {
	var status syscall.WaitStatus
	got, err := syscall.Wait4(p.PID, &status, syscall.WNOHANG, nil)
	switch {
	case err == nil && got == p.PID:
		e := &exit{At: time.Now()}
		if status.Signaled() {
			e.Signal = int(status.Signal())
		} else {
			code := status.ExitStatus()
			e.Code = &code
		}
		return e
	case err == nil:
		return nil // our child, still up
	case syscall.Kill(p.PID, 0) == nil && birth(p.PID) == p.Birth:
		return nil
	}
	return &exit{At: time.Now()}
}

// frozen is not known here; ending such a process takes the grace period.
func frozen(int) bool { return false }

func findMarked(string) *process { return nil }

func killMarked(map[string]bool) {}
