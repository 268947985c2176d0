package jmeter

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// widen makes room for what JMeter hands out between two looks of ours. A system
// that does not allow it is slower, not wrong.
func widen(pipe *os.File) {
	_, _ = unix.FcntlInt(pipe.Fd(), unix.F_SETPIPE_SZ, 1<<20)
}

// opensPipe says whether a thread of a process waits to open a pipe, as far as
// the kernel shows it.
func opensPipe(pid int) bool {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/wchan", pid))
	if err != nil {
		return true
	}
	for _, file := range files {
		if at, err := os.ReadFile(file); err == nil && (bytes.Contains(at, []byte("wait_for_partner")) || bytes.Contains(at, []byte("fifo_open"))) {
			return true
		}
	}
	return false
}
