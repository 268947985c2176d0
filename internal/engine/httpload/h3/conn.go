package h3

import (
	"context"
	"sync"

	"github.com/quic-go/quic-go"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// Conn is a connection and its session. Its methods belong to the loop.
//
// Traffic is what the exchange's stream carried in both directions, frames and
// all, and, with the exchange that ends next, what the control streams carried.
// What UDP carried is counted by the connection: see Wire.
type Conn struct {
	quic   *quic.Conn
	sock   *socket
	group  *Group
	closed context.Context // over when the connection is
	close  func(errorCode, string)
	post   func(func())
	run    func() // drain, made once

	maxStreams int
	maxBody    int64
	roomy      func()
	gone       func(error)

	// What follows belongs to the loop.
	enc     encoder
	dec     decoder
	scratch []byte // the bytes that Start sends
	flows   []*flow
	waiting []*flow // those of flows that have no stream yet
	idle    []*worker
	spare   *quic.Stream   // opened ahead, to know that there is room
	asking  bool           // somebody waits for the server to allow a stream
	ended   *proto.Failure // why there will be no more exchanges
	leaving bool           // the connection's end is ours
	control proto.Traffic  // of control streams, not yet counted

	mu     sync.Mutex
	inbox  []event
	posted bool

	taken []event // the inbox that was emptied last; of the loop
}

// event is something for the loop. Exactly one of its parts is set, but that a
// worker's last event may bring bytes and their end at once.
type event struct {
	worker *worker
	chunk  *chunk
	err    error        // of the worker's stream; io.EOF at its end
	stream *quic.Stream // the server allows one more
	do     func()       // rare things
}

func newConn(qc *quic.Conn, sock *socket, group *Group, o *DialOptions) (*Conn, error) {
	c := &Conn{
		quic: qc, sock: sock, group: group, closed: qc.Context(), post: o.Post,
		maxStreams: max(1, o.MaxStreams), maxBody: o.MaxBody, roomy: o.Roomy, gone: o.Gone,
	}
	c.run = c.drain
	c.close = func(code errorCode, text string) { // the library waits for its goroutines
		go func() { _ = qc.CloseWithError(quic.ApplicationErrorCode(code), text) }()
	}
	c.dec.max = o.MaxHead
	if c.dec.max <= 0 {
		c.dec.max = 1 << 20
	}
	uni, err := qc.OpenUniStream()
	if err == nil {
		hello := settings(c.dec.max)
		c.control.Out = int64(len(hello))
		_, err = uni.Write(hello)
	}
	if err != nil {
		_ = qc.CloseWithError(quic.ApplicationErrorCode(errNoError), "")
		return nil, err
	}
	go c.acceptStreams()
	context.AfterFunc(c.closed, func() {
		cause := failure(context.Cause(c.closed))
		sock.release()
		c.push(event{do: func() { c.over(cause) }})
	})
	return c, nil
}

// push puts an event into the inbox and sees to it that the loop empties it.
func (c *Conn) push(e event) {
	c.mu.Lock()
	c.inbox = append(c.inbox, e)
	first := !c.posted
	c.posted = true
	c.mu.Unlock()
	if first {
		c.post(c.run)
	}
}

// drain handles what is in the inbox.
func (c *Conn) drain() {
	c.mu.Lock()
	events := c.inbox
	c.inbox = c.taken[:0]
	c.posted = false
	c.mu.Unlock()
	for i := range events {
		c.handle(&events[i])
	}
	clear(events)
	c.taken = events[:0]
}

func (c *Conn) handle(e *event) {
	switch {
	case e.worker != nil:
		c.arrived(e.worker, e.chunk, e.err)
	case e.stream != nil:
		c.granted(e.stream)
	case e.do != nil:
		e.do()
	}
}

// arrived takes what a worker read.
func (c *Conn) arrived(w *worker, k *chunk, err error) {
	f := w.flow
	if k != nil {
		if f.receiver != nil {
			f.feed(k.buf[:k.n])
		}
		w.give(k.n)
		c.group.put(k)
	}
	if err == nil {
		return
	}
	if f.receiver != nil {
		f.finish(err)
	}
	w.flow = nil
	c.idle = append(c.idle, w)
}

// Start implements proto.Session.
func (c *Conn) Start(m *proto.Message, r proto.Receiver) {
	f := &flow{conn: c, receiver: r, index: len(c.flows), headOnly: m.Method == "HEAD", length: -1}
	c.flows = append(c.flows, f)
	if c.ended != nil { // there was no room
		c.push(event{do: func() { f.fail(errRequestCancelled, c.ended) }})
		return
	}
	c.scratch = append(c.scratch[:0], c.enc.frame(m)...)
	if size := m.Size(); size > 0 {
		c.scratch = appendVarint(c.scratch, frameData)
		c.scratch = appendVarint(c.scratch, uint64(size))
		if m.File == nil && size <= smallBody {
			c.scratch = append(c.scratch, m.Body...)
		} else {
			f.upload = &upload{body: m.Body, file: m.File, size: size}
		}
	}
	f.out = int64(len(c.scratch))
	s := c.stream()
	if s == nil {
		f.early = append([]byte(nil), c.scratch...)
		c.waiting = append(c.waiting, f)
		c.ask()
		return
	}
	c.begin(f, s, c.scratch)
}

// begin sends the head of an exchange on its stream. Faults come by the worker,
// which reads from the same stream.
func (c *Conn) begin(f *flow, s *quic.Stream, head []byte) {
	f.stream = s
	if err := s.TryWriteAll(head); err == quic.ErrWouldBlock { //nolint:errorlint // returned as it is
		if f.upload == nil {
			f.upload = &upload{}
		}
		f.upload.head = append([]byte(nil), head...)
	}
	if f.upload == nil {
		_ = s.Close()
	} else {
		go f.upload.run(f)
	}
	c.work(f)
}

// stream returns a stream for an exchange, or nil when the server allows none.
func (c *Conn) stream() *quic.Stream {
	if s := c.spare; s != nil {
		c.spare = nil
		return s
	}
	if c.asking {
		return nil
	}
	s, err := c.quic.OpenStream()
	if err != nil {
		return nil
	}
	return s
}

// ask waits for the server to allow another stream, or for the connection's
// end. One asks for all.
func (c *Conn) ask() {
	if c.asking {
		return
	}
	c.asking = true
	go func() {
		if s, err := c.quic.OpenStreamSync(c.closed); err == nil {
			c.push(event{stream: s})
		}
	}()
}

// granted takes a stream that the server has allowed.
func (c *Conn) granted(s *quic.Stream) {
	c.asking = false
	c.spare = s
	for len(c.waiting) > 0 {
		s := c.stream()
		if s == nil {
			c.ask()
			return
		}
		f := c.waiting[0]
		c.waiting = c.waiting[1:]
		c.begin(f, s, f.early)
		f.early = nil
	}
	if c.roomy != nil && c.Room() > 0 {
		c.roomy()
	}
}

// Room implements proto.Session. It opens a stream ahead to know whether the
// server allows one.
func (c *Conn) Room() int {
	if c.ended != nil {
		return -1
	}
	room := c.maxStreams - len(c.flows)
	if room <= 0 || len(c.waiting) > 0 || c.asking {
		return 0
	}
	if c.spare == nil {
		if c.spare = c.stream(); c.spare == nil {
			c.ask()
			return 0
		}
	}
	return room
}

// Busy implements proto.Session.
func (c *Conn) Busy() int { return len(c.flows) }

// Cancel implements proto.Session. The stream is reset.
func (c *Conn) Cancel(r proto.Receiver) proto.Traffic {
	for _, f := range c.flows {
		if f.receiver == r {
			return f.stop(errRequestCancelled)
		}
	}
	return proto.Traffic{}
}

// Farewell implements proto.Session: it closes the connection in good order.
// Exchanges under way fail.
func (c *Conn) Farewell() {
	c.leave(errNoError, "", proto.Failf(load.CauseClosed, "the connection was closed here"))
}

// Ended implements proto.Session. Nobody but the session reads the connection,
// so it ends by the caller's wish alone.
func (c *Conn) Ended(err error) { c.leave(errNoError, "", failure(err)) }

// Receive implements proto.Session and means nothing here.
func (c *Conn) Receive([]byte) error { return nil }

// Skip implements proto.Session and means nothing here.
func (c *Conn) Skip(int64) error { return nil }

// Skippable implements proto.Session: there is never anything to skip.
func (c *Conn) Skippable() int64 { return 0 }

// Writable implements proto.Session and means nothing here.
func (c *Conn) Writable() {}

// Wire is what the connection received and sent by UDP so far, without the
// heads of UDP and IP.
func (c *Conn) Wire() proto.Traffic {
	s := c.quic.ConnectionStats()
	return proto.Traffic{In: int64(s.BytesReceived), Out: int64(s.BytesSent)}
}

// Resumed says whether the handshake resumed an earlier TLS session.
func (c *Conn) Resumed() bool { return c.quic.ConnectionState().TLS.DidResume }

// fault ends the connection because of what the server sent on it.
func (c *Conn) fault(code errorCode, why *proto.Failure) { c.leave(code, why.Err.Error(), why) }

// leave closes the connection and fails what is under way on it.
func (c *Conn) leave(code errorCode, text string, why *proto.Failure) {
	if c.leaving {
		return
	}
	c.leaving = true
	if c.ended == nil {
		c.ended = why
	}
	c.close(code, text)
	c.failAll(why)
	if code != errNoError && c.gone != nil {
		c.gone(why)
	}
}

func (c *Conn) failAll(why *proto.Failure) {
	for len(c.flows) > 0 {
		c.flows[0].fail(errRequestCancelled, why)
	}
	c.waiting = nil
}

// over is called when the connection has ended. Exchanges with a stream are
// told by their workers, which may still have read their end.
func (c *Conn) over(why *proto.Failure) {
	if c.ended == nil {
		c.ended = why
	}
	waiting := c.waiting
	c.waiting = nil
	for _, f := range waiting {
		f.fail(errRequestCancelled, why)
	}
	if !c.leaving && c.gone != nil {
		c.gone(why)
	}
	c.leaving = true
}

// goAway is the server's word that it takes no streams from id on.
func (c *Conn) goAway(id quic.StreamID) {
	why := proto.Failf(load.CauseClosed, "the server is going away and did not take the request")
	if c.ended == nil {
		c.ended = why
	}
	for i := len(c.flows) - 1; i >= 0; i-- {
		if i >= len(c.flows) { // receivers may have taken others away
			continue
		}
		if f := c.flows[i]; f.stream == nil || f.stream.StreamID() >= id {
			f.fail(errRequestCancelled, why)
		}
	}
	c.waiting = nil
	if c.roomy != nil {
		c.roomy()
	}
}
