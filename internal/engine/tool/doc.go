// Package tool runs the process of a tool in a task: in a process group of its
// own, with its output line by line in the task's log, ended gently or by
// force, and gone as a whole afterwards, whatever becomes of the agent. Engines
// that drive a tool are built on it. It may not know any tool by name.
//
// Read process.go first (start, signals, end), then tend.go (how a task's
// drain, stop and bounds become signals), then explain.go (what an exit means).
package tool
