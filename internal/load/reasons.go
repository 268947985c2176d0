package load

import (
	"fmt"
	"strings"
)

// ReasonGroup is tasks of one region that share a reason.
type ReasonGroup struct {
	Region string
	Reason string // of the first of them
	Tasks  []string
}

// String names a task or two, and counts more of them.
func (g ReasonGroup) String() string {
	switch n := len(g.Tasks); n {
	case 1:
		return g.Tasks[0] + ": " + g.Reason
	case 2:
		return g.Tasks[0] + ", " + g.Tasks[1] + ": " + g.Reason
	default:
		return fmt.Sprintf("%d tasks in %s (%s, %s, …): %s", n, g.Region, g.Tasks[0], g.Tasks[1], g.Reason)
	}
}

// GroupReasons makes one line of reasons that differ only in names and numbers,
// so that the same cause in 200 tasks is told once. The order is that of the
// tasks.
func GroupReasons(tasks []Task) []ReasonGroup {
	var groups []ReasonGroup
	at := map[string]int{}
	for i := range tasks {
		t := &tasks[i]
		if t.Reason == "" {
			continue
		}
		key := t.Region + "\x00" + alike(t.Reason, t.Name)
		n, known := at[key]
		if !known {
			n = len(groups)
			at[key] = n
			groups = append(groups, ReasonGroup{Region: t.Region, Reason: t.Reason})
		}
		groups[n].Tasks = append(groups[n].Tasks, t.Name)
	}
	return groups
}

// alike is a reason without what is the task's own: its name, and every number,
// for these count and identify.
func alike(reason, task string) string {
	reason = strings.ReplaceAll(reason, task, "")
	var out strings.Builder
	digits := false
	for _, c := range reason {
		digit := c >= '0' && c <= '9'
		if digit && !digits {
			out.WriteByte('#')
		}
		if digits = digit; !digit {
			out.WriteRune(c)
		}
	}
	return out.String()
}
