package tool

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// ownGroup puts a process into a group of its own, and makes the kernel end it
// when we go, however we go.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// endGroup ends all that a tool started and left running: its group, and what
// moved out of it but still carries the mark.
func endGroup(pid int, mark string) {
	for range 50 {
		gone := syscall.Kill(-pid, syscall.SIGKILL) != nil
		strays := marked(mark)
		for _, stray := range strays {
			_ = syscall.Kill(stray, syscall.SIGKILL)
		}
		if gone && len(strays) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond) //nolint:forbidigo // the kernel tells of no group's end
	}
}

// marked returns the processes whose environment carries a mark.
func marked(mark string) []int {
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		return nil
	}
	want := []byte(marker + "=" + mark)
	var found []int
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(data, want) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
			found = append(found, pid)
		}
	}
	return found
}
