package locust_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine/enginetest"
	"onrush.dev/onrush/internal/load"
)

// classes tells of every user that begins, by its class, and does nothing else.
const classes = `
from locust import User, task, events, constant
def begin(user):
    user.environment.events.request.fire(request_type="begin", name=type(user).__name__, response_time=1, response_length=0, exception=None, context={})
class Common(User):
    weight = 5
    wait_time = constant(1)
    on_start = begin
    @task
    def rest(self): pass
class Rare(Common):
    weight = 1
class Fixed(Common):
    fixed_count = 3
`

// together runs a script in three tasks of two weights and adds up what the
// tasks counted by label.
func together(t *testing.T, order load.Order, script string, beside ...file) (labels map[string]int64, tasks []enginetest.Total) {
	t.Helper()
	groups := []load.ShareGroup{{Tasks: 2, Weight: 3}, {Tasks: 1, Weight: 1}}
	var all []*enginetest.Task
	for i, share := range []load.Share{{Groups: groups}, {Groups: groups, Index: 1}, {Groups: groups, Group: 1}} {
		one := order
		one.Share, one.Index, one.Count = share, i, 3
		all = append(all, task(t, script, one, beside...))
	}
	prepare(t, all...)
	start := time.Now().Add(100 * time.Millisecond)
	for _, k := range all {
		k.Start(start)
	}
	labels = map[string]int64{}
	for _, k := range all {
		got := k.Wait()
		tasks = append(tasks, got)
		for label, n := range got.Labels {
			labels[label] += n
		}
	}
	return labels, tasks
}

// TestTasksMakeTheUsersOnce: three tasks together have the very users that one
// Locust has, of every class.
func TestTasksMakeTheUsersOnce(t *testing.T) {
	t.Parallel()
	conf := file{"locust.conf", "users = 15\nspawn-rate = 50\nrun-time = 2s\n"}
	one := task(t, classes, load.Order{}, conf)
	start(t, one)
	want := one.Wait().Labels
	if want["begin Common"] != 10 || want["begin Rare"] != 2 || want["begin Fixed"] != 3 {
		t.Fatalf("one Locust has %v", want)
	}
	got, tasks := together(t, load.Order{}, classes, conf)
	if !maps.Equal(got, want) {
		t.Errorf("three tasks have %v, one has %v", got, want)
	}
	for i, n := range []int64{6, 6, 3} {
		if tasks[i].Requests < n-1 || tasks[i].Requests > n+1 {
			t.Errorf("task %d has %d users, want about %d of 15", i, tasks[i].Requests, n)
		}
	}
}

// TestTasksSpawnAsOne: the spawn rate is that of the run, too.
func TestTasksSpawnAsOne(t *testing.T) {
	t.Parallel()
	conf := file{"locust.conf", "users = 6\nspawn-rate = 2\nrun-time = 5s\n"}
	_, tasks := together(t, load.Order{}, classes, conf)
	begun := map[int]int64{}
	for _, got := range tasks {
		for _, w := range got.Windows {
			for _, e := range w.Entries {
				begun[w.Second] += e.Requests
			}
		}
	}
	sum := int64(0)
	for second := range 3 {
		sum += begun[second]
		if want := int64(2 * (second + 1)); sum > want {
			t.Errorf("%d users after second %d, want at most %d: %v", sum, second, want, begun)
		}
	}
	if begun[0]+begun[1]+begun[2]+begun[3] != 6 {
		t.Errorf("users begun by second: %v, want 6 in all", begun)
	}
}

func TestPerTask(t *testing.T) {
	t.Parallel()
	conf := file{"locust.conf", "users = 6\nspawn-rate = 50\nrun-time = 1s\n"}
	got, _ := together(t, load.Order{Scenario: load.Scenario{Share: load.SharingPerTask}}, classes, conf)
	if sum := got["begin Common"] + got["begin Rare"] + got["begin Fixed"]; sum != 18 || got["begin Fixed"] != 9 {
		t.Errorf("three tasks have %v, want three times the script's 6 users", got)
	}
}

// TestShapesAreShared: a shape drives all tasks, and each has its part.
func TestShapesAreShared(t *testing.T) {
	t.Parallel()
	const shape = `
from locust import LoadTestShape
class Steps(LoadTestShape):
    def tick(self):
        now = self.get_run_time()
        if now < 2: return 4, 100
        if now < 4: return 10, 100
        if now < 6: return 1, 100
        return None
`
	got, tasks := together(t, load.Order{}, classes+shape)
	if sum := got["begin Common"] + got["begin Rare"] + got["begin Fixed"]; sum != 10 {
		t.Errorf("%v began, want ten users in all", got)
	}
	users := map[int]int{}
	for _, task := range tasks {
		for _, w := range task.Windows {
			users[w.Second] += w.Users
		}
	}
	for second, want := range map[int]int{0: 4, 2: 10, 4: 1} {
		if users[second] != want {
			t.Errorf("%d users in second %d, want %d: %v", users[second], second, want, users)
		}
	}
}

// TestDataIsShared: a file whose rows are split lies beside the script with the
// task's own rows.
func TestDataIsShared(t *testing.T) {
	t.Parallel()
	const script = `
import csv
from locust import User, task, events
from locust.exception import StopUser
class Reader(User):
    @task
    def read(self):
        for row in csv.DictReader(open("rows.csv")):
            self.environment.events.request.fire(request_type="row", name=row["id"], response_time=1, response_length=0, exception=None, context={})
        raise StopUser()
`
	groups := []load.ShareGroup{{Tasks: 3, Weight: 1}}
	sum := map[string]int64{}
	for i := range 3 {
		k := task(t, script, load.Order{
			Scenario: load.Scenario{
				Data: []load.Data{{Name: "rows", File: "rows.csv", Sharing: load.DataUnique}},
				Load: load.Load{TotalUsers: 3, Duration: load.Duration(time.Second)},
			},
			Profile: enginetest.Hold(3, time.Second),
			Share:   load.Share{Groups: groups, Index: i}, Index: i, Count: 3,
		})
		write(t, k, "rows.csv", "id\n"+strings.Join(strings.Fields("a b c d e f g"), "\n")+"\n")
		start(t, k)
		for label, n := range k.Wait().Labels {
			sum[label] += n
		}
	}
	for _, id := range strings.Fields("a b c d e f g") {
		if sum["row "+id] != 1 {
			t.Errorf("row %s was read %d times, want once: %v", id, sum["row "+id], sum)
		}
	}
	if fmt.Sprint(len(sum)) != "7" {
		t.Errorf("rows are %v", sum)
	}
}
