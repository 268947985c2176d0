//go:build linux

package main

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"
)

// The rows that compare us with ourselves, or with a bound.

// openModel compares a request of the open model, at a rate that leaves the
// core time to spare, with one of the closed model that takes all of it.
func openModel(b *bench, r row) error {
	const rate = 20_000
	open := r.closed(r.url(b), b.run())
	open.load = fmt.Sprintf("rate: %d, duration: %s", rate, b.run())
	// The same throughput by users who think: what it costs to sleep and to wake
	// for every request, whoever decides when.
	thinking := r.closed(r.url(b), b.run())
	thinking.think = fmt.Sprintf("%dus", r.connections*1_000_000/rate)
	f := b.inTurns([]side{
		{"closed", func() (turn, error) { return b.steadyTask(r.closed(r.url(b), b.run()), r.slack()) }},
		{ours, func() (turn, error) { return b.steadyTask(open, r.slack()) }},
		{"thinking", func() (turn, error) { return b.steadyTask(thinking, r.slack()) }},
	})
	if err := errors.Join(f.lost[ours], f.lost["closed"], f.lost["thinking"]); err != nil {
		return err
	}
	ratio := f.ratios([]string{"closed"}, steady)
	name := r.name + ": " + r.what
	b.Judge(ratio.median >= 0.85, name+", CPU of a request against the closed model's", "≥ 0.85 x", "%s x (%s against %s µs)",
		ratio, number(f.of(ours, steady).median*1e6), number(f.of("closed", steady).median*1e6))
	b.Say("  against the closed model with think time, at the same throughput", "%s x (%s µs at %.0f a second)", f.ratios([]string{"thinking"}, steady),
		number(f.of("thinking", steady).median*1e6), f.of("thinking", func(t turn) float64 { return t.rate }).median)
	lag := f.of(ours, func(t turn) float64 { return float64(t.ours.Lag.P99) / 1e3 })
	core := f.of(ours, func(t turn) float64 { return t.core })
	b.Judge(lag.median < 1, fmt.Sprintf("  schedule lag p99, on %.2f of a core", core.median), "< 1 ms", "%s ms", lag)
	made := f.of(ours, func(t turn) float64 { return float64(t.ours.Started) / float64(max(1, t.ours.Offered)) })
	b.Say("  sent of what was due", "%.4g %%; more than 1 ms late %.2g %%", 100*made.median,
		100*f.of(ours, func(t turn) float64 { return float64(t.ours.Late) / float64(max(1, t.ours.Started)) }).median)
	return nil
}

// labels compares a scenario of one label with one of a thousand.
func labels(b *bench, r row) error {
	const many = 1000
	one := r.closed(r.url(b), b.run())
	thousand := one
	thousand.requests = make([]string, many)
	for i := range thousand.requests {
		thousand.requests[i] = r.url(b)
	}
	f := b.inTurns([]side{
		{"one", func() (turn, error) { return b.steadyTask(one, r.slack()) }},
		{ours, func() (turn, error) { return b.steadyTask(thousand, r.slack()) }},
	})
	if err := errors.Join(f.lost[ours], f.lost["one"]); err != nil {
		return err
	}
	b.Say(r.name+": "+r.what, "%s x (%s µs with one label, %s with %d)", f.ratios([]string{"one"}, steady),
		number(f.of("one", steady).median*1e6), number(f.of(ours, steady).median*1e6), f.turns[ours][0].ours.Labels)
	share := f.of(ours, func(t turn) float64 { return 100 * t.ours.Cutting.Seconds() / t.ours.Took.Seconds() })
	b.Judge(share.median < 2, fmt.Sprintf("  cutting and encoding windows of %d labels, part of a core", many), "< 2 %", "%s %%", share)
	return nil
}

