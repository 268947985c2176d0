package httpload

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine/enginetest"
	"onrush.dev/onrush/internal/load"
)

// users is a CSV file with n rows: u0, u1, …
func users(n int) []byte {
	var b strings.Builder
	b.WriteString("user,n\n")
	for i := range n {
		fmt.Fprintf(&b, "u%d,%d\n", i, i)
	}
	return []byte(b.String())
}

// withData runs a scenario that reads users.csv in three tasks and returns how
// often the server saw which user, by task.
func withData(t *testing.T, order load.Order, rows int) (map[string]map[string]int, enginetest.Total) {
	t.Helper()
	s := newServer(t, nil, nil)
	order.Scenario.Requests = []load.Request{{Label: "get", URL: "http://" + s.addr + "/${user}", Headers: map[string]string{"X-Task": "${task}"}}}
	var windows []*load.Window
	var tasks []*enginetest.Task
	for i := range 3 {
		o := order
		o.Scenario.Variables = map[string]string{"task": fmt.Sprint(i)}
		o.Share = load.Share{Groups: []load.ShareGroup{{Tasks: 3, Weight: 1}}, Index: i}
		k := enginetest.NewTask(t, New(), o)
		write(t, filepath.Join(k.Job.Dir, "users.csv"), users(rows))
		k.Start(soon())
		tasks = append(tasks, k)
	}
	for _, k := range tasks {
		windows = append(windows, k.Wait().Windows...)
	}
	out := map[string]map[string]int{}
	for _, r := range s.requests() {
		task := r.Header.Get("X-Task")
		if out[task] == nil {
			out[task] = map[string]int{}
		}
		out[task][r.URL.Path]++
	}
	return out, enginetest.Sum(windows)
}

func data(sharing load.DataSharing, order string) load.Scenario {
	return load.Scenario{Name: "data", Data: []load.Data{{Name: "users", File: "users.csv", Sharing: sharing, Order: order}}}
}

func TestSameDataInEveryTask(t *testing.T) {
	t.Parallel()
	seen, got := withData(t, load.Order{Model: load.Closed, Scenario: data(load.DataSame, ""), Profile: enginetest.Endless(6), Requests: 20}, 10)
	good(t, got, 60)
	for task, rows := range seen {
		for i := range 10 {
			if n := rows[fmt.Sprintf("/u%d", i)]; n != 2 {
				t.Errorf("task %s used row %d %d times, want all rows twice", task, i, n)
			}
		}
	}
}

func TestSplitData(t *testing.T) {
	t.Parallel()
	seen, got := withData(t, load.Order{Model: load.Closed, Scenario: data(load.DataSplit, "random"), Profile: enginetest.Endless(6), Requests: 60}, 10)
	good(t, got, 180)
	all := map[string]string{}
	for task, rows := range seen {
		for row := range rows {
			if other, taken := all[row]; taken {
				t.Errorf("tasks %s and %s both used %s", task, other, row)
			}
			all[row] = task
		}
	}
	if len(all) != 10 {
		t.Errorf("%d of 10 rows were used: %v", len(all), slices.Sorted(maps.Keys(all)))
	}
}

func TestUniqueData(t *testing.T) {
	t.Parallel()
	for _, model := range []load.Model{load.Closed, load.Open} {
		for _, how := range []string{"sequential", "random"} {
			order := load.Order{Model: model, Scenario: data(load.DataUnique, how), Profile: enginetest.Hold(3, time.Hour)}
			unserved := int64(3) // every user says once that it found no row
			if model == load.Open {
				order.Profile = enginetest.Hold(100, 200*time.Millisecond)
				unserved = 9
			}
			seen, got := withData(t, order, 11)
			if got.Requests != 11+unserved || got.Causes[load.CauseData] != unserved || got.Failures != unserved {
				t.Errorf("%s, %s: %d requests, causes %v; want 11 good ones and %d without a row", model, how, got.Requests, got.Causes, unserved)
			}
			used := map[string]int{}
			for _, rows := range seen {
				for row, n := range rows {
					used[row] += n
				}
			}
			for i := range 11 {
				if n := used[fmt.Sprintf("/u%d", i)]; n != 1 {
					t.Errorf("%s, %s: row %d was used %d times", model, how, i, n)
				}
			}
		}
	}
}

