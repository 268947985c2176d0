package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"onrush.dev/onrush/bench/internal/rig"
	"onrush.dev/onrush/bench/internal/windows"
	"onrush.dev/onrush/internal/bus"
	"onrush.dev/onrush/internal/bus/embedded"
	"onrush.dev/onrush/internal/collect"
	"onrush.dev/onrush/internal/load"
)

const run = "bench"

// serve is the server's side: bus, hub and collector.
func serve() (err error) {
	var j job
	if err := json.NewDecoder(os.Stdin).Decode(&j); err != nil {
		return err
	}
	set, err := windows.New(j.Shape)
	if err != nil {
		return err
	}
	server, err := embedded.Start(embedded.Options{Dir: filepath.Join(j.Dir, "bus")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	hub := server.Hub()
	if err := hub.OpenRun(context.Background(), run); err != nil {
		return err
	}
	for _, region := range set.Plan.Regions {
		for _, task := range region.Tasks {
			ticket, err := hub.IssueTicket(run, task.Name, region.Name, 0, time.Hour)
			if err != nil {
				return err
			}
			j.Tickets = append(j.Tickets, ticket)
		}
	}
	ended, err := startAgents(j)
	if err != nil {
		return err
	}
	f, err := receive(hub, set, filepath.Join(j.Dir, "spool"), ended)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(f)
}

// startAgents starts the agents' side; the channel says how it ended.
func startAgents(j job) (<-chan error, error) {
	cmd, err := onCore(1, "agents")
	if err != nil {
		return nil, err
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() {
		err := json.NewEncoder(stdin).Encode(j)
		ended <- errors.Join(err, stdin.Close(), cmd.Wait())
	}()
	return ended, nil
}

// receive takes all windows in, as control does.
func receive(hub *bus.Hub, set *windows.Set, spool string, ended <-chan error) (f found, err error) {
	c, err := newCollector(set, spool)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	ctx, done := context.WithCancelCause(context.Background())
	go func() {
		if err := <-ended; err != nil {
			done(fmt.Errorf("agents' side: %w", err))
		}
	}()
	want := len(set.Tasks()) * set.Seconds
	var begin, ticked time.Time
	var from time.Duration
	err = hub.Consume(ctx, run, nil, func(m bus.Message) error {
		now := time.Now()
		if begin.IsZero() {
			begin, from = now, rig.CPU()
		}
		if now.Sub(ticked) > 100*time.Millisecond {
			ticked = now
			c.Tick(now)
		}
		if err := c.Window(m.Data); err != nil {
			return err
		}
		f.Bytes += int64(len(m.Data))
		if f.Windows++; f.Windows == want {
			done(nil)
		}
		return nil
	})
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		err = errors.Join(err, cause)
	}
	f.CPU, f.Seconds = (rig.CPU() - from).Seconds(), time.Since(begin).Seconds()
	result, errFinish := c.Finish(context.Background())
	if err = errors.Join(err, errFinish); err != nil {
		return f, err
	}
	f.Merged = result.Total.Requests
	f.Peak, _ = rig.PeakMemory(os.Getpid())
	if sent := int64(len(set.Tasks())) * set.Sent(set.Seconds); f.Merged != sent {
		err = fmt.Errorf("%d of %d samples were merged", f.Merged, sent)
	}
	return f, err
}

func newCollector(set *windows.Set, spool string) (*collect.Collector, error) {
	c, err := collect.New(collect.Options{
		Run: load.Run{ID: run, Status: load.Running, Spec: set.Scenario}, Plan: set.Plan, Dir: spool,
	})
	if err == nil {
		c.Status(load.Running, set.Rows(run, load.TaskRunning))
	}
	return c, err
}
