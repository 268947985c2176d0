package record

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// system reads what Linux tells of the process, mostly from /proc/self.
type system struct {
	memory memoryGroup
	delays map[string]time.Duration // by thread: its time in the run queue so far
	spare  map[string]time.Duration // for the next look
	waited time.Duration            // of all threads, ended ones too
	buf    [512]byte
}

// open reads what does not change.
func (s *system) open() bounds {
	s.delays, s.spare = map[string]time.Duration{}, map[string]time.Duration{}
	cgroup, _ := os.ReadFile("/proc/self/cgroup") // none: no bound is known
	s.memory = findMemoryGroup("/sys/fs/cgroup", cgroup)
	b := bounds{memory: s.memory.limit, ports: portRange()}
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		b.files = int64(min(limit.Cur, 1<<40))
	}
	return b
}

func (s *system) read(r *reading) {
	var ru syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &ru) == nil {
		r.cpu = time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
	}
	r.wait = s.waitTime()
	r.rss = s.resident()
	r.memory = s.memory.used(s)
	// Since Linux 6.2 the folder's size is the number of its entries; before, it
	// is 0. To list it would take long with many connections.
	var fds syscall.Stat_t
	if syscall.Stat("/proc/self/fd", &fds) == nil {
		r.files = fds.Size
	}
}

// mostThreads bounds what a look costs.
const mostThreads = 256

// waitTime is how long the process's threads were ready to run and did not, so
// far. A thread's schedstat holds its time on a CPU, its time in the run queue
// (both in ns) and its number of turns; that of the process is its first
// thread's alone, so each has to be asked.
func (s *system) waitTime() time.Duration {
	dir, err := os.Open("/proc/self/task")
	if err != nil {
		return 0
	}
	threads, _ := dir.Readdirnames(mostThreads)
	_ = dir.Close()
	clear(s.spare)
	for _, thread := range threads {
		fields := bytes.Fields(s.file("/proc/self/task/" + thread + "/schedstat"))
		if len(fields) < 2 {
			continue // it has just ended, or this kernel keeps no account
		}
		ns, _ := strconv.ParseInt(string(fields[1]), 10, 64)
		s.waited += max(0, time.Duration(ns)-s.delays[thread]) // 0 before for a new one
		s.spare[thread] = time.Duration(ns)
	}
	s.delays, s.spare = s.spare, s.delays
	return s.waited
}

// file returns the beginning of a small file, valid until the next call. It
// goes around package os, which would set up each file for much more.
func (s *system) file(path string) []byte {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	n, err := syscall.Read(fd, s.buf[:])
	_ = syscall.Close(fd)
	if err != nil || n < 0 {
		return nil
	}
	return s.buf[:n]
}

// number reads a file that holds one number; 0 when it does not.
func (s *system) number(path string) int64 {
	n, _ := strconv.ParseInt(string(bytes.TrimSpace(s.file(path))), 10, 64)
	return n
}

// resident reads the second number of statm, the resident pages. Getrusage knows
// only the peak.
func (s *system) resident() int64 {
	fields := bytes.Fields(s.file("/proc/self/statm"))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize())
}

// portRange is how many local ports there are for connections that are opened.
func portRange() int64 {
	text, _ := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	fields := strings.Fields(string(text))
	if len(fields) != 2 {
		return 0
	}
	first, _ := strconv.ParseInt(fields[0], 10, 64)
	last, _ := strconv.ParseInt(fields[1], 10, 64)
	return max(0, last-first+1)
}
