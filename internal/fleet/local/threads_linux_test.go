package local_test

import (
	"context"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"onrush.dev/onrush/internal/fleet"
)

// endThreads as the first argument makes the test program a task whose first
// thread ends well before the others: the system shows it as a zombie that
// cannot be reaped yet. Every agent is that for a moment while it ends.
const endThreads = "end-threads"

const endCode = 7

func endByThreads() {
	runtime.LockOSThread()
	if syscall.Gettid() != os.Getpid() {
		os.Exit(1) // not on the first thread
	}
	go func() {
		time.Sleep(500 * time.Millisecond)
		os.Exit(endCode)
	}()
	_, _, _ = syscall.Syscall(syscall.SYS_EXIT, 0, 0, 0) // this thread alone
}

func TestEndsWithItsLastThread(t *testing.T) {
	t.Parallel()
	o := options(t.TempDir())
	o.Command = []string{os.Args[0], endThreads}
	d := open(t, o)
	started, err := d.Start(t.Context(), []fleet.TaskSpec{{Run: "run", Task: "eu-1"}})
	if err != nil || started[0].Err != nil {
		t.Fatal(err, started)
	}
	var found []fleet.Instance
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if found, err = d.List(t.Context(), "run"); err != nil {
			t.Fatal(err)
		}
		if found[0].State == fleet.Gone {
			break
		}
	}
	if found[0].ExitCode == nil || *found[0].ExitCode != endCode {
		t.Errorf("task ended with %+v, want exit code %d: it was given up before its last thread ended", found[0], endCode)
	}
	if state, err := os.ReadFile("/proc/" + started[0].Instance + "/stat"); err == nil && strings.Contains(string(state), ") Z ") {
		t.Error("the task's process is left behind as a zombie")
	}
}

// TestStopFrozen ends a task that was stopped with SIGSTOP: waiting for it to
// heed a SIGTERM would be waiting for nothing.
func TestStopFrozen(t *testing.T) {
	t.Parallel()
	o := options(t.TempDir())
	o.Grace = time.Hour
	d := open(t, o)
	started, err := d.Start(t.Context(), []fleet.TaskSpec{{Run: "run", Task: "eu-1", Ticket: "wait"}})
	if err != nil || started[0].Err != nil {
		t.Fatal(err, started)
	}
	if err := syscall.Kill(pid(t, fleet.Instance{ID: started[0].Instance}), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := d.Stop(ctx, "run"); err != nil {
		t.Fatal(err)
	}
	if ctx.Err() != nil {
		t.Error("the grace period was waited for in vain")
	}
}
