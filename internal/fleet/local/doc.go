// Package local is the fleet driver that runs tasks as processes on this
// machine. A task's process has a session of its own and outlives the server;
// all that the driver knows of it stands in a folder per task, so that a new
// driver value after a crash sees the same tasks. It may not know what the
// program does that it starts.
//
// Read driver.go first.
package local
