package main

import (
	"os/exec"
	"syscall"
	"time"
)

// inGroup gives a command a process group of its own, which is told to end as a
// whole when the command's context does: a runner in between would die and
// leave behind what it started.
func inGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
}
