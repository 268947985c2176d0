// Package httpload is the http engine: it sends the requests of a scenario over
// HTTP/1.1, HTTP/2 and HTTP/3, in the closed model (users) or the open model (a
// rate), and records one sample for each. It never sends a request a second time
// without saying so: what it reports is what a target's access log holds.
//
//	closed.go  users    --begin--> flight --get--> pool --> conn --> session (h1, h2, h3)
//	open.go    arrivals             |  ^            |  ^                |
//	                                |  '- End, Fail-+--+----------------'
//	             landed <-- sample -'               '--> opening: DNS, TCP, proxy, TLS (dial)
//
// Each worker is one event loop (package loop) with its users or arrivals, their
// flights and connections: nothing on the way of a request is shared, locked or
// handed to another goroutine. Only DNS and QUIC have goroutines, and come back by
// posts.
//
// Two rules keep that simple. A session may call End or Fail within Receive, and
// the flight may then land and begin again on the same connection, so nothing is
// touched after such a call. And a home is never told from within begin: whatever
// fails at once fails after the present event.
//
// The package may not know how tasks are started or how figures travel, and
// nothing outside may know its inside: it is reached through engine.Engine alone.
//
// Read engine.go and worker.go first, then closed.go and open.go (when requests
// are sent), walk.go and program.go (what is sent), flight.go, receive.go and
// redirect.go (one request with its redirects), pool.go and opening.go
// (connections), quic.go (those of HTTP/3). What the protocols and the loop say to
// each other stands in package proto. How each figure is defined stands in
// docs/measuring.md.
package httpload
