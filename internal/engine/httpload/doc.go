// Package httpload is the http engine: it sends the requests of a scenario over
// HTTP/1.1 and HTTP/2, in the closed model (users) or the open model (a rate),
// and records one sample for each. It never sends a request a second time
// without saying so: what it reports is what a target's access log holds.
//
// It may not know how tasks are started or how figures travel, and nothing
// outside may know its inside: it is reached through engine.Engine alone.
//
// Read engine.go first, then closed.go and open.go (when requests are sent),
// program.go (what is sent), client.go (one request with its redirects) and
// conn.go with http1.go and http2.go (one exchange on one connection). How each
// figure is defined stands in docs/measuring.md.
package httpload
