package embedded_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"onrush.dev/onrush/internal/bus"
	"onrush.dev/onrush/internal/bus/embedded"
)

// childDir in the environment makes the test program a server on that folder,
// for tests that kill it.
const childDir = "ONRUSH_TEST_BUS_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		serveChild(dir)
		return
	}
	os.Exit(m.Run())
}

// serveChild serves run "r", prints a ticket for task eu-1, and waits to be
// killed.
func serveChild(dir string) {
	s, err := embedded.Start(embedded.Options{Dir: dir})
	if err == nil {
		err = s.Hub().OpenRun(context.Background(), "r")
	}
	var ticket string
	if err == nil {
		ticket, err = s.Hub().IssueTicket("r", "eu-1", "eu", 0, time.Hour)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(ticket)
	time.Sleep(time.Hour)
}

// The server's process is killed again and again while an agent publishes. What
// the agent was told to be stored is in the stream, once, and in the end the
// stream has everything.
func TestKillLosesNothing(t *testing.T) {
	t.Parallel()
	const kills, perLife = 3, 200
	dir := t.TempDir()
	child, encoded := startChild(t, dir)
	ticket, err := bus.ParseTicket(encoded)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := bus.Dial(t.Context(), ticket, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	seq := uint64(0)
	for range kills {
		seq++ // one that is certainly acknowledged before the kill
		publish(t, conn, seq, seq)
		flush(t, conn)
		publish(t, conn, seq+1, seq+perLife) // and many in flight
		seq += perLife
		killChild(t, child)
		publish(t, conn, seq+1, seq+perLife)
		seq += perLife
		child, _ = startChild(t, dir)
	}
	flush(t, conn)
	killChild(t, child)

	s := start(t, embedded.Options{Dir: dir})
	count := map[string]int{}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.Hub().Consume(ctx, "r", cancel, func(m bus.Message) error {
		count[string(m.Data)]++
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for want := uint64(1); want <= seq; want++ {
		if n := count[fmt.Sprint(want)]; n != 1 {
			t.Errorf("window %d is in the stream %d times, want once", want, n)
		}
	}
}

func startChild(t *testing.T, dir string) (*exec.Cmd, string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it mostly is dead already
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the server's process did not come up: %v\n%s", err, stderr.String())
	}
	return cmd, strings.TrimSpace(line)
}

func killChild(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // "signal: killed" is what we want
}
