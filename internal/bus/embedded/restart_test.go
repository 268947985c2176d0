package embedded_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"onrush.dev/onrush/internal/bus"
	"onrush.dev/onrush/internal/bus/embedded"
	"onrush.dev/onrush/internal/load"
)

const patience = 20 * time.Second

// A restart on the same folder is the same server: port, authority, tickets and
// streams are those of before, and an agent that stayed up comes back by itself
// and sends what it kept.
func TestRestartKeepsEverything(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := start(t, embedded.Options{Dir: dir})
	openRun(t, first.Hub(), "r")
	conn, late := dial(t, first.Hub(), "r", "eu-1"), ticket(t, first.Hub(), "r", "eu-2")
	publish(t, conn, 1, 10)
	flush(t, conn)
	close(t, first)
	publish(t, conn, 11, 20) // while the server is away
	if err := conn.Flush(shortly(t)); err == nil {
		t.Fatal("flush succeeded without a server")
	}
	if conn.Away() == 0 {
		t.Error("the connection does not say that the server is away")
	}
	second := start(t, embedded.Options{Dir: dir})
	if second.LocalURL() != first.LocalURL() {
		t.Fatalf("the server came back at %s, want %s", second.LocalURL(), first.LocalURL())
	}
	flush(t, conn)
	if conn.Away() != 0 {
		t.Error("the connection says that the server is away")
	}
	publish(t, conn, 21, 21)
	publish(t, dialTicket(t, late), 1, 1) // a ticket of before the restart
	if got := windows(t, second.Hub(), "r", 22); got["eu-1"] != 21 || got["eu-2"] != 1 {
		t.Fatalf("got windows %v, want 21 of eu-1 and 1 of eu-2", got)
	}
}

// A ticket whose run was closed stays refused after a restart.
func TestRevokedStaysRevoked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := start(t, embedded.Options{Dir: dir})
	openRun(t, first.Hub(), "r")
	ended := ticket(t, first.Hub(), "r", "eu-1")
	if err := first.Hub().CloseRun(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	close(t, first)
	start(t, embedded.Options{Dir: dir})
	if _, err := bus.Dial(t.Context(), ended, slog.New(slog.DiscardHandler)); load.ErrorCode(err) != load.Forbidden {
		t.Fatalf("got %v, want the ticket refused", err)
	}
}

func TestOneServerAFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start(t, embedded.Options{Dir: dir})
	second, err := embedded.Start(embedded.Options{Dir: dir})
	if err == nil {
		second.Close()
	}
	if load.ErrorCode(err) != load.Conflict {
		t.Fatalf("a second server on the same folder: got %v, want a conflict", err)
	}
}

func TestSecretsAreOurs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, embedded.Options{Dir: dir})
	ticket(t, s.Hub(), "r", "eu-1")
	for _, name := range []string{"identity.json", "account.jwt", "port"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", name, info.Mode().Perm())
		}
	}
}

func TestEphemeralMarksTickets(t *testing.T) {
	t.Parallel()
	for _, ephemeral := range []bool{false, true} {
		s := start(t, embedded.Options{Dir: t.TempDir(), Ephemeral: ephemeral})
		if got := ticket(t, s.Hub(), "r", "eu-1").Ephemeral; got != ephemeral {
			t.Errorf("ticket says ephemeral %v, want %v", got, ephemeral)
		}
	}
}

func openRun(t *testing.T, hub *bus.Hub, run string) {
	t.Helper()
	if err := hub.OpenRun(t.Context(), run); err != nil {
		t.Fatal(err)
	}
}

func ticket(t *testing.T, hub *bus.Hub, run, task string) bus.Ticket {
	t.Helper()
	encoded, err := hub.IssueTicket(run, task, "eu", 0, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	ticket, err := bus.ParseTicket(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

func dial(t *testing.T, hub *bus.Hub, run, task string) *bus.AgentConn {
	t.Helper()
	return dialTicket(t, ticket(t, hub, run, task))
}

func dialTicket(t *testing.T, ticket bus.Ticket) *bus.AgentConn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := bus.Dial(ctx, ticket, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

func publish(t *testing.T, conn *bus.AgentConn, from, to uint64) {
	t.Helper()
	for seq := from; seq <= to; seq++ {
		if err := conn.PublishWindow(seq, fmt.Appendf(nil, "%d", seq)); err != nil {
			t.Fatal(err)
		}
	}
}

func flush(t *testing.T, conn *bus.AgentConn) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := conn.Flush(ctx); err != nil {
		t.Fatal(err)
	}
}

// windows counts a run's windows by task, and wants n of them, in order.
func windows(t *testing.T, hub *bus.Hub, run string, n int) map[string]int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	got, total := map[string]int{}, 0
	err := hub.Consume(ctx, run, nil, func(m bus.Message) error {
		got[m.Task]++
		if want := fmt.Sprint(got[m.Task]); string(m.Data) != want {
			t.Errorf("task %s: got window %s, want %s", m.Task, m.Data, want)
		}
		if total++; total == n {
			cancel()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func shortly(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

func close(t *testing.T, s *embedded.Server) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
