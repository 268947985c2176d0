package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"sync"

	"onrush.dev/onrush/bench/internal/windows"
	"onrush.dev/onrush/internal/bus"
)

// apart is how many seconds a task may be ahead of the others: on their own
// clocks they report a second at about the same time.
const apart = 4

// agents is the agents' side: one connection for each task, all recorded
// windows as fast as the bus takes them.
func agents() error {
	var j job
	if err := json.NewDecoder(os.Stdin).Decode(&j); err != nil {
		return err
	}
	set, err := windows.New(j.Shape)
	if err != nil {
		return err
	}
	conns := make([]*bus.AgentConn, len(j.Tickets))
	for i, encoded := range j.Tickets {
		ticket, err := bus.ParseTicket(encoded)
		if err != nil {
			return err
		}
		if conns[i], err = bus.Dial(context.Background(), ticket, slog.New(slog.DiscardHandler)); err != nil {
			return err
		}
		defer conns[i].Close()
	}
	for from := 0; from < set.Seconds; from += apart {
		if err := send(set, conns, from, min(from+apart, set.Seconds)); err != nil {
			return err
		}
	}
	return nil
}

// send gives the bus some seconds of all tasks and waits until it has them.
func send(set *windows.Set, conns []*bus.AgentConn, from, to int) error {
	var all sync.WaitGroup
	failed := make([]error, len(conns))
	for i, task := range set.Tasks() {
		all.Go(func() {
			for second := from; second < to; second++ {
				failed[i] = errors.Join(failed[i], conns[i].PublishWindow(uint64(second+1), set.Window(task, second)))
			}
			failed[i] = errors.Join(failed[i], conns[i].Flush(context.Background()))
		})
	}
	all.Wait()
	return errors.Join(failed...)
}
