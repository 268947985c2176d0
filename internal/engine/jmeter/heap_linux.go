package jmeter

import (
	"bytes"
	"os"
	"strconv"
)

// JMeter's own heap, in MiB, and the least that it starts with.
const (
	usualHeap = 1024
	leastHeap = 256
)

// heapFor is how much heap a task's JVM may have, in MiB: most of what the task
// is bounded to, or JMeter's own where nothing is, less when the machine has not
// that much for all its tasks.
func heapFor(tasks int) int {
	for _, file := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if n, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64); err == nil && n > 0 && n < 1<<50 {
			return max(leastHeap, int(n>>20)*6/10)
		}
	}
	text, _ := os.ReadFile("/proc/meminfo")
	for line := range bytes.Lines(text) {
		if rest, ok := bytes.CutPrefix(line, []byte("MemAvailable:")); ok {
			if fields := bytes.Fields(rest); len(fields) > 0 {
				kib, _ := strconv.ParseInt(string(fields[0]), 10, 64)
				return max(leastHeap, min(usualHeap, int(kib>>10)*6/10/tasks))
			}
		}
	}
	return usualHeap
}
