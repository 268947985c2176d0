package docker_test

import (
	"os"
	"strconv"
	"testing"
	"time"

	"onrush.dev/onrush/internal/fleet"
)

// massTasks is how many real tasks TestManyTasks starts; ONRUSH_TEST_TASKS sets
// another number.
const massTasks = 100

// Many tasks, all of them real, started, listed, and swept.
func TestManyTasks(t *testing.T) {
	host := engineHost(t)
	n := massTasks
	if text := os.Getenv("ONRUSH_TEST_TASKS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
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
