//go:build linux

// Package task is our side of a measurement: an engine run as an agent runs it,
// in a process of its own, with the recorder on and a window cut and encoded
// every second; only the bus is left out. A measurement starts its own program
// again with the argument Role, and hands over a Job. It knows engines only by
// package engine. Read Main first, then play.go.
package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"time"

	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/scenfile"
)

// Role is the argument that makes a measurement's program a task.
const Role = "task"

// Job is what a task is to do.
type Job struct {
	Scenario string        // as a user writes it
	Drain    time.Duration // bound for requests in flight at the end
	Lead     time.Duration // from ready to the start
}

// Result is what a task found.
type Result struct {
	Start    time.Duration // the barrier, in the machine's monotonic clock
	Requests int64
	Failures int64
	Started  int64
	Offered  int64
	Late     int64
	BytesIn  int64
	Causes   map[load.Cause]int64
	Limited  string // the first reason that a window gave
	Windows  int
	Encoded  int64         // bytes of all windows
	Cutting  time.Duration // CPU time of cutting and encoding them
	Labels   int
	// In µs; P is p50, p99, p99.9.
	Latency, Service, Lag P
	Before                int64   // bytes of memory, once prepared
	RSS                   []int64 // the same after each second
	Took                  time.Duration
}

// P is three percentiles in microseconds.
type P struct{ P50, P99, P999 int64 }

// Command prepares this program as a task. The caller starts it.
func Command(ctx context.Context) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return exec.CommandContext(ctx, self, Role), nil
}

// Main is the task's process: a Job on stdin, a Result on stdout.
func Main() error {
	var job Job
	in := json.NewDecoder(os.Stdin)
	if err := in.Decode(&job); err != nil {
		return fmt.Errorf("read the job: %w", err)
	}
	order, err := Order(job.Scenario)
	if err != nil {
		return err
	}
	order.Drain = load.Duration(max(job.Drain, time.Millisecond))
	dir, err := os.MkdirTemp("", "onrush-bench-task-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	p := newPlayer(order, dir, log)
	result, err := p.play(context.Background(), job.Lead)
	return errors.Join(err, json.NewEncoder(os.Stdout).Encode(result))
}

// Order is what the only task of a scenario's run is ordered to do.
func Order(scenario string) (load.Order, error) {
	s, err := scenfile.Parse("bench.yaml", []byte(scenario))
	if err != nil {
		return load.Order{}, err
	}
	s = load.WithDefaults(s)
	plan, err := load.NewPlan(load.PlanInput{
		Scenario: s,
		Regions:  map[string]load.Region{"local": {Name: "local", Driver: "local"}},
		Capacity: map[string]load.Capacity{"local": {}},
	})
	if err != nil {
		return load.Order{}, err
	}
	order := plan.Order(plan.Regions[0].Tasks[0])
	order.Run, order.Scenario = "bench", s
	return order, nil
}