// TestReplacementRepeatsNoUniqueRow starts a task of the open model in the
// middle: its rows are those of its own arrivals.
func TestReplacementRepeatsNoUniqueRow(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil, nil)
	scenario := data(load.DataUnique, "")
	scenario.Requests = []load.Request{get("http://%s/${user}", s.addr)}
	k := enginetest.NewTask(t, New(), load.Order{
		Model: load.Open, Scenario: scenario, Profile: enginetest.Hold(20, 2*time.Second), Skip: load.Duration(time.Second),
	})
	write(t, filepath.Join(k.Job.Dir, "users.csv"), users(40))
	k.Start(time.Now().Add(-time.Second))
	good(t, k.Wait(), 20)
	for _, r := range s.requests() {
		if n := number(t, strings.TrimPrefix(r.URL.Path, "/u")); n < 20 {
			t.Errorf("row %d was used again", n)
		}
	}
}

func TestWeights(t *testing.T) {
	t.Parallel()
	p := &program{seed: seedOf("any")}
	if err := p.weigh([]load.Flow{{Weight: 1}, {Weight: 7}, {Weight: 2}}); err != nil {
		t.Fatal(err)
	}
	var drawn [3]int
	for k := range int64(100_000) {
		drawn[p.draw(uint64(k))]++
	}
	for i, want := range []int{10_000, 70_000, 20_000} {
		if drawn[i] < want-600 || drawn[i] > want+600 {
			t.Errorf("request %d was drawn %d times of 100000, want about %d", i, drawn[i], want)
		}
	}
	if err := new(program).weigh([]load.Flow{{Weight: 1}, {}}); err == nil {
		t.Error("a weight on one of two requests: got no error")
	}
}

func TestThinkTime(t *testing.T) {
	t.Parallel()
	k := &walk{program: new(program)}
	q := &request{think: load.Span{Min: load.Duration(time.Second), Max: load.Duration(3 * time.Second)}}
	low, high := time.Hour, time.Duration(0)
	for range 1000 {
		d := k.think(q)
		low, high = min(low, d), max(high, d)
	}
	if low < time.Second || low > 1100*time.Millisecond || high > 3*time.Second || high < 2900*time.Millisecond {
		t.Errorf("drew from %s to %s, want 1s to 3s", low, high)
	}
}

// TestPoissonArrivals draws many gaps: their mean and their spread are those of
// an exponential distribution, and two walks see the same.
func TestPoissonArrivals(t *testing.T) {
	t.Parallel()
	profile := enginetest.Hold(2000, 20*time.Second)
	k := enginetest.NewTask(t, New(), load.Order{
		Scenario: load.Scenario{Load: load.Load{Arrivals: "poisson"}}, Model: load.Open, Profile: profile,
		Share: load.Share{Groups: []load.ShareGroup{{Tasks: 2, Weight: 1}}, Index: 1},
	})
	a, b := newArrivals(&k.Job, 1, 0, 1), newArrivals(&k.Job, 1, 0, 1)
	last, n, sum, squares := time.Duration(0), 0.0, 0.0, 0.0
	for {
		due, ok := a.due()
		if again, _ := b.due(); again != due {
			t.Fatalf("two walks differ: %s and %s", due, again)
		}
		if !ok {
			break
		}
		gap := (due - last).Seconds()
		last, n, sum, squares = due, n+1, sum+gap, squares+gap*gap
		a.next()
		b.next()
	}
	mean := sum / n
	if n < 19_000 || n > 21_000 || last > 20*time.Second {
		t.Errorf("got %v arrivals until %s, want about 20000 in 20 s", n, last)
	}
	if deviation := squares/n - mean*mean; deviation < 0.9*mean*mean || deviation > 1.1*mean*mean {
		t.Errorf("the gaps' variance is %v of their mean squared, want 1", deviation/mean/mean)
	}
}
