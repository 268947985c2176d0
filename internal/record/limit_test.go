package record

import (
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/load"
)

func TestLimit(t *testing.T) {
	t.Parallel()
	second := circumstances{
		bounds: bounds{cores: 2, files: 1000, memory: 1e9, ports: 28_232}, wall: time.Second, started: 1000,
	}
	tests := map[string]struct {
		health load.Health
		change func(*circumstances)
		want   string
	}{
		"idle":                   {want: ""},
		"all bounds just kept":   {health: load.Health{CPU: 1.9, Wait: 0.2, GC: 0.5, Pause: 20_000, Files: 950, LoopLag: 20_000}, want: ""},
		"descriptors used up":    {health: load.Health{NoFile: 3, Files: 1000, CPU: 2}, want: "files: 3 connections found no descriptor left, 1000 of 1000 are open"},
		"descriptors nearly":     {health: load.Health{Files: 951}, want: "files: 951 of 1000 descriptors are open"},
		"descriptors, no bound":  {health: load.Health{Files: 951}, change: func(c *circumstances) { c.files = 0 }, want: ""},
		"ports":                  {health: load.Health{NoPort: 7}, want: "ports: 7 connections found no local port left, the range has 28232"},
		"memory":                 {change: func(c *circumstances) { c.memory = 901e6 }, want: "memory: 901 of 1000 MB are in use"},
		"memory, no bound":       {change: func(c *circumstances) { c.memory, c.bounds.memory = 901e6, 0 }, want: ""},
		"cpu":                    {health: load.Health{CPU: 1.91}, want: "cpu: 1.9 of 2 cores are in use"},
		"cpu, too short to say":  {health: load.Health{CPU: 2, Wait: 1, GC: 1}, change: func(c *circumstances) { c.wall = 100 * time.Millisecond }, want: ""},
		"waits for a CPU":        {health: load.Health{CPU: 1, Wait: 0.3}, want: "cpu_wait: 1.0 cores are in use, and 0.3 more were waited for"},
		"waits, but little":      {health: load.Health{CPU: 0.1, Wait: 0.19}, want: ""},
		"waits, beside much use": {health: load.Health{CPU: 7, Wait: 0.3}, change: func(c *circumstances) { c.cores = 16 }, want: ""},
		"garbage collector":      {health: load.Health{CPU: 1.5, GC: 0.6}, want: "gc: the garbage collector takes 0.6 of 2 cores"},
		"pauses":                 {health: load.Health{Pause: 31_000}, want: "gc: the garbage collector stopped the program for 31 ms in a second"},
		"pauses of a long time":  {health: load.Health{Pause: 31_000}, change: func(c *circumstances) { c.wall = 2 * time.Second }, want: ""},
		"event loop":             {health: load.Health{LoopLag: 35_400}, want: "loop: an event waited 35 ms to be handled"},
		"what the engine says":   {health: load.Health{Dropped: 5}, change: func(c *circumstances) { c.engine = "connections: 5 of 5 in use" }, want: "connections: 5 of 5 in use"},
		"cpu explains the rest":  {health: load.Health{CPU: 2, LoopLag: 35_400}, change: func(c *circumstances) { c.engine = "connections: 5 of 5 in use" }, want: "cpu: 2.0 of 2 cores are in use; connections: 5 of 5 in use"},
		"dropped":                {health: load.Health{Dropped: 5}, want: "dropped: 5 requests that were due are given up"},
		"late":                   {change: func(c *circumstances) { c.late = 101 }, want: "late: 101 of 1000 requests were sent more than 1 ms after they were due"},
		"a few late":             {change: func(c *circumstances) { c.late, c.started = 9, 10 }, want: ""},
	}
	for name, test := range tests {
		c := second
		if test.change != nil {
			test.change(&c)
		}
		got := c.limit(&test.health)
		if got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
		h := load.Health{Limited: got}
		if word, _, _ := strings.Cut(got, ":"); string(h.Limit()) != word {
			t.Errorf("%s: %q is of limit %q", name, got, h.Limit())
		}
	}
}