// sessions is the headline: how much one task downloads by the clock. Bodies are
// read to their end without TLS; with TLS a fixed time is measured.
func sessions(b *bench, r row) error {
	const goal = 1.67 // GB a second: a hundred such tasks move 50 TB in five minutes
	path, err := b.nginx.Large(b.nginxDir, r.size)
	if err != nil {
		return err
	}
	complete := r.closed(b.nginx.Plain+path, time.Hour)
	complete.load = fmt.Sprintf("users: %d, requests: %d", r.connections, r.connections)
	overTLS := r.closed(b.nginx.TLS+path, b.window)
	overTLS.tls = true
	download := func(s scenario, partial bool) func() (turn, error) {
		return func() (t turn, err error) {
			run, err := b.startTask(s, time.Millisecond)
			if err != nil {
				return t, err
			}
			run.partial = partial
			return whole(run, b.nginx.PID())
		}
	}
	f := b.inTurns([]side{{ours, download(complete, false)}, {"tls", download(overTLS, true)}})
	if err := errors.Join(f.lost[ours], f.lost["tls"]); err != nil {
		return err
	}
	clock := func(t turn) float64 { return t.rate }
	rate := f.of(ours, clock)
	b.Judge(rate.median >= goal, r.name+": "+r.what+", plain, GB a second by the clock", "≥ 1.67", "%s on %.2f of a core, %s s of CPU a GB", rate,
		f.of(ours, func(t turn) float64 { return t.core }).median, number(f.of(ours, each).median))
	cost := f.of("tls", each).median
	b.Say("  over TLS, nginx on the other core", "%s GB a second, %s s of CPU a GB: %.2f GB/s need %.2f cores", f.of("tls", clock), number(cost), goal, goal*cost)
	return nil
}

// idle is the memory of connections on which nothing happens: every user sends
// one request and thinks for an hour. A process may have only so many files
// open; where that is too few, several tasks share the connections.
func idle(b *bench, r row) error {
	const goal = 12 << 10
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	tasks := (r.connections + int(min(limit.Max, 1<<20)) - 201) / int(min(limit.Max, 1<<20)-200)
	each := r.connections / tasks
	results := make([]*runner, tasks)
	defer func() {
		for _, run := range results {
			if run != nil {
				run.process.Kill()
			}
		}
	}()
	for i := range results {
		s := r.closed(b.nginx.Plain+"/", 0)
		s.load, s.think = fmt.Sprintf("users: %d, ramp_up: 20s, hold_for: 8s", each), "1h"
		// A local address has some 28,000 ports towards one target.
		s.sources = []string{fmt.Sprintf("127.0.%d.2", i+1), fmt.Sprintf("127.0.%d.3", i+1), fmt.Sprintf("127.0.%d.4", i+1)}
		run, err := b.startTask(s, time.Second)
		if err != nil {
			return err
		}
		results[i] = run
	}
	most := make(chan int64)
	ended := make(chan struct{})
	go func() { most <- b.mostConnections(ended) }()
	grown, seen := int64(0), int64(0)
	var failed error
	for i, run := range results {
		_, n, err := run.end()
		results[i] = nil
		seen += n
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		rss := run.result.RSS
		if len(rss) < 3 {
			failed = errors.Join(failed, errors.New("a task ended too early"))
			continue
		}
		grown += slices.Max(rss[len(rss)-3:]) - run.result.Before
	}
	close(ended)
	open := <-most
	if failed != nil {
		return failed
	}
	if open < int64(each*tasks)*99/100 {
		return fmt.Errorf("nginx had only %d connections open, and served %d requests", open, seen)
	}
	per := grown / open
	b.Judge(per <= goal, r.name+": "+r.what+fmt.Sprintf(", in %d tasks: memory of each", tasks), "≤ 12 KiB", "%.1f KiB (%d open, %d MiB more than before)", float64(per)/1024, open, grown>>20)
	return nil
}

// mostConnections is how many connections nginx had open at once until the end.
func (b *bench) mostConnections(ended <-chan struct{}) int64 {
	most := int64(0)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		if n, err := b.nginx.Connections(); err == nil {
			most = max(most, n)
		}
		select {
		case <-ended:
			return most
		case <-tick.C:
		}
	}
}
