package record

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// memoryGroup is the control group whose bound on memory is the tightest for
// this process; limit is 0 when there is none.
type memoryGroup struct {
	limit           int64
	usage, stat     string // files
	reclaimableLine string // of stat: file pages that the kernel takes back first
}

// noLimit is from which number on a bound is none: version 1 writes a huge one.
const noLimit = 1 << 60

// findMemoryGroup looks for the process's groups below root, in version 2 and in
// version 1. cgroup is the text of /proc/self/cgroup.
func findMemoryGroup(root string, cgroup []byte) memoryGroup {
	var tightest memoryGroup
	for line := range strings.Lines(string(cgroup)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		base, limit, usage, reclaimable := root, "memory.max", "memory.current", "inactive_file "
		switch {
		case parts[0] == "0" && parts[1] == "":
		case parts[1] == "memory":
			base, limit, usage, reclaimable = filepath.Join(root, "memory"), "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file "
		default:
			continue
		}
		// Upwards from its own group. Inside a container the path may be one
		// that only the host sees; what is mounted then is the group itself.
		for dir := filepath.Join(base, filepath.Clean("/"+parts[2])); ; dir = filepath.Dir(dir) {
			text, _ := os.ReadFile(filepath.Join(dir, limit)) // "max" is no number
			n, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64)
			if err == nil && n > 0 && n < noLimit && (tightest.limit == 0 || n < tightest.limit) {
				tightest = memoryGroup{n, filepath.Join(dir, usage), filepath.Join(dir, "memory.stat"), reclaimable}
			}
			if dir == base || len(dir) < len(base) {
				break
			}
		}
	}
	return tightest
}

// used is how much memory counts against the limit: all of the group's but the
// file pages that the kernel can take back.
func (m *memoryGroup) used(s *system) int64 {
	if m.limit == 0 {
		return 0
	}
	used := s.number(m.usage)
	if float64(used) <= memoryShare*float64(m.limit) {
		return used // to look closer is worth it only near the limit
	}
	stat, _ := os.ReadFile(m.stat)
	for line := range strings.Lines(string(stat)) {
		if text, found := strings.CutPrefix(line, m.reclaimableLine); found {
			n, _ := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
			return max(0, used-n)
		}
	}
	return used
}
