// Package rig is what the measurements share: the table of what was found
// beside what is promised, the machine's facts, the built programs, and the
// use of CPU and memory. It judges nothing but "met" or "MISSED". Read Main
// first.
package rig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// Bench is one measurement under way.
type Bench struct {
	context.Context
	Bin string // folder of the built programs
	Dir string // for whatever the measurement writes; removed at its end

	rows []row
}

type row struct{ what, found, goal, verdict string }

// Main runs a measurement and ends the program: with 1 when it could not
// measure. A goal that is missed is said in the table; whether that is a fault
// or a busy machine, the load average beside it tells.
func Main(name string, measure func(*Bench) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	b := &Bench{Context: ctx, Bin: "bin"}
	err := b.run(name, measure)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench/%s: %v\n", name, err)
		os.Exit(1)
	}
}

func (b *Bench) run(name string, measure func(*Bench) error) (err error) {
	if b.Dir, err = os.MkdirTemp("", "onrush-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.Dir)) }()
	before := loadAverage()
	begin := time.Now()
	err = measure(b)
	fmt.Printf("bench/%s  %s\n", name, Machine())
	fmt.Printf("load average %s before, %s after; took %s\n", before, loadAverage(), time.Since(begin).Round(time.Second))
	table := tabwriter.NewWriter(os.Stdout, 2, 0, 2, ' ', 0)
	fmt.Fprintln(table, "what\tfound\tgoal\t")
	for _, r := range b.rows {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", r.what, r.found, r.goal, r.verdict)
	}
	return errors.Join(err, table.Flush())
}

// Say adds a row without a goal.
func (b *Bench) Say(what, format string, args ...any) {
	b.rows = append(b.rows, row{what: what, found: fmt.Sprintf(format, args...)})
}

// Judge adds a row with a goal and whether it was met.
func (b *Bench) Judge(met bool, what, goal, format string, args ...any) {
	verdict := "met"
	if !met {
		verdict = "MISSED"
	}
	b.rows = append(b.rows, row{what, fmt.Sprintf(format, args...), goal, verdict})
}

// Machine says on what the figures were found.
func Machine() string {
	return fmt.Sprintf("%s, %d cores, %s %s, %s", cpuModel(), runtime.NumCPU(), runtime.GOOS, firstLine("/proc/sys/kernel/osrelease"), runtime.Version())
}

func cpuModel() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func loadAverage() string {
	fields := strings.Fields(firstLine("/proc/loadavg"))
	if len(fields) == 0 {
		return "unknown"
	}
	return fields[0]
}

func firstLine(path string) string {
	text, _ := os.ReadFile(path)
	line, _, _ := strings.Cut(string(text), "\n")
	return line
}

// PeakMemory is the most memory that a process ever had in RAM, and what it
// has now, in bytes; 0 when it is gone. It is read from Linux' /proc.
func PeakMemory(pid int) (peak, now int64) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		fields := strings.Fields(value)
		if len(fields) == 0 {
			continue
		}
		kb, _ := strconv.ParseInt(fields[0], 10, 64)
		switch name {
		case "VmHWM":
			peak = kb << 10
		case "VmRSS":
			now = kb << 10
		}
	}
	return peak, now
}
