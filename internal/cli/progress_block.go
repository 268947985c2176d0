package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"onrush.dev/onrush/internal/load"
)

// block is the progress of a terminal: a few lines that are drawn over and
// over, with what is said standing above them.
//
//	run r0abc of quickstart: 4 tasks in 2 regions, up to 400 requests/s, 20s
//	running  12s of 20s  [##################------------]
//	offered 400/s  achieved 398/s  errors 0  p50 3.11ms  p95 12.0ms  p99 34.2ms
//	  eu   2/2 tasks  achieved 199/s  errors 0  p50 3.10ms  p95 11.8ms  p99 30.0ms
//	  us   2/2 tasks  achieved 199/s  errors 0  p50 3.12ms  p95 12.1ms  p99 34.9ms
type block struct {
	mu    sync.Mutex
	w     io.Writer
	width int
	plan  *load.Plan
	drawn []string // the lines that stand there now
}

// Run implements progress.
func (b *block) Run(run load.Run) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.plan = run.Plan
	fmt.Fprintln(b.w, runLine(run))
}

// Snapshot implements progress.
func (b *block) Snapshot(s load.Snapshot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.Status == load.Ended {
		return
	}
	if s.Second < 0 {
		b.draw(append([]string{fmt.Sprintf("%s  %s", s.Status, taskStates(s.Tasks))}, startLines(s.Provisioning)...))
		return
	}
	lines := []string{
		fmt.Sprintf("%s  %s  %s", s.Status, clock(s.Second, b.plan), bar(b.done(s), 30)),
		figures(s.Last, b.plan),
	}
	names := sortedKeys(s.RegionLast)
	longest := 0
	for _, name := range names {
		longest = max(longest, utf8.RuneCountInString(name))
	}
	for _, name := range names {
		p := s.RegionLast[name]
		lines = append(lines, fmt.Sprintf("  %-*s  %d/%d tasks  %s",
			longest, name, p.Tasks, tasksOf(s.Tasks, name), responses(p)))
	}
	for _, c := range s.Criteria {
		if c.Verdict == load.Failed {
			lines = append(lines, fmt.Sprintf("  broken: %s (found %s)", c.Criterion, c.FoundText))
		}
	}
	b.draw(append(lines, s.Notes...))
}

// Event implements progress.
func (b *block) Event(e load.Event) { b.Say(eventLine(e)) }

// Lost implements progress.
func (b *block) Lost(err error) { b.Say(lostLine(err)) }

// Say implements progress.
func (b *block) Say(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	stood := b.drawn
	b.wipe()
	fmt.Fprintln(b.w, text)
	b.draw(stood)
}

// Close implements progress. What stands there goes: the report follows.
func (b *block) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wipe()
}

// done is how much of the run is over, 0 to 1, or -1 when nobody can know.
func (b *block) done(s load.Snapshot) float64 {
	share := -1.0
	if b.plan == nil {
		return share
	}
	if b.plan.Duration > 0 {
		share = float64(s.Second+1) / time.Duration(b.plan.Duration).Seconds()
	}
	if b.plan.Requests > 0 {
		share = max(share, float64(s.Total.Requests)/float64(b.plan.Requests))
	}
	return min(share, 1)
}

// draw replaces the lines that stand there. One write, so that nothing
// flickers; lines are cut so that none of them wraps.
func (b *block) draw(lines []string) {
	var s strings.Builder
	s.WriteString(up(len(b.drawn)))
	for _, line := range lines {
		s.WriteString(cut(line, b.width-1) + "\n")
	}
	_, _ = io.WriteString(b.w, s.String())
	b.drawn = lines
}

func (b *block) wipe() {
	_, _ = io.WriteString(b.w, up(len(b.drawn)))
	b.drawn = nil
}

// up moves the cursor up n lines and clears from there to the end.
func up(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("\x1b[%dA\x1b[J", n)
}

func cut(line string, width int) string {
	if utf8.RuneCountInString(line) <= width {
		return line
	}
	return string([]rune(line)[:width])
}

// bar draws a share of 0 to 1; nothing below 0.
func bar(share float64, width int) string {
	if share < 0 {
		return ""
	}
	full := int(share*float64(width) + 0.5)
	return "[" + strings.Repeat("#", full) + strings.Repeat("-", width-full) + "]"
}

func tasksOf(tasks map[string]load.TaskLive, region string) int {
	n := 0
	for _, task := range tasks {
		if task.Region == region {
			n++
		}
	}
	return n
}

// taskStates counts tasks by status: "2 ready, 2 starting".
func taskStates(tasks map[string]load.TaskLive) string {
	count := map[load.TaskStatus]int{}
	for _, task := range tasks {
		count[task.Status]++
	}
	var parts []string
	for _, status := range slices.Sorted(maps.Keys(count)) {
		parts = append(parts, fmt.Sprintf("%d %s", count[status], status))
	}
	return strings.Join(parts, ", ")
}
