package h3

import (
	"io"
	"sync/atomic"

	"github.com/quic-go/quic-go"
)

// pending is how much of a stream may wait for the loop before its worker stops
// reading.
const pending = 256 << 10

// worker is a goroutine that reads streams, one after the other, and passes on
// what it reads. A connection has as many as it had exchanges at once.
type worker struct {
	conn   *Conn
	flow   *flow // of the loop: whose stream it reads
	jobs   chan *quic.Stream
	queued atomic.Int64  // bytes passed on and not taken
	taken  chan struct{} // the loop took some, when the worker waits for it
}

// work has a worker read the flow's stream.
func (c *Conn) work(f *flow) {
	var w *worker
	if n := len(c.idle); n > 0 {
		w = c.idle[n-1]
		c.idle = c.idle[:n-1]
	} else {
		w = &worker{conn: c, jobs: make(chan *quic.Stream, 1), taken: make(chan struct{}, 1)}
		go w.run()
	}
	w.flow = f
	w.jobs <- f.stream
}

// run reads until the connection is over.
func (w *worker) run() {
	done := w.conn.closed.Done()
	for {
		select {
		case s := <-w.jobs:
			w.read(s)
		case <-done:
			select { // a stream that came with the end is still owed its error
			case s := <-w.jobs:
				w.read(s)
			default:
				return
			}
		}
	}
}

// read passes on a stream up to its end or to what broke it.
func (w *worker) read(s *quic.Stream) {
	c, large := w.conn, false
	for {
		k := c.group.chunk(large)
		n, err := s.Read(k.buf)
		k.n = n
		large = n == len(k.buf)
		queued := w.queued.Add(int64(n))
		if n == 0 && err != nil {
			c.group.put(k)
			k = nil
		}
		c.push(event{worker: w, chunk: k, err: err})
		if err != nil {
			return
		}
		for queued >= pending {
			select {
			case <-w.taken:
			case <-c.closed.Done():
				_, err := s.Read(nil)
				if err == nil {
					err = io.ErrUnexpectedEOF
				}
				c.push(event{worker: w, err: err})
				return
			}
			queued = w.queued.Load()
		}
	}
}

// give is called by the loop when it has taken n bytes.
func (w *worker) give(n int) {
	if left := w.queued.Add(-int64(n)); left < pending && left+int64(n) >= pending {
		select {
		case w.taken <- struct{}{}:
		default:
		}
	}
}
