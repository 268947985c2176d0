package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/control"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/server"
)

// asServer makes the test's own program a server on that folder.
const (
	asServer = "ONRUSH_TEST_SERVER"
	asAgent  = "ONRUSH_TEST_AGENT_PROGRAM"
	asListen = "ONRUSH_TEST_LISTEN"
)

// crashConfig is a server whose region takes its time for each task; every
// other one may never come up.
func crashConfig(dir, listen, agent, never string, log io.Writer) server.Config {
	return server.Config{
		DataDir: dir, Listen: listen, AgentCommand: []string{agent}, Scripted: true,
		Regions: []load.Region{{Name: "eu", Driver: "scripted", Settings: map[string]string{"throttle": "150ms", "never": never}}},
		Limits:  control.Limits{Provision: 10 * time.Second, Silence: 6 * time.Second, Drain: 2 * time.Second, Overrun: 2 * time.Second},
		Sweep:   server.Sweep{First: time.Hour, Grace: time.Millisecond},
		Log:     slog.New(slog.NewTextHandler(log, nil)),
	}
}

// serveUntilKilled is a server in a process of its own.
func serveUntilKilled(dir string) int {
	never := os.Getenv(asServer + "_NEVER")
	s, err := server.Start(context.Background(), crashConfig(dir, os.Getenv(asListen), os.Getenv(asAgent), never, os.Stderr))
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	fmt.Println(s.URL(), s.Token())
	select {}
}

// freeAddress is one that nobody listens on: agents must find the server where
// it was.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestKilledWhileProvisioning kills a server with SIGKILL while its driver
// starts tasks, and starts another one on its folder: no task comes twice, the
// run ends with its true cause, and nothing is left.
func TestKilledWhileProvisioning(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		never   string
		outcome load.Outcome
		cause   string
		reports int
	}{
		"all come":        {"0", load.Completed, "", 12},
		"half never come": {"2", load.CouldNotRun, "tasks were ready after 10s", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, listen := t.TempDir(), freeAddress(t)
			exe, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			process := exec.Command(exe)
			process.Env = append(os.Environ(), asServer+"="+dir, asServer+"_NEVER="+test.never, asAgent+"="+agent, asListen+"="+listen)
			process.Stderr = t.Output()
			out, err := process.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := process.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(out).ReadString('\n')
			url, token, ok := strings.Cut(strings.TrimSpace(line), " ")
			if err != nil || !ok || url == "error" {
				t.Fatalf("the server said %q, %v", line, err)
			}
			c := client.New(url, token)
			run := startRun(t, c, "name: killed\nengine: scripted\nregions: [{name: eu, tasks: 12}]\nload: {users: 1, duration: 3s}\n").ID
			awaitTasks(t, c, run, "some tasks are up, not all", func(tasks []load.Task) bool {
				up := 0
				for _, task := range tasks {
					if !task.Times.Hello.IsZero() {
						up++
					}
				}
				return up > 0
			})
			if err := process.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = process.Wait() // killed, as it was to be

			s, err := server.Start(t.Context(), crashConfig(dir, listen, agent, test.never, t.Output()))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close(context.Background()) })
			c = client.New(s.URL(), s.Token())
			report := waitEnd(t, c, run)
			if report.Run.Outcome != test.outcome || !strings.Contains(strings.Join(report.Run.Cause, "\n"), test.cause) {
				t.Errorf("outcome %s, cause %q, want %s, %q", report.Run.Outcome, report.Run.Cause, test.outcome, test.cause)
			}
			acc := report.Accounting
			if acc.TasksReported < test.reports || acc.SamplesSent != acc.SamplesReceived || acc.TasksPlanned != 12 {
				t.Errorf("accounting %+v", acc)
			}
			nothingLeft(t, c)
		})
	}
}
