//go:build !linux

package tool

import (
	"syscall"
	"time"
)

// ownGroup puts a process into a group of its own. Where the kernel does not
// end it with us, the driver of the region does.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// endGroup ends all that a tool started and left running in its group.
func endGroup(pid int, _ string) {
	for range 50 {
		if syscall.Kill(-pid, syscall.SIGKILL) != nil {
			return
		}
		time.Sleep(10 * time.Millisecond) //nolint:forbidigo // the kernel tells of no group's end
	}
}
