package load

import "strings"

// Health is how the generator itself fared in a second: what a reader needs to
// tell the target's figures from the generator's. A figure that the system does
// not tell is 0.
type Health struct {
	CPU   float64 // cores used by the agent's process, and by the tool that it drives
	Wait  float64 // cores that it would have used besides: its threads' time in the run queue, for each second
	GC    float64 // cores used by the garbage collector, part of CPU
	Pause int64   // stop-the-world time of the garbage collector, µs

	RSS         int64 // bytes
	Files       int64 // open descriptors, sockets too
	Connections int64 // open connections of the engine

	LoopLag int64 // longest time that an event was ready and waited to be handled, µs
	Dropped int64 // arrivals that were due and will never be sent
	NoPort  int64 // connections that found no local port left
	NoFile  int64 // connections that found no file descriptor left

	// Limited says why the generator, not the target, was the limit in this
	// second: a Limit, a colon and the figures. Empty when it was not.
	Limited string
}

// Limit is the reason why a generator was the limit, in a word.
type Limit string

// The limits, those first that explain others. The bounds from which on they
// hold stand in package record and in docs/measuring.md.
const (
	LimitFiles       Limit = "files"       // no file descriptors left, or nearly
	LimitPorts       Limit = "ports"       // no local ports left
	LimitMemory      Limit = "memory"      // near the memory that it may use
	LimitCPU         Limit = "cpu"         // all its cores are in use
	LimitWait        Limit = "cpu_wait"    // its threads wait for a CPU
	LimitGC          Limit = "gc"          // the garbage collector takes the time
	LimitLoop        Limit = "loop"        // events waited to be handled
	LimitConnections Limit = "connections" // load.max_connections is reached
	LimitData        Limit = "data"        // rows of a file that are used once are used up
	LimitDropped     Limit = "dropped"     // arrivals were given up
	LimitLate        Limit = "late"        // requests were sent late
	LimitOther       Limit = "other"
)

// Limits lists all, in their order.
func Limits() []Limit {
	return []Limit{
		LimitFiles, LimitPorts, LimitMemory, LimitCPU, LimitWait, LimitGC,
		LimitLoop, LimitConnections, LimitData, LimitDropped, LimitLate, LimitOther,
	}
}

// Limit is the reason in a word; empty when the generator was not the limit.
func (h *Health) Limit() Limit {
	if h.Limited == "" {
		return ""
	}
	word, _, _ := strings.Cut(h.Limited, ":")
	for _, l := range Limits() {
		if string(l) == word {
			return l
		}
	}
	return LimitOther
}
