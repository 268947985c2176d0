package kubernetes_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/fleet/kubernetes"
)

// Five hundred tasks are one Job; half of them find a node that never answers, the
// other half none. All of it is told, and nothing is left after a stop.
func TestFiveHundredTasks(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	c.deadNode(t, 250)
	d := open(t, c.onDead(t))
	ticket := strings.Repeat("x", 1500) // as long as a real one
	begin := time.Now()
	step := func(what string) {
		t.Logf("%s after %s", what, time.Since(begin).Round(time.Millisecond))
	}
	start(t, d, specs("run", ticket, many(500)...))
	step("started")
	var placed, refused int
	var took time.Duration
	eventually(t, "all tasks to be told of", func() bool {
		at := time.Now()
		list, err := d.List(t.Context(), "run")
		must(t, err)
		took = time.Since(at)
		placed, refused = 0, 0
		for _, i := range list {
			switch {
			case strings.Contains(i.Reason, "waits for node dead-"):
				placed++
			case strings.Contains(i.Reason, "Too many pods"):
				refused++
			}
		}
		return len(list) == 500 && placed == 250 && refused == 250
	}, func() any { return fmt.Sprintf("%d placed, %d refused", placed, refused) })
	step(fmt.Sprintf("all pods made and placed, a list takes %s", took.Round(time.Millisecond)))
	jobs, err := c.BatchV1().Jobs(c.namespace).List(t.Context(), metav1.ListOptions{})
	must(t, err)
	if len(jobs.Items) != 1 {
		t.Errorf("500 tasks are %d jobs", len(jobs.Items))
	}
	if again := start(t, d, specs("run", ticket, many(500)...)); again[499].Instance != jobs.Items[0].Name+"-499" {
		t.Errorf("a second start answered %s for the last task", again[499].Instance)
	}
	step("started again")
	must(t, d.Stop(t.Context(), "run", many(100)...))
	if list, err := d.List(t.Context(), "run"); err != nil || len(list) != 400 {
		t.Errorf("after a stop of 100 the list has %d, %v", len(list), err)
	}
	step("stopped 100")
	must(t, d.Stop(t.Context(), "run"))
	step("stopped")
	c.bury(t)
	stop(t, d, c, "run")
	step("nothing left")
}

// Tickets that do not fit into one Secret make a second Job.
func TestTicketsOfManyJobs(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	c.deadNode(t, 0)
	d := open(t, c.onDead(t))
	start(t, d, specs("run", strings.Repeat("x", 400<<10), many(5)...))
	if list, err := d.List(t.Context(), "run"); err != nil || len(list) != 5 {
		t.Errorf("the list has %d, %v", len(list), err)
	}
	jobs, err := c.BatchV1().Jobs(c.namespace).List(t.Context(), metav1.ListOptions{})
	must(t, err)
	if len(jobs.Items) != 3 {
		t.Errorf("five tasks with tickets of 400 KiB are %d jobs, want 3", len(jobs.Items))
	}
	stop(t, d, c, "run")
}

// childOptions in the environment makes the test program a server that starts two
// tasks, and is killed while it does.
const childOptions = "ONRUSH_TEST_KUBERNETES_CHILD"

func TestMain(m *testing.M) {
	text := os.Getenv(childOptions)
	if text == "" {
		os.Exit(m.Run())
	}
	var o kubernetes.Options
	err := json.Unmarshal([]byte(text), &o)
	if err == nil {
		var d *kubernetes.Driver
		if d, err = kubernetes.New(o); err == nil {
			_, err = d.Start(context.Background(), specs("run", "wait", "eu-1", "eu-2"))
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// A server that is killed between the Job and its tickets leaves nothing that
// runs; the next one hands the tickets over, and each task runs once.
func TestServerKilledWhileStarting(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	w := wayTo(t, c)
	role, nodes := roles(t)
	o := c.options(t)
	o.Kubeconfig = w.kubeconfig(t, c.server(t, &role, &nodes))
	d := open(t, o)
	eventually(t, "the rights to hold", func() bool { _, err := d.List(t.Context(), ""); return err == nil })

	met := make(chan struct{})
	w.mu.Lock()
	w.meet = func(call string) bool {
		if call != "namespace create  secrets" {
			return true
		}
		close(met)
		return false
	}
	w.mu.Unlock()
	text, err := json.Marshal(o)
	must(t, err)
	exe, err := os.Executable()
	must(t, err)
	server := exec.Command(exe)
	server.Env = append(os.Environ(), childOptions+"="+string(text))
	must(t, server.Start())
	select {
	case <-met:
	case <-time.After(patience):
		t.Error("the server never came to the tickets")
	}
	must(t, server.Process.Kill())
	_ = server.Wait() // "signal: killed" is what we want
	w.mu.Lock()
	w.meet = nil
	w.mu.Unlock()

	list, err := d.List(t.Context(), "run")
	must(t, err)
	if len(list) != 2 || list[0].State != fleet.Pending {
		t.Fatalf("after the server's death the list has %+v, want two that wait", list)
	}
	answers := start(t, d, specs("run", "wait", "eu-1", "eu-2"))
	for i, task := range []string{"eu-1", "eu-2"} {
		if got := await(t, d, "run", task, fleet.Up); got.ID != answers[i].Instance {
			t.Errorf("got %+v, want %s", got, answers[i].Instance)
		}
		if pods := c.podsOf(t, answers[i].Instance); len(pods) != 1 {
			t.Errorf("%s has pods %v", task, pods)
		}
	}
	stop(t, d, c, "run")
}

// Many tasks that are really up on one node, and their end.
func TestFiftyAreUp(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	o := c.options(t)
	o.CPU = 0.01
	o.Image = image(t, "onrush.test/sleeper", "exec sleep 100000", "10001")
	d := open(t, o)
	begin := time.Now()
	start(t, d, specs("run", "wait", many(50)...))
	up := 0
	eventually(t, "fifty tasks to be up", func() bool {
		list, err := d.List(t.Context(), "run")
		must(t, err)
		up = 0
		for _, i := range list {
			if i.State == fleet.Up {
				up++
			}
		}
		return up == 50
	}, func() any { return up })
	t.Logf("50 up after %s", time.Since(begin).Round(100*time.Millisecond))
	stop(t, d, c, "run")
	t.Logf("nothing left after %s", time.Since(begin).Round(100*time.Millisecond))
}
