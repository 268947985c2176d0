// Package docker is the fleet driver that runs tasks as containers on one or
// several Docker engines. The engines hold the truth: every container carries
// labels that say whose it is and what it is for, so that a new driver value
// after a crash sees the same tasks. It may not touch a container without its
// own server's and region's labels, and it may not know what the program does
// that it starts.
//
// Read driver.go first, then start.go.
package docker
