package locust

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"onrush.dev/onrush/internal/load"
)

// The frames stand in plugin/onrush_locust.py. Numbers are little-endian.
const streamHeader = "onrush-locust 1\n"

// Bounds of what is believed of a stream.
const (
	mostNames  = 1 << 16
	mostErrors = 1 << 12
	mostSaid   = 1 << 20
)

// reader is the pipe through which Locust hands out what it measured.
type reader struct {
	pipe *os.File
	done chan struct{}
	err  error
}

// newReader makes the pipe and begins to read it; frames is Locust's end.
func newReader(to *sink) (r *reader, frames *os.File, err error) {
	in, out, err := os.Pipe()
	if err != nil {
		return nil, nil, fmt.Errorf("make a pipe for Locust's samples: %w", err)
	}
	widen(out)
	r = &reader{pipe: in, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		r.err = readStream(bufio.NewReaderSize(in, 1<<18), to)
		if r.err != nil {
			// Locust must not wait for a reader that is no more.
			_, _ = io.Copy(io.Discard, in)
		}
	}()
	return r, out, nil
}

// drainFor is how long the rest of the pipe may take once Locust is gone.
const drainFor = 10 * time.Second

// wait waits until all frames are read. Locust must be gone.
func (r *reader) wait() error {
	select {
	case <-r.done:
		return r.err
	case <-time.After(drainFor):
		return fmt.Errorf("they did not end within %s after Locust", drainFor)
	}
}

func (r *reader) close() { _ = r.pipe.Close() }

// name is a request's type and name, with its label.
type name struct{ label int }

// failure is a kind of failed request: its cause and a message.
type failure struct {
	cause   load.Cause
	message string
}

// sample is one request as Locust tells it.
type sample struct {
	name    uint32
	end     float64 // seconds of the wall clock
	latency float64 // ms; NaN: there is none
	length  int64
	status  uint16
	failure uint32 // 0: it did not fail
}

const sampleSize = 4 + 8 + 8 + 8 + 2 + 4

// causes are those of plugin/onrush_cause.py, by their places.
func causes() []load.Cause {
	return []load.Cause{
		load.CauseOther, load.CauseDNS, load.CauseRefused, load.CauseConnect, load.CauseTLS, load.CauseReset,
		load.CauseClosed, load.CauseTimeout, load.CauseMalformed, load.CauseStatus, load.CauseCheck, load.CauseRedirect,
	}
}

// frames reads frames; buf is for all of them.
type frames struct {
	in       *bufio.Reader
	to       *sink
	causes   []load.Cause
	names    []name
	failures []failure
	buf      [64]byte
}

// readStream reads to the end of the stream. A stream that is cut off is no
// fault: Locust may have been ended by force, and what it handed out counts.
func readStream(in *bufio.Reader, to *sink) error {
	defer to.flush()
	head := make([]byte, len(streamHeader))
	if _, err := io.ReadFull(in, head); err != nil {
		return nil // Locust ended before it had anything to say; its exit tells why
	}
	if string(head) != streamHeader {
		return fmt.Errorf("they begin with %q", head)
	}
	f := &frames{in: in, to: to, causes: causes()}
	for {
		if in.Buffered() == 0 {
			to.flush() // about to wait: what is there must not
		}
		kind, err := in.ReadByte()
		if err == nil {
			err = f.frame(kind)
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, os.ErrClosed):
			return nil
		case err != nil:
			return err
		}
	}
}

func (f *frames) frame(kind byte) error {
	switch kind {
	case 'S':
		return f.sample()
	case 'N':
		return f.name()
	case 'X', 'E':
		return f.failure(kind)
	case 'U':
		b, err := f.take(4)
		if err == nil {
			f.to.users.Store(int64(binary.LittleEndian.Uint32(b)))
		}
		return err
	case 'C':
		f.names, f.failures = f.names[:0], f.failures[:0]
		return nil
	case 'R':
		return f.ready()
	case 'T':
		return f.totals()
	}
	return fmt.Errorf("an unknown frame %q", kind)
}

// take reads the next few bytes; they are valid until the next call.
func (f *frames) take(n int) ([]byte, error) {
	_, err := io.ReadFull(f.in, f.buf[:n])
	return f.buf[:n], err
}

func (f *frames) text(n int) (string, error) {
	b := make([]byte, n)
	_, err := io.ReadFull(f.in, b)
	return string(b), err
}

func (f *frames) sample() error {
	b, err := f.take(sampleSize)
	if err != nil {
		return err
	}
	s := sample{
		name:    binary.LittleEndian.Uint32(b),
		end:     math.Float64frombits(binary.LittleEndian.Uint64(b[4:])),
		latency: math.Float64frombits(binary.LittleEndian.Uint64(b[12:])),
		length:  int64(binary.LittleEndian.Uint64(b[20:])),
		status:  binary.LittleEndian.Uint16(b[28:]),
		failure: binary.LittleEndian.Uint32(b[30:]),
	}
	if uint64(s.name) >= uint64(len(f.names)) || uint64(s.failure) > uint64(len(f.failures)) {
		return fmt.Errorf("a sample of name %d with failure %d, of %d and %d", s.name, s.failure, len(f.names), len(f.failures))
	}
	var failed *failure
	if s.failure > 0 {
		failed = &f.failures[s.failure-1]
	}
	f.to.sample(f.names[s.name], &s, failed)
	return nil
}

func (f *frames) name() error {
	b, err := f.take(4)
	if err != nil {
		return err
	}
	first, second := int(binary.LittleEndian.Uint16(b)), int(binary.LittleEndian.Uint16(b[2:]))
	kind, err := f.text(first)
	if err != nil {
		return err
	}
	label, err := f.text(second)
	if err != nil {
		return err
	}
	if len(f.names) >= mostNames {
		return fmt.Errorf("more than %d names", mostNames)
	}
	f.names = append(f.names, f.to.name(kind, label))
	return nil
}

// failure reads a kind of failure that samples name, or an exception of a task.
func (f *frames) failure(kind byte) error {
	b, err := f.take(3)
	if err != nil {
		return err
	}
	number := int(b[0])
	message, err := f.text(int(binary.LittleEndian.Uint16(b[1:])))
	if err != nil {
		return err
	}
	if number >= len(f.causes) || len(f.failures) >= mostErrors {
		return fmt.Errorf("cause %d in failure %d", number, len(f.failures))
	}
	if kind == 'E' {
		f.to.exception(message)
		return nil
	}
	f.failures = append(f.failures, failure{f.causes[number], message})
	return nil
}

// ready reads what the script's own load is: Locust stands at the start.
func (f *frames) ready() error {
	b, err := f.take(4)
	if err != nil {
		return err
	}
	n := binary.LittleEndian.Uint32(b)
	if n > mostSaid {
		return fmt.Errorf("%d bytes of what the script says", n)
	}
	text, err := f.text(int(n))
	if err != nil {
		return err
	}
	var s said
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return fmt.Errorf("what the script says: %w", err)
	}
	f.to.standing(s)
	return nil
}

// totals are Locust's own, from its very end.
type totals struct {
	requests, failures int64
	exit               int32
	comparable         bool // it counted as we did
	said               bool // the script set the exit code
}

func (f *frames) totals() error {
	b, err := f.take(8 + 8 + 4 + 1)
	if err != nil {
		return err
	}
	f.to.totals = &totals{
		requests: int64(binary.LittleEndian.Uint64(b)), failures: int64(binary.LittleEndian.Uint64(b[8:])),
		exit: int32(binary.LittleEndian.Uint32(b[16:])), comparable: b[20]&1 != 0, said: b[20]&2 != 0,
	}
	return nil
}
