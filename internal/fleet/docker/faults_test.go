package docker_test

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/fleet/docker"
	"onrush.dev/onrush/internal/load"
)

// The engine does not answer for half a minute while tasks are started, and for
// a moment while they run: all get up, none twice, and none counts as gone.
func TestEngineComesBack(t *testing.T) {
	t.Parallel()
	p := newProxy(t, engineHost(t))
	d := open(t, place(t, p.host))
	run := newRun(t, d)
	began := make(chan struct{})
	var once bool
	p.breaks(func(r *http.Request) bool { // from the third start on
		if p.seen["start"] >= 3 && !once {
			once = true
			close(began)
		}
		return once
	})
	go func() {
		<-began
		time.Sleep(30 * time.Second)
		p.breaks(nil)
	}()
	list := specs(run, "wait", names(8)...)
	start(t, d, list)
	if got := instances(t, d, run); len(got) != len(list) {
		t.Errorf("%d instances of %d tasks", len(got), len(list))
	}

	p.breaks(all)
	for range 3 {
		for task, i := range instances(t, d, run) {
			if i.State != fleet.Up {
				t.Errorf("while the engine is silent, %s counts as %s", task, i.State)
			}
		}
	}
	capacity, err := d.Capacity(t.Context())
	if refused := (*fleet.StartError)(nil); !errors.As(err, &refused) || refused.Kind != fleet.Down || refused.Remedy == "" {
		t.Errorf("capacity while the engine is silent: %+v, %v, want an error that it is down", capacity, err)
	}
	fresh := open(t, place(t, p.host)) // knows nothing of the run
	if list, err := fresh.List(t.Context(), run); err == nil {
		t.Errorf("a new value lists %v of an engine that it cannot reach", list)
	}
	p.breaks(nil)
	await(t, "the engine is used again", func() bool { _, err := d.Capacity(t.Context()); return err == nil })
}

// An engine that stays down ends in an error that says so, in bounded time.
func TestEngineDown(t *testing.T) {
	t.Parallel()
	p := newProxy(t, engineHost(t))
	where := place(t, p.host)
	d := open(t, where, func(o *docker.Options) { o.Patience = time.Second })
	run := newRun(t, d)
	for name, broken := range map[string]func(*http.Request) bool{"all": all, "create": ending("/create"), "start": ending("/start")} {
		p.breaks(broken)
		answers, err := d.Start(t.Context(), specs(run, "wait", "eu-1", "eu-2"))
		if err == nil {
			err = errors.Join(answers[0].Err, answers[1].Err)
		}
		var refused *fleet.StartError
		if !errors.As(err, &refused) || refused.Kind != fleet.Down || !strings.Contains(refused.Reason, p.host) || refused.Remedy == "" {
			t.Errorf("%s: got %v, want an error that the engine is down, with a remedy", name, err)
		}
	}
	p.breaks(all)
	if findings, err := d.Check(t.Context()); err != nil || !slicesContain(findings, "engine", load.FindingFailed) {
		t.Errorf("engine that does not answer: found %+v, %v", findings, err)
	}
	p.breaks(nil)
	if findings, err := d.Check(t.Context()); err != nil || !slicesContain(findings, "engine", load.FindingOK) {
		t.Errorf("engine that answers again: found %+v, %v", findings, err)
	}
	// Made while the engine broke off, started by whoever asks next.
	next := open(t, where)
	start(t, next, specs(run, "wait", "eu-1", "eu-2"))
	if got := instances(t, next, run); len(got) != 2 || got["eu-1"].State != fleet.Up {
		t.Errorf("after the engine is back: %+v", got)
	}
}

func slicesContain(findings []load.Finding, check string, state load.FindingState) bool {
	for _, f := range findings {
		if f.Check == check && f.State == state {
			return true
		}
	}
	return false
}

// crashTasks is how many tasks the server starts that is killed meanwhile.
const crashTasks = 12

// startForever is what the test's own program does as a child: a server that
// starts tasks.
func startForever(t *testing.T, hosts string) {
	t.Helper()
	d := open(t, fleet.Place{
		Region: load.Region{Name: "eu", Image: programImage, Settings: map[string]string{"hosts": hosts, "pull": "never"}},
		Server: os.Getenv("ONRUSH_TEST_SERVER"), Dir: os.Getenv("ONRUSH_TEST_DIR"),
	}, func(o *docker.Options) { o.Parallel = 3 })
	_, err := d.Start(t.Context(), specs(os.Getenv("ONRUSH_TEST_RUN_NAME"), "wait", names(crashTasks)...))
	t.Fatalf("started all before it was killed: %v", err)
}

// A server is killed in the middle of Start. The next one starts what is
// missing, and nothing twice.
func TestServerKilledInStart(t *testing.T) {
	t.Parallel()
	if hosts := os.Getenv("ONRUSH_TEST_CRASH"); hosts != "" {
		startForever(t, hosts)
	}
	host := engineHost(t)
	api := dial(t, host)
	where := place(t, host)
	d := open(t, where)
	run := newRun(t, d)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command(exe, "-test.run=^TestServerKilledInStart$")
	server.Env = append(os.Environ(), "ONRUSH_TEST_CRASH="+host, "ONRUSH_TEST_SERVER="+where.Server, "ONRUSH_TEST_DIR="+where.Dir, "ONRUSH_TEST_RUN_NAME="+run)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	count := func() int {
		got, err := api.ContainerList(t.Context(), client.ContainerListOptions{All: true, Filters: client.Filters{}.Add("label", "onrush.run="+run)})
		if err != nil {
			t.Error(err)
		}
		return len(got.Items)
	}
	await(t, "some containers", func() bool { return count() >= 4 })
	if err := server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = server.Wait() // killed is what we want
	before := instances(t, d, run)
	if len(before) == 0 || len(before) == crashTasks {
		t.Fatalf("%d of %d tasks are there after the crash: it was not in the middle", len(before), crashTasks)
	}
	for i, a := range start(t, d, specs(run, "wait", names(crashTasks)...)) {
		if old, ok := before[names(crashTasks)[i]]; ok && old.ID != a.Instance {
			t.Errorf("task %s was %s before the crash and is %s after it", old.Task, old.ID, a.Instance)
		}
	}
	if got := count(); got != crashTasks {
		t.Errorf("%d containers of %d tasks", got, crashTasks)
	}
	for task, i := range instances(t, d, run) {
		if i.State != fleet.Up {
			t.Errorf("task %s is %s: %s", task, i.State, i.Reason)
		}
	}
}
