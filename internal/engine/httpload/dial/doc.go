// Package dial is everything about opening a connection except the socket
// itself: where a name is, which address is next, from where, the way through a
// proxy, TLS, and what a fault on that way is called.
//
//	        Known / Resolve        At, Source           Speak
//	Origin -----------------> Targets -------> socket -----------> Spoken
//	         (names, DNS)                      (caller)  (proxy, TLS, ALPN)
//
// One Dialer serves a whole task and is safe for concurrent use. Known never
// blocks, so an event loop may call it; Resolve and Speak block and belong on a
// goroutine of their own. It may not open connections to targets, know HTTP
// beyond CONNECT, or know users and figures; the only sockets that it opens go to
// DNS servers. Read dialer.go first, then names.go (how long answers live) and
// speak.go.
package dial
