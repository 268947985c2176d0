package docker_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/fleet"
)

// massTasks is how many real tasks TestManyTasks starts, where the machine has
// the memory for so many containers; ONRUSH_TEST_TASKS sets another number.
const (
	massTasks     = 500
	perContainer  = 20 << 20 // bytes, most of them for the engine's own process beside it
	leastOfMemory = 1 << 30  // bytes for everything else
)

// howMany tasks this machine can hold.
func howMany(t *testing.T) int {
	t.Helper()
	if text := os.Getenv("ONRUSH_TEST_TASKS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	data, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(data), "MemAvailable:")
	var free int
	if _, err := fmt.Sscan(rest, &free); err != nil {
		t.Fatalf("read /proc/meminfo: %v", err)
	}
	return max(50, min(massTasks, (free<<10-leastOfMemory)/perContainer))
}

// Many tasks, all of them real, started, listed, and swept, on an engine of the
// test's own: so many at once can lock an old one up, and others use the other.
func TestManyTasks(t *testing.T) {
	engineHost(t) // says what is missing
	host := startEngine(t).unix
	n := howMany(t)
	where := place(t, host)
	d := open(t, where)
	run := newRun(t, d)
	list := specs(run, "script:trap 'exit 0' TERM; sleep 100000 & wait", names(n)...)
	begin := time.Now()
	start(t, d, list)
	t.Logf("%d tasks were up after %.0fs", n, time.Since(begin).Seconds())
	begin = time.Now()
	got := instances(t, d, run)
	t.Logf("the first list took %.1fs", time.Since(begin).Seconds())
	begin = time.Now()
	if again := instances(t, d, run); len(got) != n || len(again) != n {
		t.Errorf("the list has %d, then %d of %d tasks", len(got), len(again), n)
	}
	t.Logf("the next list took %.1fs", time.Since(begin).Seconds())
	for task, i := range got {
		if i.State != fleet.Up {
			t.Errorf("task %s is %s: %s", task, i.State, i.Reason)
		}
	}
	begin = time.Now()
	if err := d.Stop(t.Context(), run); err != nil {
		t.Error(err)
	}
	t.Logf("stop took %.0fs", time.Since(begin).Seconds())
	if still := left(t, dial(t, host), where.Dir, run); len(still) != 0 {
		t.Errorf("after stop there is still %v", still)
	}
}
