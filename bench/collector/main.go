// Command collector measures how many label windows a second one core merges: a
// label window is one label's figures of one task in one second. The real path
// is agents' connections over TLS, the embedded bus with its stream on disk,
// the hub's consumer, and the collector. The server's side of it runs in a
// process of its own on one core, the agents' side in another process; figures
// are for each second of CPU that the server's process used, so that other work
// on the machine does not count. Read main first, then server.go.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"

	"onrush.dev/onrush/bench/internal/rig"
	"onrush.dev/onrush/bench/internal/windows"
)

const (
	goalPath  = 20_000
	goalMerge = 10 * goalPath
)

// job is one measurement, as the processes of it know it.
type job struct {
	Shape   windows.Shape
	Dir     string
	Tickets []string // of the agents, in the order of the tasks
}

// found is what the server's process found.
type found struct {
	Windows      int
	Bytes        int64
	CPU, Seconds float64 // from the first window to the last
	Merged       int64   // samples in the collector
	Peak         int64   // memory
}

func (f found) labelWindows(labels int) float64 { return float64(f.Windows * labels) }

func main() {
	roles := map[string]func() error{"server": serve, "agents": agents}
	if len(os.Args) == 2 && roles[os.Args[1]] != nil {
		if err := roles[os.Args[1]](); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[1], err)
			os.Exit(1)
		}
		return
	}
	rig.Main("collector", func(b *rig.Bench) error {
		for _, shape := range []windows.Shape{
			{Regions: 4, Tasks: 5, Labels: 20, Samples: 1000, Variants: 5, Seconds: 300},
			{Regions: 4, Tasks: 5, Labels: 20, Samples: 10, Variants: 10, Seconds: 300},
			{Regions: 4, Tasks: 50, Labels: 20, Samples: 50, Variants: 2, Seconds: 60},
			{Regions: 4, Tasks: 50, Labels: 1, Samples: 1000, Variants: 2, Seconds: 60},
		} {
			if err := measure(b, shape); err != nil {
				return err
			}
		}
		return nil
	})
}

func measure(b *rig.Bench, shape windows.Shape) error {
	tasks := shape.Regions * shape.Tasks
	name := fmt.Sprintf("%d tasks, %d labels of %d samples: ", tasks, shape.Labels, shape.Samples)
	f, err := path(b, shape)
	if err != nil {
		return fmt.Errorf("%s%w", name, err)
	}
	each := f.labelWindows(shape.Labels)
	if shape.Labels > 1 {
		b.Judge(each/f.CPU > goalPath, name+"bus and collector, label windows for each CPU second", "> 20,000", "%.0f", each/f.CPU)
	} else {
		b.Say(name+"bus and collector, label windows for each CPU second", "%.0f", each/f.CPU)
	}
	b.Say("  windows for each CPU second, of so many bytes", "%.0f of %d", float64(f.Windows)/f.CPU, f.Bytes/int64(f.Windows))
	b.Say("  label windows for each second by the clock", "%.0f", each/f.Seconds)
	b.Say("  memory at its peak", "%d MiB", f.Peak>>20)
	set, err := windows.New(shape)
	if err != nil {
		return err
	}
	alone, err := collectAlone(b, set)
	if err != nil {
		return err
	}
	b.Say("  the collector alone", "%.0f", alone)
	merge, err := mergeAlone(set)
	if err != nil {
		return err
	}
	if shape.Labels > 1 {
		b.Judge(merge > goalMerge, "  the merge alone", "> 200,000", "%.0f", merge)
	}
	return nil
}

// path runs the server's process and returns what it found.
func path(b *rig.Bench, shape windows.Shape) (f found, err error) {
	dir, err := os.MkdirTemp(b.Dir, "bus-")
	if err != nil {
		return f, err
	}
	cmd, err := onCore(0, "server")
	if err != nil {
		return f, err
	}
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return f, err
	}
	go func() {
		_ = json.NewEncoder(stdin).Encode(job{Shape: shape, Dir: dir})
		stdin.Close()
	}()
	out, err := cmd.Output()
	if err != nil {
		return f, fmt.Errorf("server's side: %w", err)
	}
	return f, json.Unmarshal(out, &f)
}

// onCore prepares this program in another role, held to one core where the
// machine has the tool for it.
func onCore(core int, role string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := []string{self, role}
	if tool, err := exec.LookPath("taskset"); err == nil {
		args = append([]string{tool, "-c", fmt.Sprint(core)}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stderr = os.Stderr
	return cmd, nil
}
