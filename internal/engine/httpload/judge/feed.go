package judge

import (
	"errors"
	"io"
	"iter"
)

// feed lets code that reads a body meet a body that comes in pieces: the reader
// runs as a coroutine, which gives way whenever it has read all there is. No
// other goroutine is woken and nothing is copied.
type feed struct {
	piece  []byte // what is left of the piece that was given
	over   bool   // no more pieces come
	done   bool   // the reader has returned
	giveUp func(struct{}) bool
	resume func() (struct{}, bool)
	stop   func()
}

// errGivenUp ends the reader of a body that nobody wants any more.
var errGivenUp = errors.New("the body was given up")

// newFeed makes a reader ready. It begins with the first piece, and must return
// when its reads fail.
func newFeed(read func(io.Reader)) *feed {
	f := &feed{}
	f.resume, f.stop = iter.Pull(func(yield func(struct{}) bool) {
		f.giveUp = yield
		read(f)
	})
	return f
}

// give lets the reader read a piece to its end.
func (f *feed) give(p []byte) {
	if f.done || len(p) == 0 {
		return
	}
	f.piece = p
	_, more := f.resume()
	f.done = !more
	f.piece = nil
}

// end lets the reader see the end of the body and return.
func (f *feed) end() {
	f.over = true
	if !f.done {
		_, _ = f.resume()
		f.done = true
	}
}

// close ends the reader wherever it is.
func (f *feed) close() {
	f.over, f.done = true, true
	f.stop()
}

// Read implements io.Reader for the coroutine.
func (f *feed) Read(p []byte) (int, error) {
	if err := f.wait(); err != nil {
		return 0, err
	}
	n := copy(p, f.piece)
	f.piece = f.piece[n:]
	return n, nil
}

// ReadByte implements io.ByteReader, so that unpackers read no further than
// their format goes.
func (f *feed) ReadByte() (byte, error) {
	if err := f.wait(); err != nil {
		return 0, err
	}
	c := f.piece[0]
	f.piece = f.piece[1:]
	return c, nil
}

// wait returns when there is something to read.
func (f *feed) wait() error {
	for len(f.piece) == 0 {
		if f.over {
			return io.EOF
		}
		if !f.giveUp(struct{}{}) {
			return errGivenUp
		}
	}
	return nil
}
