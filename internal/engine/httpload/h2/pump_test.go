package h2

import (
	"errors"
	"net"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine/httpload/proto"
)

// pump carries bytes between a connection and a session, which runs on one
// goroutine, as its owner does in earnest.
type pump struct {
	t       *testing.T
	conn    net.Conn
	session *Session
	queue   []byte // what the session wrote and the writer has not taken
	space   int    // most bytes of that
	busy    int    // bytes that the writer has
	full    bool   // the session was told that there is no space
	writes  chan []byte
	written chan int
	reads   chan []byte
	taken   chan struct{}
	ended   error // set before reads is closed
	in, out int64
	sum     proto.Traffic // of all exchanges
}

func newPump(t *testing.T, conn net.Conn, o Options, space int) *pump {
	p := &pump{
		t: t, conn: conn, space: space,
		writes: make(chan []byte, 1), written: make(chan int), reads: make(chan []byte), taken: make(chan struct{}),
	}
	p.session = New(p, o)
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	go p.read()
	go func() {
		for b := range p.writes {
			_, _ = p.conn.Write(b) // what breaks a connection is seen by its reader
			p.written <- len(b)
		}
	}()
	return p
}

func (p *pump) read() {
	buf := make([]byte, 32<<10)
	for {
		n, err := p.conn.Read(buf)
		if n > 0 {
			p.reads <- buf[:n]
			<-p.taken
		}
		if err != nil {
			p.ended = err
			close(p.reads)
			return
		}
	}
}

// Write implements proto.Link.
func (p *pump) Write(b []byte) {
	p.queue = append(p.queue, b...)
	p.out += int64(len(b))
}

// Space implements proto.Link.
func (p *pump) Space() int {
	n := max(0, p.space-len(p.queue)-p.busy)
	p.full = p.full || n == 0
	return n
}

func (p *pump) flush() {
	if p.busy == 0 && len(p.queue) > 0 {
		p.busy = len(p.queue)
		p.writes <- p.queue
		p.queue = nil
	}
}

// until runs the connection until all is done.
func (p *pump) until(done func() bool) {
	p.t.Helper()
	for !done() {
		p.flush()
		select {
		case n := <-p.written:
			p.busy -= n
			if p.full && len(p.queue) < p.space {
				p.full = false
				p.session.Writable()
			}
		case b, more := <-p.reads:
			if !more {
				p.session.Ended(p.ended)
				if !done() {
					p.t.Fatalf("the connection ended: %v", p.ended)
				}
				return
			}
			p.in += int64(len(b))
			err := p.session.Receive(b)
			p.taken <- struct{}{}
			if err != nil {
				p.t.Fatalf("Receive: %v", err)
			}
		}
	}
}

// close ends the connection from our side.
func (p *pump) close() {
	_ = p.conn.Close()
	for p.reads != nil {
		select {
		case _, more := <-p.reads:
			if !more {
				p.reads = nil
				continue
			}
			p.taken <- struct{}{}
		case n := <-p.written:
			p.busy -= n
		}
	}
	if p.busy > 0 {
		<-p.written
	}
	close(p.writes)
}

// errand is one exchange and what must come of it.
type errand struct {
	message *proto.Message
	status  int
	body    string // "": do not look
	size    int64  // of the body; -1: do not look
	cancel  bool
}

// run sends errands, as many at once as there is room for, and checks them.
func (p *pump) run(errands []errand) {
	p.t.Helper()
	next, over := 0, 0
	var start func()
	launch := func(e errand) {
		w := newWitness(e.message.Path, nil)
		w.discard = e.body == ""
		w.unseen = w.discard
		w.onOver = func() {
			over++
			p.add(w.traffic)
			if w.err != nil || w.status != e.status || (e.size >= 0 && w.skipped != e.size) || (e.body != "" && string(w.body) != e.body) {
				p.t.Errorf("%s %s: %d, %d bytes, %v", e.message.Method, w.name, w.status, w.skipped, w.err)
			}
			start()
		}
		if e.cancel {
			w.onHead = func() error {
				p.add(p.session.Cancel(w))
				over++
				return errors.New("cancelled")
			}
		}
		p.session.Start(e.message, w)
	}
	start = func() {
		for next < len(errands) && p.session.Room() > 0 {
			next++
			launch(errands[next-1])
		}
	}
	start()
	p.until(func() bool {
		start() // a stream that was cancelled made room as well
		return over == len(errands)
	})
	loose := p.session.loose
	if p.sum.In+loose.In != p.in-int64(p.session.held) || p.sum.Out+loose.Out != p.out {
		p.t.Errorf("counted %v and %v, travelled %d and %d", p.sum, loose, p.in, p.out)
	}
}

func (p *pump) add(t proto.Traffic) { p.sum.In, p.sum.Out = p.sum.In+t.In, p.sum.Out+t.Out }
