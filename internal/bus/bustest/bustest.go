// Package bustest proves that a NATS set-up carries what package bus promises:
// call Run with a function that makes a hub over it. It may not know how the
// servers run. Read Run first, then isolation.go, which plays the attacker.
package bustest

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"onrush.dev/onrush/internal/bus"
	"onrush.dev/onrush/internal/load"
)

// patience bounds every wait of the suite. It is long since it is only used up
// by a failure.
const patience = 20 * time.Second

// Run proves a hub. NewHub is called once; all tests use its hub at the same
// time, each with runs of its own.
func Run(t *testing.T, newHub func(t *testing.T) *bus.Hub) {
	hub := newHub(t)
	for name, test := range map[string]func(*testing.T, *suite){
		"messages arrive in order and are replayed":  testMessages,
		"a copy is stored once":                      testDedupe,
		"caught up is told once, at the right place": testCaughtUp,
		"consume ends with its context or handler":   testConsumeEnds,
		"open run keeps what is there":               testOpenAgain,
		"orders":                                     testOrders,
		"clock":                                      testClock,
		"commands":                                   testCommands,
		"any name":                                   testNames,
		"a large window":                             testLarge,
		"many agents":                                testMany,
		"a ticket speaks for its own task only":      testPublishIsolation,
		"a ticket hears its own task only":           testSubscribeIsolation,
		"a reply subject reaches nothing else":       testReplyIsolation,
		"close run ends tickets and stream":          testCloseRun,
		"a ticket expires":                           testExpiry,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, &suite{T: t, hub: hub})
		})
	}
}

type suite struct {
	*testing.T
	hub *bus.Hub
}

var lastRun atomic.Int64

// run opens a run of its own for a test.
func (s *suite) run() string {
	s.Helper()
	run := fmt.Sprintf("run-%d", lastRun.Add(1))
	s.openRun(run)
	return run
}

func (s *suite) openRun(run string) {
	s.Helper()
	s.must(s.hub.OpenRun(s.Context(), run))
	s.Cleanup(func() {
		if err := s.hub.CloseRun(context.Background(), run); err != nil {
			s.Errorf("close run: %v", err)
		}
	})
}

func (s *suite) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *suite) ticket(run, task string, attempt int) bus.Ticket {
	s.Helper()
	encoded, err := s.hub.IssueTicket(run, task, "eu", attempt, time.Hour)
	s.must(err)
	ticket, err := bus.ParseTicket(encoded)
	s.must(err)
	return ticket
}

func (s *suite) dial(run, task string, attempt int) *bus.AgentConn {
	s.Helper()
	return s.dialWith(s.ticket(run, task, attempt))
}

func (s *suite) dialWith(ticket bus.Ticket) *bus.AgentConn {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	conn, err := bus.Dial(ctx, ticket, slog.New(slog.DiscardHandler))
	s.must(err)
	s.Cleanup(conn.Close)
	return conn
}

func (s *suite) flush(conn *bus.AgentConn) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	s.must(conn.Flush(ctx))
}

// take consumes a run from the start until n messages came.
func (s *suite) take(run string, n int) []bus.Message {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	var got []bus.Message
	err := s.hub.Consume(ctx, run, nil, func(m bus.Message) error {
		if got = append(got, m); len(got) == n {
			cancel()
		}
		return nil
	})
	s.must(err)
	if len(got) < n {
		s.Fatalf("got %d messages within %s, want %d", len(got), patience, n)
	}
	return got
}

// all consumes exactly what a run's stream holds now.
func (s *suite) all(run string) []bus.Message {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	var got []bus.Message
	caught := false
	s.must(s.hub.Consume(ctx, run, func() { caught = true; cancel() }, func(m bus.Message) error {
		got = append(got, m)
		return nil
	}))
	if !caught {
		s.Fatalf("the backlog was not done within %s", patience)
	}
	return got
}

func (s *suite) wantCode(err error, want load.Code) {
	s.Helper()
	if err == nil || load.ErrorCode(err) != want {
		s.Fatalf("got error %v (code %s), want code %s", err, load.ErrorCode(err), want)
	}
}
