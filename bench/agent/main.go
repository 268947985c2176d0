// Command agent measures the agent's own work beside its engine: making a window
// every second of 1,000 labels that 20,000 samples a second fill, and bringing
// it to the stream over TLS. The bus runs in this process, the agent's side in
// one of its own, whose CPU is what counts. What recording a sample costs is the
// engine's and left out; `go test -bench Record ./internal/record` has it. Read
// main first, then task.go.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"time"

	"onrush.dev/onrush/bench/internal/rig"
	"onrush.dev/onrush/internal/bus/embedded"
)

// goal is the share of a core that the agent may take beside its engine.
const goal = 0.02

// job is one measurement, as the task's process knows it.
type job struct {
	Ticket          string
	Labels, Samples int  // samples in a second
	Connections     bool // every sample opened one: all histograms are filled
	Seconds         int
}

// found is what the task's process found, for each second of load.
type found struct {
	Cut, Encode, Publish, Rest time.Duration // CPU
	Bytes                      int
	Peak                       int64 // memory
}

func (f found) all() time.Duration { return f.Cut + f.Encode + f.Publish + f.Rest }

func main() {
	if len(os.Args) == 2 && os.Args[1] == "task" {
		if err := task(); err != nil {
			fmt.Fprintln(os.Stderr, "task:", err)
			os.Exit(1)
		}
		return
	}
	rig.Main("agent", func(b *rig.Bench) error {
		for _, j := range []job{
			{Labels: 1000, Samples: 20_000, Connections: true, Seconds: 100},
			{Labels: 1000, Samples: 20_000, Seconds: 100},
			{Labels: 20, Samples: 20_000, Seconds: 100},
		} {
			if err := measure(b, j); err != nil {
				return err
			}
		}
		return nil
	})
}

func measure(b *rig.Bench, j job) error {
	kept := "kept connections"
	if j.Connections {
		kept = "a connection for each"
	}
	name := fmt.Sprintf("%d labels, %d samples a second, %s: ", j.Labels, j.Samples, kept)
	f, err := run(b, j)
	if err != nil {
		return fmt.Errorf("%s%w", name, err)
	}
	share := f.all().Seconds()
	b.Judge(share < goal, name+"share of a core", "< 2 %", "%.2f %%", 100*share)
	b.Say("  CPU of a second: cut, encode, publish, the rest", "%.2f, %.2f, %.2f, %.2f ms",
		rig.MS(f.Cut), rig.MS(f.Encode), rig.MS(f.Publish), rig.MS(f.Rest))
	b.Say("  bytes of a window; memory at its peak", "%d; %d MiB", f.Bytes, f.Peak>>20)
	return nil
}

// run starts the bus here and the task in its process.
func run(b *rig.Bench, j job) (f found, err error) {
	dir, err := os.MkdirTemp(b.Dir, "bus-")
	if err != nil {
		return f, err
	}
	server, err := embedded.Start(embedded.Options{Dir: dir})
	if err != nil {
		return f, err
	}
	defer server.Close()
	hub := server.Hub()
	if err := hub.OpenRun(b, "run"); err != nil {
		return f, err
	}
	if j.Ticket, err = hub.IssueTicket("run", "eu-1", "eu", 0, time.Hour); err != nil {
		return f, err
	}
	order, err := json.Marshal(j)
	if err != nil {
		return f, err
	}
	self, err := os.Executable()
	if err != nil {
		return f, err
	}
	cmd := exec.CommandContext(b, self, "task")
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(order), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return f, fmt.Errorf("task's side: %w", err)
	}
	return f, json.Unmarshal(out, &f)
}
