package rig

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/load"
)

// Server is `onrush serve` of the built program.
type Server struct {
	*client.Client
	URL string
	Dir string // its data folder
	PID int
	cmd *exec.Cmd
}

// Serve starts a server on a data folder and returns when it answers.
func (b *Bench) Serve(dir string, args ...string) (*Server, error) {
	cmd := b.Onrush(append([]string{"serve", "--data", dir, "--listen", "127.0.0.1:0", "--log-level", "warn"}, args...)...)
	cmd.Stderr = os.Stderr
	_ = os.Remove(filepath.Join(dir, "url"))
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &Server{Dir: dir, PID: cmd.Process.Pid, cmd: cmd}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		url, noURL := os.ReadFile(filepath.Join(dir, "url"))
		token, noToken := os.ReadFile(filepath.Join(dir, "cli-token"))
		if noURL != nil || noToken != nil {
			continue
		}
		s.URL = strings.TrimSpace(string(url))
		s.Client = client.New(s.URL, strings.TrimSpace(string(token)))
		if _, err := s.Me(b); err == nil {
			return s, nil
		}
	}
	return nil, errors.Join(errors.New("the server did not come up"), s.Stop())
}

// Stop ends the server in order.
func (s *Server) Stop() error {
	return errors.Join(s.cmd.Cancel(), s.cmd.Wait())
}

// Await waits until a run has ended, and wants it completed.
func (s *Server) Await(b *Bench, id string) (load.Run, error) {
	for ; ; time.Sleep(20 * time.Millisecond) {
		run, err := s.Run(b, id)
		if err != nil {
			return run, err
		}
		if run.Status != load.Ended {
			continue
		}
		if run.Outcome != load.Completed {
			err = fmt.Errorf("run %s: %s, %q", id, run.Outcome, run.Cause)
		}
		return run, err
	}
}

// Agents are the processes of the tasks of this server, known by their
// environment as the local driver knows them.
func (s *Server) Agents() []int {
	var pids []int
	mark := "ONRUSH_INSTANCE=" + s.Dir
	all, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range all {
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(text), mark) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
