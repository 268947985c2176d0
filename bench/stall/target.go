//go:build linux

package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"onrush.dev/onrush/bench/internal/gauge"
	"onrush.dev/onrush/bench/internal/rig"
)

const targetRole = "target"

// The ways in which the target stands still, and when: at the end of each period.
const (
	sleeps  = "sleeps"
	stopped = "is stopped"
	period  = 2 * time.Second
	stall   = 200 * time.Millisecond
)

// target is the target's process, seen from outside.
type target struct {
	url     string
	process *gauge.Process
	quit    chan struct{}
	stopper sync.WaitGroup
}

// startTarget starts a target and, when it is to be stopped by signals, the one
// who sends them.
func startTarget(b *rig.Bench, way string) (*target, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer l.Close()
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	cmd := exec.CommandContext(b, self, targetRole, way)
	cmd.ExtraFiles = []*os.File{f}
	t := &target{url: "http://" + l.Addr().String() + "/", quit: make(chan struct{})}
	if t.process, err = gauge.Start(targetCore, cmd); err != nil {
		return nil, err
	}
	if way == stopped {
		t.stopper.Go(t.stopAndGo)
	}
	return t, nil
}

// stopAndGo stops the process and lets it go on, again and again.
func (t *target) stopAndGo() {
	begin := time.Now()
	for n := time.Duration(1); ; n++ {
		for _, step := range []struct {
			at     time.Duration
			signal os.Signal
		}{{n*period - stall, syscall.SIGSTOP}, {n * period, syscall.SIGCONT}} {
			timer := time.NewTimer(time.Until(begin.Add(step.at)))
			select {
			case <-timer.C:
				_ = t.process.Signal(step.signal)
			case <-t.quit:
				timer.Stop()
				_ = t.process.Signal(syscall.SIGCONT)
				return
			}
		}
	}
}

// stop ends the target and returns the instants of all its answers, in order.
func (t *target) stop() ([]time.Duration, error) {
	close(t.quit)
	t.stopper.Wait()
	err := t.process.Signal(syscall.SIGTERM)
	_, failed := t.process.Wait()
	if err = errors.Join(err, failed); err != nil {
		return nil, err
	}
	raw := t.process.Out.Bytes()
	answers := make([]time.Duration, len(raw)/8)
	for i := range answers {
		answers[i] = time.Duration(binary.LittleEndian.Uint64(raw[8*i:]))
	}
	slices.Sort(answers)
	return answers, nil
}

// server is the target from inside. It answers every request with two bytes and
// notes when.
type server struct {
	begin time.Duration
	naps  bool

	mu    sync.Mutex
	conns []*journal
}

// journal is the instants of one connection's answers.
type journal struct {
	sync.Mutex
	answers []time.Duration
}

const answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"

// serve is the target's process: it ends by SIGTERM and writes its journals.
func serve() error {
	f := os.NewFile(3, "listener")
	l, err := net.FileListener(f)
	if err != nil {
		return err
	}
	f.Close()
	s := &server{begin: gauge.Now(), naps: os.Args[2] == sleeps}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			j := &journal{answers: make([]time.Duration, 0, 4096)}
			s.mu.Lock()
			s.conns = append(s.conns, j)
			s.mu.Unlock()
			go s.answerAll(c, j)
		}
	}()
	<-end
	l.Close()
	out := bufio.NewWriter(os.Stdout)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range s.conns {
		j.Lock()
		defer j.Unlock()
		if err := binary.Write(out, binary.LittleEndian, j.answers); err != nil {
			return fmt.Errorf("write the journal: %w", err)
		}
	}
	return out.Flush()
}

// answerAll answers the requests of a connection. They have no bodies, so each
// ends with an empty line.
func (s *server) answerAll(c net.Conn, j *journal) {
	defer c.Close()
	in := bufio.NewReader(c)
	for {
		if !request(in) {
			return
		}
		if s.naps {
			time.Sleep(s.napLeft())
		}
		if _, err := io.WriteString(c, answer); err != nil {
			return
		}
		j.Lock()
		j.answers = append(j.answers, gauge.Now())
		j.Unlock()
	}
}

// request reads up to the empty line that ends a request.
func request(in *bufio.Reader) bool {
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return false
		}
		if len(line) <= len("\r\n") {
			return true
		}
	}
}

// napLeft is how much of a stall is left.
func (s *server) napLeft() time.Duration {
	into := (gauge.Now() - s.begin) % period
	if into < period-stall {
		return 0
	}
	return period - into
}
