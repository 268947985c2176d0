package record

import (
	"fmt"
	"strings"
	"time"

	"onrush.dev/onrush/internal/load"
)

// From these bounds on the generator counts as the limit of a second: what it
// measures then is its own queue as much as the target's. docs/measuring.md has
// them for people.
const (
	busyShare   = 0.95                   // of the cores in use
	filesShare  = 0.95                   // of the descriptors open
	memoryShare = 0.90                   // of the memory in use
	waitCores   = 0.20                   // cores waited for, and …
	waitShare   = 0.10                   // … of the CPU that was wanted
	gcShare     = 0.25                   // of the cores for the garbage collector
	gcPause     = 20 * time.Millisecond  // a second, for the garbage collector
	loopLag     = 20 * time.Millisecond  // the longest wait of an event
	lateShare   = 0.10                   // of the requests begun late, and …
	lateLeast   = 10                     // … so many
	shortest    = 200 * time.Millisecond // below it, shares of time say nothing
)

// circumstances are what a second's health is judged by, beside itself.
type circumstances struct {
	bounds
	wall          time.Duration // that the health is of
	memory        int64
	engine        string // what the engine says of itself
	started, late int64
}

// limit says why the generator was the limit: the first reason of load.Limits
// that holds, or nothing. What the engine says of itself stays beside it.
func (c *circumstances) limit(h *load.Health) string {
	for _, find := range [...]func(*load.Health) (load.Limit, string){c.walls, c.shares, c.loop} {
		if limit, text := find(h); limit != "" {
			return strings.TrimSuffix(string(limit)+": "+text+"; "+c.engine, "; ")
		}
	}
	if c.engine != "" {
		return c.engine
	}
	if limit, text := c.pace(h); limit != "" {
		return string(limit) + ": " + text
	}
	return ""
}

// walls are what there is no more of.
func (c *circumstances) walls(h *load.Health) (load.Limit, string) {
	switch {
	case h.NoFile > 0:
		return load.LimitFiles, fmt.Sprintf("%d connections found no descriptor left, %d of %d are open", h.NoFile, h.Files, c.files)
	case c.files > 0 && float64(h.Files) > filesShare*float64(c.files):
		return load.LimitFiles, fmt.Sprintf("%d of %d descriptors are open", h.Files, c.files)
	case h.NoPort > 0:
		return load.LimitPorts, fmt.Sprintf("%d connections found no local port left, the range has %d", h.NoPort, c.ports)
	case c.bounds.memory > 0 && float64(c.memory) > memoryShare*float64(c.bounds.memory):
		return load.LimitMemory, fmt.Sprintf("%d of %d MB are in use", c.memory/1e6, c.bounds.memory/1e6)
	}
	return "", ""
}

// shares are about the CPU's time.
func (c *circumstances) shares(h *load.Health) (load.Limit, string) {
	cores := float64(c.cores)
	switch {
	case c.wall < shortest:
	case h.CPU > busyShare*cores:
		return load.LimitCPU, fmt.Sprintf("%.1f of %d cores are in use", h.CPU, c.cores)
	case h.Wait > waitCores && h.Wait > waitShare*(h.CPU+h.Wait):
		return load.LimitWait, fmt.Sprintf("%.1f cores are in use, and %.1f more were waited for", h.CPU, h.Wait)
	case h.GC > gcShare*cores:
		return load.LimitGC, fmt.Sprintf("the garbage collector takes %.1f of %d cores", h.GC, c.cores)
	case float64(h.Pause)*1000 > float64(gcPause)*c.wall.Seconds():
		return load.LimitGC, fmt.Sprintf("the garbage collector stopped the program for %d ms in a second", h.Pause/1000)
	}
	return "", ""
}

func (c *circumstances) loop(h *load.Health) (load.Limit, string) {
	if h.LoopLag <= loopLag.Microseconds() {
		return "", ""
	}
	return load.LimitLoop, fmt.Sprintf("an event waited %d ms to be handled", h.LoopLag/1000)
}

// pace is where the load was not what was due, for no reason that is known.
func (c *circumstances) pace(h *load.Health) (load.Limit, string) {
	switch {
	case h.Dropped > 0:
		return load.LimitDropped, fmt.Sprintf("%d requests that were due are given up", h.Dropped)
	case c.late >= lateLeast && float64(c.late) > lateShare*float64(c.started):
		return load.LimitLate, fmt.Sprintf("%d of %d requests were sent more than 1 ms after they were due", c.late, c.started)
	}
	return "", ""
}
