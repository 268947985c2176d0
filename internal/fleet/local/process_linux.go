package local

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// stat is the part of /proc/PID/stat that is used here.
type stat struct {
	state  byte
	birth  string // clock ticks since boot
	status int    // wait status, once it is a zombie
}

func readStat(pid int) (stat, bool) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return stat{}, false
	}
	// The second field is the program's name in brackets, which may hold
	// anything; fields are counted from behind it.
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	if len(fields) < 50 {
		return stat{}, false
	}
	status, _ := strconv.Atoi(fields[49]) // 0 where the system does not tell
	return stat{state: fields[0][0], birth: fields[19], status: status}, true
}

// bootID makes a birth differ from those before a restart of the machine.
var bootID = sync.OnceValue(func() string {
	data, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
})

// birth tells a process from all others that ever have the same number.
func birth(pid int) string {
	s, ok := readStat(pid)
	if !ok {
		return ""
	}
	return bootID() + "/" + s.birth
}

// lookAt returns how a process ended, or nil while it is up. A child of this
// process is reaped here; that tells its exit status once, so the caller holds
// the region's lock and writes it down.
func lookAt(p process) *exit {
	s, ok := readStat(p.PID)
	if ok && bootID()+"/"+s.birth == p.Birth {
		if s.state != 'Z' && s.state != 'X' {
			return nil
		}
		var status syscall.WaitStatus
		switch got, err := syscall.Wait4(p.PID, &status, syscall.WNOHANG, nil); {
		case err == nil && got == p.PID:
			return exitOf(status)
		case err == nil:
			return nil // its first thread has ended, others have not: neither has the process
		}
		return exitOf(syscall.WaitStatus(s.status)) // somebody else's child now
	}
	return &exit{At: time.Now()}
}

// frozen says that a process was stopped (SIGSTOP) and does nothing until
// somebody lets it go on.
func frozen(pid int) bool {
	s, ok := readStat(pid)
	return ok && s.state == 'T'
}

func exitOf(status syscall.WaitStatus) *exit {
	e := &exit{At: time.Now()}
	if status.Signaled() {
		e.Signal = int(status.Signal())
		return e
	}
	code := status.ExitStatus()
	e.Code = &code
	return e
}

// marked calls visit for every process whose environment names a task folder.
func marked(visit func(pid int, path string)) {
	entries, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		return
	}
	prefix := []byte(marker + "=")
	for _, file := range entries {
		data, err := os.ReadFile(file)
		if err != nil {
			continue // gone, or another user's
		}
		for v := range bytes.SplitSeq(data, []byte{0}) {
			if path, ok := bytes.CutPrefix(v, prefix); ok {
				if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
					visit(pid, string(path))
				}
			}
		}
	}
}

// findMarked finds the process of a task by its mark: the leader of its group.
func findMarked(path string) *process {
	var found *process
	marked(func(pid int, p string) {
		if p == path {
			if group, err := syscall.Getpgid(pid); err == nil && group == pid {
				found = &process{PID: pid, Birth: birth(pid), Started: time.Now()}
			}
		}
	})
	return found
}

// killMarked ends every process that belongs to one of the task folders,
// wherever it moved to.
func killMarked(paths map[string]bool) {
	marked(func(pid int, path string) {
		if paths[path] {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
}
