// Package h3 speaks HTTP/3: [Dial] opens a QUIC connection, and the [Conn] it
// returns is a proto.Session.
//
// QUIC comes from a library with goroutines of its own, so this session is the
// exception among the protocols: it has no Link. Every stream under way has a
// worker that waits in the library's Read and puts what it got into the
// connection's inbox; a function posted to the loop empties the inbox, and all
// that HTTP/3 means (frames, field sections, rules of responses) happens there,
// in stream.go, where it needs no locks and can be tested byte by byte.
//
//	loop:   Start -> encode -> TryWriteAll ----------------> quic.Conn -> socket
//	        drain <- post <- inbox <- worker <- Read <------ quic.Conn <- socket
//	         '-> parse -> receiver
//
// There is one post under way for a connection at most, however much comes. A
// stream's worker stops reading while 256 KiB of it wait for the loop, so memory
// stays bounded and the peer feels it by flow control.
//
// Frames are made here and not by the library's http3 package, which makes an
// http.Request, an http.Response and a dozen small objects for each exchange.
// The dynamic tables of QPACK are not used, which is what the settings tell the
// server. 0-RTT is never used: a request would be sent that may be replayed.
// Alt-Svc is not followed.
//
// The package may not know users or figures. Read dial.go first, then conn.go,
// stream.go and worker.go; group.go and socket_linux.go are about UDP.
package h3
