package tool

import (
	"sync"
	"time"
)

// Usage tells what a tool's processes use, for a generator's health.
type Usage struct {
	p *Process

	mu   sync.Mutex
	seen map[int]time.Duration // CPU time of each process at the last look
}

// Usage returns the tool's meter. Its first look counts from the process's start.
func (p *Process) Usage() *Usage { return &Usage{p: p, seen: map[int]time.Duration{}} }

// Look returns the CPU time used since the last look, by the process and those
// that it started, and their resident memory now. A system that does not tell
// gives 0.
func (u *Usage) Look() (cpu time.Duration, rss int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := map[int]time.Duration{}
	for _, pid := range family(u.p.pid) {
		used, resident := usageOf(pid)
		now[pid] = used
		rss += resident
		cpu += max(0, used-u.seen[pid])
	}
	u.seen = now
	return cpu, rss
}
