// Package agent is the process inside a task: it asks the server for its order,
// gets its engine ready, waits for the start barrier, runs the load and sends a
// window every second until the stream has them all. It may not know how it was
// started, and links neither store, API nor any fleet driver.
//
//	dial, hello -> order -> files, engine.Prepare, clock -> ready
//	   -> start command: T -> engine.Run at T; a window a second
//	   -> last window -> done or failed -> flush -> exit
//
// Read run.go first (the phases), then play.go (the load), then obey.go (what
// the server tells it meanwhile).
package agent
