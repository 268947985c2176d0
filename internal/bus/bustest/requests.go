package bustest

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"onrush.dev/onrush/internal/bus"
	"onrush.dev/onrush/internal/load"
)

// orders answers for the runs of this test only, since all tests share a hub.
func (s *suite) orders(run string, answer func(task string, attempt int) (load.Order, error)) {
	s.Helper()
	s.must(s.hub.HandleOrders(s.Context(), func(_ context.Context, r, task string, attempt int) (load.Order, error) {
		if r != run {
			return load.Order{}, bus.ErrNotMine
		}
		return answer(task, attempt)
	}))
}

func testOrders(_ *testing.T, s *suite) {
	run := s.run()
	var asked atomic.Int64
	s.orders(run, func(task string, attempt int) (load.Order, error) {
		switch task {
		case "shy":
			if asked.Add(1) < 3 {
				return load.Order{}, load.Errorf(load.Unavailable, "not yet")
			}
		case "wrong":
			return load.Order{}, load.Errorf(load.Conflict, "the run has ended")
		}
		return load.Order{Run: run, Task: task, Index: attempt, Count: 7}, nil
	})
	for _, task := range []string{"eu-1", "shy"} {
		order, err := s.dial(run, task, 3).Order(s.Context())
		s.must(err)
		if order.Run != run || order.Task != task || order.Index != 3 || order.Count != 7 {
			s.Fatalf("got order %+v", order)
		}
	}
	_, err := s.dial(run, "wrong", 0).Order(s.Context())
	s.wantCode(err, load.Conflict)
	if !strings.Contains(err.Error(), "the run has ended") {
		s.Errorf("error %q does not say why", err)
	}
}

func testClock(_ *testing.T, s *suite) {
	run := s.run()
	s.orders(run, func(string, int) (load.Order, error) { return load.Order{}, nil })
	offset, rtt, err := s.dial(run, "eu-1", 0).Clock(s.Context())
	s.must(err)
	// One machine, one clock: the true offset is 0, and the error is at most
	// half the round trip.
	if rtt <= 0 || offset.Abs() > rtt/2+time.Millisecond {
		s.Fatalf("offset %s with a round trip of %s, want within half of it", offset, rtt)
	}
}

func testCommands(_ *testing.T, s *suite) {
	run := s.run()
	s.wantCode(s.hub.Send(s.Context(), run, "eu-1", 0, load.Command{Kind: load.CommandStop}), load.Unavailable)
	first, second := s.dial(run, "eu-1", 0), s.dial(run, "eu-1", 1)
	ready := func(c *bus.AgentConn) { // what was heard from can be reached
		s.must(c.PublishEvent(load.TaskEvent{Kind: load.EventReady}))
		s.flush(c)
	}
	ready(first)
	ready(second)
	start := time.Now().Round(0).UTC()
	s.must(s.hub.Send(s.Context(), run, "eu-1", 1, load.Command{Kind: load.CommandStart, Start: start}))
	change := load.Change{At: load.Duration(3 * time.Second), Kind: load.ChangeLevel, Level: 12.5}
	command := load.Command{Kind: load.CommandChange, Change: &change, Number: 4}
	s.must(s.hub.Send(s.Context(), run, "eu-1", 1, command))
	if err := s.hub.Send(s.Context(), run, "gone", 0, command); load.ErrorCode(err) != load.Unavailable {
		s.Fatalf("command for a task that is not there: %v, want it unavailable", err)
	}
	if c := s.command(second); c.Kind != load.CommandStart || !c.Start.Equal(start) {
		s.Fatalf("got command %+v", c)
	}
	if c := s.command(second); c.Kind != load.CommandChange || !reflect.DeepEqual(*c.Change, change) || c.Number != 4 {
		s.Fatalf("got command %+v with %+v", c, c.Change)
	}
	select {
	case c := <-first.Commands():
		s.Fatalf("attempt 0 heard %+v, which was for attempt 1", c)
	default:
	}
}

func (s *suite) command(c *bus.AgentConn) load.Command {
	s.Helper()
	select {
	case command := <-c.Commands():
		return command
	case <-time.After(patience):
		s.Fatal("no command came")
		return load.Command{}
	}
}

// Names of runs and tasks come from users' regions: whatever they are, they
// stay themselves.
func testNames(_ *testing.T, s *suite) {
	for i, name := range []string{"eu.west-1", "a b", "*", ">", "=41", "A", "üß", "x/y\\z", strings.Repeat("n", 100)} {
		run := fmt.Sprintf("%s-%d", name, i)
		s.openRun(run)
		s.orders(run, func(task string, _ int) (load.Order, error) { return load.Order{Task: task}, nil })
		conn := s.dial(run, name, 0)
		order, err := conn.Order(s.Context())
		s.must(err)
		s.must(conn.PublishWindow(1, []byte("x")))
		s.flush(conn)
		if got := s.all(run); len(got) != 1 || got[0].Task != name || order.Task != name {
			s.Fatalf("name %q came back as %+v, order for %q", name, got, order.Task)
		}
	}
}
