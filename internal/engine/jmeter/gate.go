package jmeter

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"onrush.dev/onrush/internal/engine/tool"
)

// samples is the pipe that JMeter writes its rows into. Until it is opened for
// reading, JMeter stands where it opens it: after the plan is read, before any
// thread group starts.
type samples struct {
	pipe string
	to   *sink
	kept *keeper
	done chan struct{}
	err  error
}

func newSamples(work *tool.Work, to *sink, secrets mask) (*samples, error) {
	s := &samples{pipe: filepath.Join(work.Own, "pipe.jtl"), to: to, done: make(chan struct{})}
	if err := syscall.Mkfifo(s.pipe, 0o600); err != nil {
		return nil, fmt.Errorf("make a pipe for JMeter's samples: %w", err)
	}
	file, err := work.Keep("samples.jtl")
	if err != nil {
		return nil, err
	}
	s.kept = newKeeper(file, secrets)
	s.kept.row([]byte(usualHeader))
	return s, nil
}

// awaitGate waits until JMeter stands at the pipe, where the system lets us see
// that; it comes to it a moment after it has said that it starts.
func (s *samples) awaitGate(ctx context.Context, p *tool.Process) error {
	const most = 5 * time.Second
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !opensPipe(p.PID()) {
		select {
		case <-p.Done(): // Run says why
			return nil
		case <-ctx.Done():
			return nil // it comes later, and then begins later
		case <-tick.C:
		}
	}
	return nil
}

// open is the barrier: JMeter goes on, and its rows are read until it is gone.
func (s *samples) open(gone <-chan struct{}) error {
	r, err := os.OpenFile(s.pipe, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	// Kept open for writing too, the pipe has no end while JMeter lives, whether
	// it has opened it yet or not.
	w, err := os.OpenFile(s.pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		r.Close()
		return err
	}
	widen(w)
	go func() {
		<-gone
		w.Close()
	}()
	go func() {
		defer close(s.done)
		defer r.Close()
		defer s.kept.close()
		s.err = readJTL(bufio.NewReaderSize(r, 1<<18), s.kept.row, s.to.row, s.to.flush)
		if s.err != nil {
			// JMeter must not wait for a reader that is no more.
			_, _ = io.Copy(io.Discard, r)
		}
	}()
	return nil
}

// drainFor is how long the rest of the pipe may take once JMeter is gone.
const drainFor = 10 * time.Second

// wait waits until all rows are read. JMeter must be gone.
func (s *samples) wait() error {
	select {
	case <-s.done:
		return s.err
	case <-time.After(drainFor):
		return fmt.Errorf("they did not end within %s after JMeter", drainFor)
	}
}
