package locust_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/engine/enginetest"
	"onrush.dev/onrush/internal/load"
)

func write(t *testing.T, k *enginetest.Task, name, text string) {
	t.Helper()
	if err := os.WriteFile(engine.FilePath(k.Job.Dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const browse = `
from locust import FastHttpUser, task, constant, events
class Browser(FastHttpUser):
    wait_time = constant(0.05)
    @task
    def page(self):
        self.client.get("/page")
    def on_stop(self):
        self.client.get("/bye")
@events.test_start.add_listener
def begin(environment, **_): print("begun")
@events.quitting.add_listener
def quitting(environment, **_): print("over")
`

const slow = `
from locust import HttpUser, task
class Slow(HttpUser):
    @task
    def slow(self):
        self.client.get("/slow")
`

func TestStopNowLeavesNothing(t *testing.T) {
	t.Parallel()
	server := newTarget(t)
	k := task(t, slow, load.Order{Scenario: load.Scenario{Env: env(server)}}, file{"locust.conf", "users = 4\nspawn-rate = 100\n"})
	start(t, k)
	waitFor(t, func() bool { return server.hits.Load() == 4 })
	begin := time.Now()
	k.Stop()
	k.Wait()
	if took := time.Since(begin); took > 8*time.Second {
		t.Errorf("stop-now took %s", took)
	}
	if left := processes(t, k.Job.Dir); len(left) > 0 {
		t.Errorf("still running: %v", left)
	}
}

// TestAHungScriptIsEnded: what does not listen is ended by force.
func TestAHungScriptIsEnded(t *testing.T) {
	t.Parallel()
	server := newTarget(t)
	script := slow + "\nfrom locust import events\nimport subprocess\nsubprocess.Popen(['sleep', '300'])\n@events.test_stop.add_listener\ndef hang(**_):\n    while True: pass\n"
	k := task(t, script, load.Order{Scenario: load.Scenario{Env: env(server)}})
	start(t, k)
	waitFor(t, func() bool { return server.hits.Load() == 1 })
	k.Stop()
	k.Wait()
	if left := processes(t, k.Job.Dir); len(left) > 0 {
		t.Errorf("still running: %v", left)
	}
}

func TestStopBeforeTheBarrier(t *testing.T) {
	t.Parallel()
	server := newTarget(t)
	k := task(t, browse, load.Order{Scenario: load.Scenario{Env: env(server)}})
	k.Start(time.Now().Add(time.Hour))
	k.Stop()
	if got := k.Wait(); got.Requests != 0 || server.hits.Load() != 0 {
		t.Errorf("got %d requests before the barrier", server.hits.Load())
	}
}

// TestNothingBeforeTheBarrier: the script is there, its users are not.
func TestNothingBeforeTheBarrier(t *testing.T) {
	t.Parallel()
	server := newTarget(t)
	k := task(t, browse, load.Order{
		Scenario: load.Scenario{Env: env(server), Load: load.Load{TotalUsers: 2, Duration: load.Duration(time.Second)}},
		Profile:  enginetest.Hold(2, time.Second),
	})
	prepare(t, k)
	start := time.Now().Add(1500 * time.Millisecond)
	k.Start(start)
	time.Sleep(time.Until(start) - 100*time.Millisecond)
	if n := server.hits.Load(); n != 0 && time.Now().Before(start) {
		t.Errorf("%d requests before the barrier", n)
	}
	if got := k.Wait(); got.Requests == 0 || got.Requests != server.hits.Load() {
		t.Errorf("got %d requests, the target saw %d", got.Requests, server.hits.Load())
	}
}

// TestDrain: users finish what they are at, and the script's own endings run.
func TestDrain(t *testing.T) {
	t.Parallel()
	server := newTarget(t)
	script := strings.ReplaceAll(browse, `"/page"`, `"/short"`)
	k := task(t, script, load.Order{Scenario: load.Scenario{Env: env(server)}}, file{"locust.conf", "users = 3\nspawn-rate = 100\n"})
	start(t, k)
	waitFor(t, func() bool { return server.hits.Load() == 3 })
	k.Change(time.Since(k.Job.Start), load.ChangeDrain, 0)
	got := k.Wait()
	if got.Labels["GET /bye"] != 3 || got.Labels["GET /short"] < 3 || got.Failures != 0 {
		t.Errorf("labels are %v, failures %d; want the three in flight and three goodbyes", got.Labels, got.Failures)
	}
	if log := kept(t, k, "locust.log"); !strings.Contains(log, "begun") || !strings.Contains(log, "over") {
		t.Errorf("the log lacks what the script prints:\n%s", log)
	}
}

func kept(t *testing.T, k *enginetest.Task, name string) string {
	t.Helper()
	for _, a := range k.Engine.(engine.Leaver).Artifacts() {
		if a.Name == name {
			text, err := os.ReadFile(a.Path)
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
	}
	t.Fatalf("nothing of the name %s was kept", name)
	return ""
}

// TestLiveControl changes the users of a script that drives itself.
func TestLiveControl(t *testing.T) {
	t.Parallel()
	server := newTarget(t)
	k := task(t, browse, load.Order{
		Scenario: load.Scenario{Env: env(server)}, Profile: enginetest.Endless(2),
	}, file{"locust.conf", "users = 2\nspawn-rate = 100\n"})
	start(t, k)
	k.Change(1500*time.Millisecond, load.ChangeLevel, 6)
	k.Change(3500*time.Millisecond, load.ChangePause, 0)
	k.Change(6500*time.Millisecond, load.ChangeResume, 0)
	k.Change(8500*time.Millisecond, load.ChangeLevel, 2) // as it was at the start
	k.Change(10500*time.Millisecond, load.ChangeDrain, 0)
	got := k.Wait()
	users := map[int]int{}
	for _, w := range got.Windows {
		users[w.Second] = w.Users
	}
	for second, want := range map[int]int{0: 2, 2: 6, 5: 0, 7: 6, 9: 2} {
		if users[second] != want {
			t.Errorf("second %d: %d users, want %d: %v", second, users[second], want, users)
		}
	}
}

// TestAPauseStopsAShape: a shape's clock stands still, too.
func TestAPauseStopsAShape(t *testing.T) {
	t.Parallel()
	server := newTarget(t)
	script := browse + "from locust import LoadTestShape\nclass Shape(LoadTestShape):\n    def tick(self):\n        now = self.get_run_time()\n        return None if now > 4 else (2 if now < 2 else 5, 100)\n"
	k := task(t, script, load.Order{Scenario: load.Scenario{Env: env(server)}, Profile: enginetest.Endless(5)})
	start(t, k)
	k.Change(1200*time.Millisecond, load.ChangePause, 0)
	k.Change(5200*time.Millisecond, load.ChangeResume, 0)
	got := k.Wait()
	if took := time.Since(k.Job.Start); took < 8*time.Second {
		t.Errorf("it ended %s after the start, want the shape's four seconds and the pause's", took)
	}
	users := map[int]int{}
	for _, w := range got.Windows {
		users[w.Second] = w.Users
	}
	if users[0] != 2 || users[3] != 0 || users[7] != 5 {
		t.Errorf("users by second: %v, want 2, none while paused, 5", users)
	}
}

// TestStages: the scenario's own stages replace the script's load.
func TestStages(t *testing.T) {
	t.Parallel()
	server := newTarget(t)
	stages := load.Profile{Points: []load.Point{{}, {At: load.Duration(2 * time.Second), Level: 8}, {At: load.Duration(4 * time.Second), Level: 8}}}
	k := task(t, browse, load.Order{Profile: stages, Scenario: load.Scenario{Env: env(server), Load: load.Load{Stages: []load.Stage{
		{Duration: load.Duration(2 * time.Second), Users: count(8)}, {Duration: load.Duration(2 * time.Second), Users: count(8)},
	}}}}, file{"locust.conf", "users = 2\nrun-time = 1s\n"})
	start(t, k)
	got := k.Wait()
	if took := time.Since(k.Job.Start); took < 4*time.Second {
		t.Errorf("it ended after %s, want the four seconds of the stages", took)
	}
	users := map[int]int{}
	for _, w := range got.Windows {
		users[w.Second] = w.Users
	}
	if users[0] < 2 || users[0] > 5 || users[2] != 8 {
		t.Errorf("users by second: %v, want a ramp to 8", users)
	}
}

func count(n int) *int { return &n }
