package ecs

import (
	"fmt"
	"math"
	"strings"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// size is one of the pairs that Fargate has: CPU in units (1024 are a vCPU),
// memory in MiB.
type size struct{ cpu, memory int }

// row is a CPU size with the memory sizes it goes with: from, to, in steps; or
// the listed ones.
type row struct {
	cpu            int
	from, to, step int
	listed         []int
}

// rows are Fargate's sizes, as the Amazon ECS developer guide lists them in "Task
// CPU and memory" under "Differences for the Fargate launch type".
func rows() []row {
	const gib = 1024
	return []row{
		{cpu: 256, listed: []int{512, 1 * gib, 2 * gib}},
		{cpu: 512, from: 1 * gib, to: 4 * gib, step: gib},
		{cpu: 1024, from: 2 * gib, to: 8 * gib, step: gib},
		{cpu: 2048, from: 4 * gib, to: 16 * gib, step: gib},
		{cpu: 4096, from: 8 * gib, to: 30 * gib, step: gib},
		{cpu: 8192, from: 16 * gib, to: 60 * gib, step: 4 * gib},
		{cpu: 16384, from: 32 * gib, to: 120 * gib, step: 8 * gib},
		{cpu: 32768, listed: []int{60 * gib, 120 * gib, 244 * gib}},
	}
}

// The size of a task when nobody names one: what most http loads need.
const (
	defaultCPU    = 1.0
	defaultMemory = 2 << 30
)

// memory is the row's smallest size that holds so many MiB; 0: none does.
func (r row) memory(least int) int {
	for _, m := range r.listed {
		if m >= least {
			return m
		}
	}
	if r.step == 0 || least > r.to {
		return 0
	}
	return r.from + (max(0, least-r.from)+r.step-1)/r.step*r.step
}

func (r row) text() string {
	cores := fmt.Sprintf("%g vCPU with ", float64(r.cpu)/1024)
	if r.step == 0 {
		var sizes []string
		for _, m := range r.listed {
			sizes = append(sizes, gibText(m))
		}
		return cores + strings.Join(sizes, ", ")
	}
	return fmt.Sprintf("%s%s to %s in steps of %s", cores, gibText(r.from), gibText(r.to), gibText(r.step))
}

func gibText(mib int) string { return load.Bytes(mib << 20).String() }

// fit rounds up to the smallest of Fargate's pairs that has at least so many
// cores and bytes.
func fit(cores float64, bytes int64) (size, error) {
	if cores == 0 {
		cores = defaultCPU
	}
	units, mib := int(math.Ceil(cores*1024)), int((bytes+(1<<20)-1)>>20)
	if cores > 0 && bytes >= 0 {
		for _, r := range rows() {
			if r.cpu < units {
				continue
			}
			if m := r.memory(mib); m > 0 {
				return size{r.cpu, m}, nil
			}
		}
	}
	var pairs []string
	for _, r := range rows() {
		pairs = append(pairs, r.text())
	}
	return size{}, &fleet.StartError{
		Kind:   fleet.BadSpec,
		Reason: fmt.Sprintf("Fargate has no task with %g cores and %s of memory", cores, load.Bytes(bytes)),
		Remedy: "it has " + strings.Join(pairs, "; "),
	}
}
