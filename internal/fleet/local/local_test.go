package local_test

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/fleet/fleettest"
	"onrush.dev/onrush/internal/fleet/local"
)

func options(dir string) local.Options {
	return local.Options{
		Region: "eu", Dir: dir, Command: []string{"sh", "-c", fleettest.Program},
		Grace: 500 * time.Millisecond,
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	dirOf := func(t *testing.T) string { return filepath.Join(root, strings.ReplaceAll(t.Name(), "/", "_")) }
	fleettest.Run(t, fleettest.Harness{
		New: func(t *testing.T, limit int) fleet.Driver {
			o := options(dirOf(t))
			o.Limit = limit
			return open(t, o)
		},
		Left: func(t *testing.T, run string) []string {
			return append(files(t, filepath.Join(dirOf(t), run)), processes(t, filepath.Join(dirOf(t), run))...)
		},
		Kill: func(t *testing.T, i fleet.Instance) {
			if err := syscall.Kill(pid(t, i), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		},
	})
}

func open(t *testing.T, o local.Options) *local.Driver {
	t.Helper()
	d, err := local.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() }) // its reaper writes into a folder that is about to go
	return d
}

func pid(t *testing.T, i fleet.Instance) int {
	t.Helper()
	pid, err := strconv.Atoi(i.ID)
	if err != nil || pid < 2 {
		t.Fatalf("instance id %q is no process", i.ID)
	}
	return pid
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err == nil {
			found = append(found, path)
		}
		return nil // removed while we look
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// processes finds those that carry the mark of a folder in their environment.
func processes(t *testing.T, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, p := range paths {
		if data, err := os.ReadFile(p); err == nil && strings.Contains(string(data), dir+"/") {
			found = append(found, p)
		}
	}
	return found
}

// The server's process is killed right after it started tasks. A new one finds
// them, sees how they end, and ends the rest.
func TestServerKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command(exe)
	server.Env = append(os.Environ(), childDir+"="+dir)
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	line, readErr := bufio.NewReader(out).ReadString('\n')
	if err := server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = server.Wait() // "signal: killed" is what we want
	if readErr != nil || line != "started\n" {
		t.Fatalf("the server's process said %q, %v", line, readErr)
	}

	d := open(t, options(dir))
	defer d.Close()
	list, err := d.List(t.Context(), "run")
	if err != nil || len(list) != 2 {
		t.Fatalf("got %+v, %v, want two instances", list, err)
	}
	for _, i := range list {
		if i.State != fleet.Up {
			t.Fatalf("task %s is %s after the server's death: %s", i.Task, i.State, i.Reason)
		}
	}
	if err := syscall.Kill(pid(t, list[0]), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if list, err = d.List(t.Context(), "run"); err != nil || len(list) != 2 {
			t.Fatalf("got %+v, %v", list, err)
		}
		if list[0].State == fleet.Gone {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the end of a task that is no child of this process is not seen")
		}
	}
	if list[0].Reason == "" || list[1].State != fleet.Up {
		t.Errorf("got %+v, want a reason for the first and the second up", list)
	}
	if err := d.Stop(t.Context(), "run"); err != nil {
		t.Fatal(err)
	}
	if left := append(files(t, filepath.Join(dir, "run")), processes(t, dir)...); len(left) != 0 {
		t.Errorf("left after stop: %v", left)
	}
}

// A server that ended between the start of a process and the note of it finds
// that process instead of starting a second one.
func TestStartedButNotNoted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := open(t, options(dir))
	defer d.Close()
	spec := []fleet.TaskSpec{{Run: "run", Task: "eu-1", Ticket: "wait"}}
	first, err := d.Start(t.Context(), spec)
	if err != nil || first[0].Err != nil {
		t.Fatal(err, first)
	}
	if err := os.Remove(filepath.Join(dir, "run", "eu-1.0", "process.json")); err != nil {
		t.Fatal(err)
	}
	second, err := d.Start(t.Context(), spec)
	if err != nil || second[0] != first[0] {
		t.Errorf("got %+v, %v, want the process that runs: %+v", second, err, first)
	}
	if err := d.Stop(t.Context(), "run"); err != nil {
		t.Fatal(err)
	}
	if left := processes(t, dir); len(left) != 0 {
		t.Errorf("left after stop: %v", left)
	}
}

// A number that now belongs to another process is not ours to signal.
func TestForeignProcessIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	other := exec.Command("sleep", "1000")
	other.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := other.Process.Kill(); err != nil {
			t.Errorf("the other process was ended: %v", err)
		}
		_ = other.Wait()
	}()
	task := filepath.Join(dir, "run", "eu-1.0")
	if err := os.MkdirAll(task, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"spec.json":    `{"run":"run","task":"eu-1","region":"eu","attempt":0}`,
		"process.json": fmt.Sprintf(`{"pid":%d,"birth":"another boot/123"}`, other.Process.Pid),
	} {
		if err := os.WriteFile(filepath.Join(task, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d := open(t, options(dir))
	defer d.Close()
	list, err := d.List(t.Context(), "run")
	if err != nil || len(list) != 1 || list[0].State != fleet.Gone {
		t.Fatalf("got %+v, %v, want one instance that is gone", list, err)
	}
	if err := d.Stop(t.Context(), "run"); err != nil {
		t.Fatal(err)
	}
	if err := other.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("the other process is gone: %v", err)
	}
}

func TestEnvironmentIsSmall(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://proxy.invalid")
	t.Setenv("ONRUSH_SECRET", "x")
	o := options(t.TempDir())
	o.Command = []string{"env"}
	d := open(t, o)
	defer d.Close()
	if _, err := d.Start(t.Context(), []fleet.TaskSpec{{Run: "run", Task: "t", Ticket: "secret", CPU: 1.5, Memory: 1 << 20}}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(o.Dir, "run", "t.0", "log")
	var env string
	for end := time.Now().Add(20 * time.Second); !strings.Contains(env, "PATH=") && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		data, _ := os.ReadFile(path)
		env = string(data)
	}
	for _, want := range []string{"ONRUSH_TICKET=secret\n", "GOMAXPROCS=2\n", "GOMEMLIMIT=1048576\n"} {
		if !strings.Contains(env, want) {
			t.Errorf("the environment lacks %q", want)
		}
	}
	for _, bad := range []string{"HTTP_PROXY", "ONRUSH_SECRET"} {
		if strings.Contains(env, bad) {
			t.Errorf("the environment holds the server's %s", bad)
		}
	}
	spec, err := os.ReadFile(filepath.Join(o.Dir, "run", "t.0", "spec.json"))
	if err != nil || strings.Contains(string(spec), "secret") {
		t.Errorf("the state %s, %v, want it without the ticket", spec, err)
	}
	if err := d.Stop(t.Context(), "run"); err != nil {
		t.Fatal(err)
	}
}

func TestMissingProgramIsNamed(t *testing.T) {
	t.Parallel()
	o := options(t.TempDir())
	o.Command = []string{filepath.Join(t.TempDir(), "no-agent")}
	d := open(t, o)
	defer d.Close()
	_, err := d.Start(t.Context(), []fleet.TaskSpec{{Run: "run", Task: "t"}})
	if err == nil || !strings.Contains(err.Error(), "no-agent") {
		t.Errorf("got %v, want an error that names the program", err)
	}
}
