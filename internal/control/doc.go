// Package control owns the life of a run: it claims runs under a lease, moves
// each from queued to ended, and picks up where another server, or itself
// before a crash, left off.
//
// It is level-triggered. A conductor (one per run) holds no truth of its own:
// it compares what the run wants with what the drivers list and what the
// agents said on the bus, which is replayed from the first message after a
// crash, and moves one step. Every step may be repeated.
//
// It knows stores, buses and drivers by interface only. Read conductor.go
// first, then one file per phase: queue.go, provision.go, oversee.go,
// finish.go.
package control
