// Package agent is the process inside a task: it asks the server for its order,
// gets its engine ready, waits for the start barrier, runs the load and sends a
// window every second until the stream has them all. It may not know how it was
// started, and links neither store, API nor any fleet driver.
//
// Read run.go first.
package agent
