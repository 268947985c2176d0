// Package proto is what the parts of the http engine say to each other: a
// message goes out over a session, and a receiver is told what comes back.
//
// A session is one protocol (HTTP/1.1, HTTP/2) on one connection, written
// without input and output of its own: whoever owns the connection hands it the
// bytes that came and takes the bytes that are to go. So a protocol can be
// tested byte by byte, and there is one meaning of it whatever carries it.
//
//	            Start(message, receiver)            Write(bytes)
//	flight ---------------------------> Session ------------------> Link
//	       <--------------------------- (h1, h2) <------------------ (socket, TLS)
//	        Head, Body, End or Fail                 Receive(bytes)
//
// All of one connection happens on one goroutine: nothing here is safe for
// concurrent use, and nothing here may block. It may not know sockets, users or
// figures. Read this file first, then failure.go.
package proto

import "io"

// Field is one header line.
type Field struct{ Name, Value string }

// Message is one request as it goes over a connection. A session does not keep
// it beyond the exchange and does not change it.
type Message struct {
	Method    string
	Scheme    string // http or https
	Authority string // value of Host or :authority
	Path      string // path and query, beginning with '/', or "*"
	// Fields are all header lines but Host, Content-Length, Transfer-Encoding and
	// Connection, which the session derives. Names are written as HTTP/1.1 shows
	// them; HTTP/2 and HTTP/3 write them small.
	Fields []Field
	Body   []byte
	File   *File // the body, instead of Body, when it is streamed from a file
	// Absolute: the request line holds the whole URL, because it goes to a proxy.
	// Target is the URL's host and port then; empty: Authority.
	Absolute bool
	Target   string
	// Last: ask the server to close the connection after the response.
	Last bool
}

// File is a body that is read while it is sent. Many exchanges may read one at
// once, each at its own offset.
type File struct {
	Reader io.ReaderAt
	Size   int64
}

// Size is the length of the message's body.
func (m *Message) Size() int64 {
	if m.File != nil {
		return m.File.Size
	}
	return int64(len(m.Body))
}

// Head is the head of a final response. Its byte slices are good only during
// the call that hands it over.
type Head struct {
	Status int
	Fields []HeadField
	Length int64 // of the body as it travels; -1: not known before its end
}

// HeadField is one header line of a response. HTTP/1.1 names come as they were
// sent: compare without regard to case.
type HeadField struct{ Name, Value []byte }

// Receiver is told of one exchange, in this order: Interim any number of times,
// Head once, Body and Skipped any number of times, and at the end exactly one
// of End and Fail, after which the session has forgotten it. The receiver may
// start the next exchange on the same session from within End or Fail; a
// session calls them when its own state allows for that.
type Receiver interface {
	// FirstByte is called once, when the first byte of a final response is there.
	FirstByte()
	// Interim tells of a 1xx response other than 101.
	Interim(status int)
	// Head hands over the final response's head. An error gives the exchange up:
	// the session then calls Fail with it.
	Head(h *Head) error
	// Body hands over a piece of the body, chunks and frames taken off, as it
	// travels otherwise (a packed body is packed). It may not be kept. An error
	// gives the exchange up.
	Body(p []byte) error
	// Skipped is Body for bytes that were received and that nobody looked at.
	Skipped(n int64) error
	// End: the whole response is there. A message whose body was not sent to its
	// end by then was answered early, which is no fault.
	End(t Traffic)
	// Fail: the exchange broke off. The error is a *Failure when its cause is
	// known.
	Fail(err error, t Traffic)
	// WantsBody says, after Head, whether Body must see the bytes. When not, a
	// connection may have the kernel throw them away and call Skipped.
	WantsBody() bool
}

// Traffic is what an exchange received and sent on its connection, above TLS:
// heads, bodies, framing, and what is the connection's and nobody's (SETTINGS,
// PING, WINDOW_UPDATE), which counts for the exchange that ends next.
type Traffic struct{ In, Out int64 }

// Session speaks one protocol on one connection.
type Session interface {
	// Start begins an exchange. It is called only when Room is above 0, and may
	// call Link.Write. It never calls the receiver.
	Start(m *Message, r Receiver)
	// Cancel gives up an exchange that is under way, without calling its receiver,
	// and returns its traffic. HTTP/1.1 is spent then; HTTP/2 resets the stream.
	Cancel(r Receiver) Traffic
	// Receive takes bytes that came. They may not be kept. An error says that the
	// connection is of no use any more; the session has then failed all its
	// exchanges, or ended those that the end of the connection ends.
	Receive(p []byte) error
	// Ended says that no more bytes come: err is io.EOF after an orderly end of
	// the connection, or what broke it. All exchanges end with it, well or badly.
	Ended(err error)
	// Writable is called when Link.Space has grown again after it was 0.
	Writable()
	// Room is how many more exchanges could be started now. A negative number
	// says that there will never be room again: close it when it is idle.
	Room() int
	// Busy is how many exchanges are under way.
	Busy() int
	// Skippable is how many of the bytes that come next are body that nobody
	// wants to see, known before they come; 0 for protocols that frame bodies.
	Skippable() int64
	// Skip is Receive for bytes of which only the number is known.
	Skip(n int64) error
	// Farewell may write what the protocol says before an orderly close.
	Farewell()
}

// Link is the session's side of its connection.
type Link interface {
	// Write queues bytes to be sent and takes all of them; p may be used again
	// when it returns. Faults reach the session by Ended.
	Write(p []byte)
	// Space is how many bytes of a large body may be written now; 0 when what is
	// queued has to go first. Heads and small bodies need not ask.
	Space() int
}
