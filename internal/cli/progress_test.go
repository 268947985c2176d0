package cli

import (
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/load"
)

func openRun() load.Run {
	return load.Run{ID: "r1", Scenario: "shop", Status: load.Provisioning, Plan: &load.Plan{
		Model: load.Open, Tasks: 3, Rate: 400, Duration: load.Duration(20 * time.Second),
		Regions: []load.PlanRegion{{Name: "eu"}, {Name: "america"}},
	}}
}

func snapshot(second int) load.Snapshot {
	point := load.SeriesPoint{Second: second, Tasks: 2, Requests: 398, Failures: 4, Offered: 400, P50: 3.114, P95: 12.04, P99: 34.2}
	return load.Snapshot{
		Run: "r1", Status: load.Running, Second: second, Last: point,
		RegionLast: map[string]load.SeriesPoint{"eu": point, "america": {Tasks: 1}},
		Tasks:      map[string]load.TaskLive{"eu-1": {Region: "eu"}, "eu-2": {Region: "eu"}, "america-1": {Region: "america"}},
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	l := &lines{w: &out}
	l.Run(openRun())
	for second := -1; second <= 5; second++ {
		l.Snapshot(snapshot(second))
	}
	l.Event(load.Event{Task: "eu-1", Text: "lost: killed"})
	want := `run r1 of shop: 3 tasks in 2 regions, up to 400 requests/s, 20s
1s of 20s  offered 400/s  achieved 398/s  errors 4 (1.01%)  p50 3.11ms  p95 12.0ms  p99 34.2ms
4s of 20s  offered 400/s  achieved 398/s  errors 4 (1.01%)  p50 3.11ms  p95 12.0ms  p99 34.2ms
eu-1: lost: killed
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

// TestBlock plays the terminal: after every write the screen must show the
// last picture once, under all that was said.
func TestBlock(t *testing.T) {
	t.Parallel()
	screen := &screen{}
	b := &block{w: screen, width: 100}
	b.Run(openRun())
	b.Snapshot(snapshot(11))
	b.Say("draining")
	b.Snapshot(snapshot(12))
	want := []string{
		"run r1 of shop: 3 tasks in 2 regions, up to 400 requests/s, 20s",
		"draining",
		"running  13s of 20s  [####################----------]",
		"offered 400/s  achieved 398/s  errors 4 (1.01%)  p50 3.11ms  p95 12.0ms  p99 34.2ms",
		"  america  1/1 tasks  achieved 0/s  errors 0",
		"  eu       2/2 tasks  achieved 398/s  errors 4 (1.01%)  p50 3.11ms  p95 12.0ms  p99 34.2ms",
	}
	if got := strings.Join(screen.lines, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	b.Close()
	if got := strings.Join(screen.lines, "\n"); got != strings.Join(want[:2], "\n") {
		t.Errorf("after the end, got\n%s", got)
	}
	b.width = 20
	b.Snapshot(snapshot(13))
	for _, line := range screen.lines[2:] {
		if len(line) > 19 {
			t.Errorf("a line of %d columns wraps on a terminal of 20: %q", len(line), line)
		}
	}
}

// screen is a terminal that knows lines, "up n" and "clear to the end".
type screen struct{ lines []string }

func (s *screen) Write(p []byte) (int, error) {
	text := string(p)
	for text != "" {
		if rest, found := strings.CutPrefix(text, "\x1b["); found {
			digits, rest, _ := strings.Cut(rest, "A\x1b[J")
			n := 0
			for _, d := range digits {
				n = n*10 + int(d-'0')
			}
			s.lines = s.lines[:len(s.lines)-n]
			text = rest
			continue
		}
		line, rest, _ := strings.Cut(text, "\n")
		s.lines = append(s.lines, line)
		text = rest
	}
	return len(p), nil
}

func TestMilliseconds(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{0: "0.00ms", 3.114: "3.11ms", 12.04: "12.0ms", 345.6: "346ms", 12345: "12.3s"} {
		if got := ms(v); got != want {
			t.Errorf("%v: got %s, want %s", v, got, want)
		}
	}
}
