package k6

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"time"

	"onrush.dev/onrush/internal/tools"
)

// samples is the pipe through which k6 hands out what it measured, and its
// reader.
type samples struct {
	output string   // k6's --out
	env    []string // what the output is set up with
	write  *os.File // k6's end
	read   *os.File
	done   chan struct{}
	err    error
}

// pipeName is the first descriptor that a tool gets besides the usual three.
const pipeName = "/dev/fd/3"

// openSamples makes the pipe and begins to read it: our own output where this
// k6 has it, else CSV, which every k6 has and which costs k6 far more.
func openSamples(k6 tools.Tool, to *sink) (*samples, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe for k6's samples: %w", err)
	}
	widen(w)
	s := &samples{read: r, write: w, done: make(chan struct{})}
	parse := readCSV
	if k6.Has(tools.K6Output) {
		s.output, parse = "onrush="+pipeName, readStream
	} else {
		s.output = "csv=" + pipeName
		s.env = []string{"K6_CSV_TIME_FORMAT=unix_nano", "K6_CSV_SAVE_INTERVAL=200ms"}
	}
	go func() {
		defer close(s.done)
		s.err = parse(bufio.NewReaderSize(r, 1<<18), to)
		if s.err != nil {
			// k6 must not wait for a reader that is no more.
			_, _ = io.Copy(io.Discard, r)
		}
	}()
	return s, nil
}

// drainFor is how long the rest of the pipe may take once k6 is gone.
const drainFor = 10 * time.Second

// wait waits until all samples are read. k6 must be gone.
func (s *samples) wait() error {
	select {
	case <-s.done:
		return s.err
	case <-time.After(drainFor):
		return fmt.Errorf("they did not end within %s after k6", drainFor)
	}
}

func (s *samples) close() { s.read.Close() }
