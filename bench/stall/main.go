//go:build linux

// Command stall asks load generators to load a target that stands still for
// 200 ms every 2 s, and compares the percentiles that they report with the
// truth. The target keeps the instants of its answers. For us the truth is, for
// every request of the schedule, the time from when it was due to when the target
// answered it. When others meant to send is not known to the last request, so for
// them it is what somebody would have waited who came at any instant. The target
// stands still in two ways: it sleeps by itself, or its whole process is stopped
// by a signal. Read main.go first, then target.go and truth.go.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"onrush.dev/onrush/bench/internal/gauge"
	"onrush.dev/onrush/bench/internal/peers"
	"onrush.dev/onrush/bench/internal/rig"
	"onrush.dev/onrush/bench/internal/task"
)

const (
	targetCore    = 0
	generatorCore = 1
	connections   = 64
	within        = 0.02 // of the truth
	ours          = "onrush"
)

// generator is one of those compared.
type generator struct {
	name string
	how  string // said in the table
	rate float64
}

func generators(rate float64) []generator {
	return []generator{
		{ours, "open model", rate},
		{"wrk", "closed loop", 0},
		{"hey", "rate, 64 workers", rate},
		{"vegeta", "rate, 64 workers", rate},
		{"fortio", "rate, 64 connections", rate},
		{"oha", "rate, latency correction", rate},
		{"k6", "arrival rate, 64 users", min(rate, 5000)},
	}
}

func main() {
	if len(os.Args) > 1 {
		roles := map[string]func() error{task.Role: task.Main, targetRole: serve}
		if role := roles[os.Args[1]]; role != nil {
			if err := role(); err != nil {
				fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[1], err)
				os.Exit(1)
			}
			return
		}
	}
	rate := flag.Float64("rate", 20_000, "requests a second")
	only := flag.String("only", "", "only these generators, with a comma between")
	duration := flag.Duration("duration", 10*time.Second, "of each load")
	flag.Parse()
	var table bytes.Buffer
	rig.Main("stall", func(b *rig.Bench) error {
		for _, way := range []string{sleeps, stopped} {
			fmt.Fprintf(&table, "\nThe target %s 200 ms every 2 s; ms reported (truth).\n\n| generator | rate | p50 | p99 | p99.9 | sent of what was due |\n| --- | --- | --- | --- | --- | --- |\n", way)
			for _, g := range generators(*rate) {
				if *only != "" && !strings.Contains(","+*only+",", ","+g.name+",") {
					continue
				}
				fmt.Fprintf(os.Stderr, "bench: %s %s: target %s\n", time.Now().Format("15:04:05"), g.name, way)
				f, err := measure(b, g, way, *duration)
				if err != nil {
					b.Say(fmt.Sprintf("%s, target %s", g.name, way), "not measured: %s", strings.Join(strings.Fields(err.Error()), " "))
					fmt.Fprintf(&table, "| %s | not measured | | | | |\n", g.name)
					continue
				}
				f.say(b, g, way)
				table.WriteString(f.markdown(g))
			}
		}
		return b.Err()
	})
	fmt.Print(table.String())
}

// found is what one generator reported, and the truth.
type found struct {
	reported, truth peers.Latencies
	sent            float64 // part of the schedule; more than everything without one
}

// measure lets one generator load a fresh target.
func measure(b *rig.Bench, g generator, way string, d time.Duration) (f found, err error) {
	t, err := startTarget(b, way)
	if err != nil {
		return f, err
	}
	start, reported, failed := loadBy(b, g, t.url, d)
	answers, err := t.stop()
	if err = errors.Join(failed, err); err != nil {
		return f, err
	}
	if len(answers) == 0 {
		return f, errors.New("the target answered nothing")
	}
	f.reported = reported
	f.sent = float64(len(answers)) / (g.rate * d.Seconds())
	if g.name == ours {
		f.truth, err = scheduled(answers, start, g.rate, d)
	} else {
		f.truth, err = anybody(answers)
	}
	return f, err
}

// loadBy makes the load. It returns its start, when that is known, and the
// percentiles reported.
func loadBy(b *rig.Bench, g generator, url string, d time.Duration) (start time.Duration, l peers.Latencies, err error) {
	if g.name != ours {
		run, err := peers.PreparePaced(b, g.name, peers.Paced{URL: url, Rate: g.rate, Connections: connections, Duration: d, Dir: b.Dir})
		if err != nil {
			return 0, l, err
		}
		p, err := gauge.Start(generatorCore, run.Cmd)
		if err != nil {
			return 0, l, err
		}
		if _, err := p.Wait(); err != nil {
			return 0, l, err
		}
		l, err = run.Report(p.Out.String())
		return 0, l, err
	}
	scenario := fmt.Sprintf("name: stall\nload: {rate: %.0f, duration: %s, max_connections: %d}\nrequests: [{url: %q}]\nconnection: {http: \"1.1\"}\n", g.rate, d, connections, url)
	job, err := json.Marshal(task.Job{Scenario: scenario, Drain: 5 * time.Second, Lead: 200 * time.Millisecond})
	if err != nil {
		return 0, l, err
	}
	cmd, err := task.Command(b)
	if err != nil {
		return 0, l, err
	}
	cmd.Stdin = bytes.NewReader(job)
	p, err := gauge.Start(generatorCore, cmd)
	if err != nil {
		return 0, l, err
	}
	if _, err := p.Wait(); err != nil {
		return 0, l, err
	}
	var r task.Result
	if err := json.Unmarshal(p.Out.Bytes(), &r); err != nil {
		return 0, l, err
	}
	if r.Failures > 0 {
		return 0, l, fmt.Errorf("%d of our requests failed: %v", r.Failures, r.Causes)
	}
	for i, us := range []int64{r.Latency.P50, r.Latency.P99, r.Latency.P999} {
		l[i] = time.Duration(us) * time.Microsecond
	}
	return r.Start, l, nil
}

// say adds the rows of a generator. Only ours has a goal.
func (f found) say(b *rig.Bench, g generator, way string) {
	for i, name := range []string{"p50", "p99", "p99.9"} {
		is, got := rig.MS(f.truth[i]), rig.MS(f.reported[i])
		if i == 0 && g.name != ours {
			b.Say(fmt.Sprintf("%s, target %s: p50 reported", g.name, way), "%.2f ms", got)
			continue
		}
		off := got/is - 1
		what := fmt.Sprintf("%s, target %s: %s reported, truth, off", g.name, way, name)
		text := fmt.Sprintf("%.2f, %.2f ms, %+.1f %%", got, is, 100*off)
		if g.name == ours && i > 0 {
			b.Judge(math.Abs(off) <= within, what, "within 2 %", "%s", text)
			continue
		}
		b.Say(what, "%s", text)
	}
}

func (f found) markdown(g generator) string {
	text := fmt.Sprintf("| %s, %s | ", g.name, g.how)
	if g.rate > 0 {
		text += fmt.Sprintf("%.0f a second", g.rate)
	}
	for i := range f.truth {
		text += " | " + short(f.reported[i])
		if i > 0 || g.name == ours {
			text += fmt.Sprintf(" (%s)", short(f.truth[i]))
		}
	}
	if g.rate == 0 {
		return text + " | |\n"
	}
	return text + fmt.Sprintf(" | %.0f %% |\n", 100*f.sent)
}

func short(d time.Duration) string { return fmt.Sprintf("%.3g", rig.MS(d)) }
