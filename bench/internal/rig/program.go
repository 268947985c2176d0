package rig

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"onrush.dev/onrush/internal/load"
)

// Program is the path of a built program.
func (b *Bench) Program(name string) string { return filepath.Join(b.Bin, name) }

// Onrush prepares a call of the built onrush that ends, by an interrupt, with
// the measurement.
func (b *Bench) Onrush(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(b, b.Program("onrush"), args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = 20 * time.Second
	return cmd
}

// Run is `onrush run -q -o json` with these arguments; watch, if not nil, is
// given the process's id while it runs and must return when its context ends.
func (b *Bench) Run(watch func(ctx context.Context, pid int), args ...string) (*load.Report, error) {
	cmd := b.Onrush(append([]string{"run", "-q", "-o", "json"}, args...)...)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(b)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		if watch != nil {
			watch(ctx, cmd.Process.Pid)
		}
	}()
	err := cmd.Wait()
	stop()
	<-watched
	report := new(load.Report)
	if broken := json.Unmarshal(out.Bytes(), report); broken != nil {
		return nil, fmt.Errorf("run: %w", errors.Join(err, broken, errors.New(complaints.String())))
	}
	return report, nil
}
