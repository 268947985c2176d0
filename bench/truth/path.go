package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"time"

	"onrush.dev/onrush/bench/internal/rig"
	"onrush.dev/onrush/bench/internal/windows"
	"onrush.dev/onrush/internal/bus"
	"onrush.dev/onrush/internal/bus/embedded"
	"onrush.dev/onrush/internal/collect"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/record"
)

const (
	run       = "truth"
	seconds   = 60
	perSecond = 500 // samples of each task
)

// medians of the regions: five hundred times apart.
var medians = map[string]time.Duration{"region1": 700 * time.Microsecond, "region2": 350 * time.Millisecond}

// wholePath sends made-up latencies by the recorder and the bus to the
// collector, and keeps each of them.
func wholePath(b *rig.Bench) (err error) {
	set, err := windows.New(windows.Shape{Regions: 2, Tasks: 2, Labels: 1, Samples: 1, Variants: 1, Seconds: seconds})
	if err != nil {
		return err
	}
	server, err := embedded.Start(embedded.Options{Dir: filepath.Join(b.Dir, "bus")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	hub := server.Hub()
	if err := hub.OpenRun(b, run); err != nil {
		return err
	}
	c, err := collect.New(collect.Options{Run: load.Run{ID: run, Spec: set.Scenario}, Plan: set.Plan, Dir: filepath.Join(b.Dir, "spool")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	truth := map[string]raw{}
	sent := 0
	for _, region := range set.Plan.Regions {
		for i, task := range region.Tasks {
			latencies, windows, err := sendTask(b, hub, region.Name, task.Name, uint64(i))
			if err != nil {
				return err
			}
			truth[region.Name] = append(truth[region.Name], latencies...)
			sent += windows
		}
	}
	if err := receive(b, hub, c, sent); err != nil {
		return err
	}
	result, err := c.Finish(b)
	if err != nil {
		return err
	}
	names := map[string]string{"region1": "fast region", "region2": "slow region"}
	for _, region := range []string{"region1", "region2"} {
		if err := compare(b, names[region], result.Regions[region].LatencyMS, truth[region], true); err != nil {
			return err
		}
		truth[""] = append(truth[""], truth[region]...)
	}
	return compare(b, "both", result.Total.LatencyMS, truth[""], true)
}

// sendTask is one task: its latencies, and how many windows carry them.
func sendTask(b *rig.Bench, hub *bus.Hub, region, task string, seed uint64) (raw, int, error) {
	encoded, err := hub.IssueTicket(run, task, region, 0, time.Hour)
	if err != nil {
		return nil, 0, err
	}
	ticket, err := bus.ParseTicket(encoded)
	if err != nil {
		return nil, 0, err
	}
	conn, err := bus.Dial(b, ticket, hub.Log)
	if err != nil {
		return nil, 0, err
	}
	defer conn.Close()
	r := record.New(record.Options{Task: task})
	shard, label := r.Shard(), r.Label("GET /", "")
	random := rand.New(rand.NewPCG(seed, uint64(medians[region])))
	var latencies raw
	count := 0
	post := func(w *load.Window) error {
		count++
		return conn.PublishWindow(w.Seq, load.AppendWindow(nil, w))
	}
	for second := range seconds {
		for i := range perSecond {
			latency := time.Duration(float64(medians[region]) * math.Exp(0.8*random.NormFloat64()))
			latencies = append(latencies, latency)
			shard.Record(&record.Sample{
				Label: label, Latency: latency, Service: record.None, FirstByte: record.None, Connect: record.None, DNS: record.None, TCP: record.None, TLS: record.None, Body: record.None, Lag: record.None,
				End: time.Duration(second)*time.Second + time.Duration(i)*time.Second/perSecond, Status: 200,
			})
		}
		if err := post(r.Cut(second)); err != nil {
			return nil, 0, err
		}
	}
	if err := post(r.Last()); err != nil {
		return nil, 0, err
	}
	return latencies, count, conn.Flush(b)
}

// receive merges so many windows.
func receive(b *rig.Bench, hub *bus.Hub, c *collect.Collector, want int) error {
	ctx, done := context.WithTimeoutCause(b, time.Minute, fmt.Errorf("not all windows came"))
	defer done()
	got := 0
	err := hub.Consume(ctx, run, nil, func(m bus.Message) error {
		if got++; got == want {
			done()
		}
		return c.Window(m.Data)
	})
	if err == nil && got < want {
		err = context.Cause(ctx)
	}
	return err
}
