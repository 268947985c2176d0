package bustest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"onrush.dev/onrush/internal/bus"
	"onrush.dev/onrush/internal/load"
)

func testMessages(_ *testing.T, s *suite) {
	run := s.run()
	conn := s.dial(run, "eu-1", 2)
	s.must(conn.PublishEvent(load.TaskEvent{Kind: load.EventHello, Text: "up"}))
	for seq := range uint64(100) {
		s.must(conn.PublishWindow(seq+1, fmt.Appendf(nil, "window %d", seq+1)))
	}
	s.must(conn.PublishEvent(load.TaskEvent{Kind: load.EventDone, Sent: 5, Windows: 100}))
	s.flush(conn)
	for range 2 { // the second time is a replay
		got := s.take(run, 102)
		for i, m := range got {
			if m.Task != "eu-1" || m.Attempt != 2 || m.StreamSeq != uint64(i+1) {
				s.Fatalf("message %d is of task %s, attempt %d, at %d", i, m.Task, m.Attempt, m.StreamSeq)
			}
			if i > 0 && i < 101 && (m.Kind != bus.KindWindow || string(m.Data) != fmt.Sprintf("window %d", i)) {
				s.Fatalf("message %d is %s %q", i, m.Kind, m.Data)
			}
		}
		var done load.TaskEvent
		s.must(json.Unmarshal(got[101].Data, &done))
		if got[101].Kind != bus.KindEvent || done.Task != "eu-1" || done.Attempt != 2 || !done.Last() || done.Windows != 100 {
			s.Fatalf("last message is %s %+v", got[101].Kind, done)
		}
	}
}

func testDedupe(_ *testing.T, s *suite) {
	run := s.run()
	ticket := s.ticket(run, "eu-1", 0)
	for range 2 { // a second connection, as after a crash of the first
		conn := s.dialWith(ticket)
		s.must(conn.PublishWindow(1, []byte("one")))
		s.must(conn.PublishWindow(2, []byte("two")))
		s.must(conn.PublishWindow(2, []byte("two")))
		s.flush(conn)
	}
	if got := s.all(run); len(got) != 2 {
		s.Fatalf("the stream holds %d messages, want 2", len(got))
	}
}

func testCaughtUp(_ *testing.T, s *suite) {
	run := s.run()
	conn := s.dial(run, "eu-1", 0)
	if got := s.all(run); len(got) != 0 {
		s.Fatalf("an empty stream gave %d messages", len(got))
	}
	for seq := range uint64(10) {
		s.must(conn.PublishWindow(seq+1, []byte("old")))
	}
	s.flush(conn)
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	seen, told := 0, []int{}
	s.must(s.hub.Consume(ctx, run, func() {
		told = append(told, seen)
		if err := conn.PublishWindow(11, []byte("new")); err != nil {
			s.Error(err)
		}
	}, func(bus.Message) error {
		if seen++; seen == 11 {
			cancel()
		}
		return nil
	}))
	if len(told) != 1 || told[0] != 10 || seen != 11 {
		s.Fatalf("caught up was told after %v messages, want once after 10; saw %d, want 11", told, seen)
	}
}

func testConsumeEnds(_ *testing.T, s *suite) {
	run := s.run()
	conn := s.dial(run, "eu-1", 0)
	s.must(conn.PublishWindow(1, []byte("x")))
	boom := errors.New("boom")
	if err := s.hub.Consume(s.Context(), run, nil, func(bus.Message) error { return boom }); !errors.Is(err, boom) {
		s.Errorf("got %v, want the handler's error", err)
	}
	s.wantCode(s.hub.Consume(s.Context(), "never-opened", nil, nil), load.NotFound)
}

func testOpenAgain(_ *testing.T, s *suite) {
	run := s.run()
	conn := s.dial(run, "eu-1", 0)
	s.must(conn.PublishWindow(1, []byte("x")))
	s.flush(conn)
	s.must(s.hub.OpenRun(s.Context(), run))
	if got := s.all(run); len(got) != 1 {
		s.Fatalf("the stream holds %d messages after a second open, want 1", len(got))
	}
}

func testLarge(_ *testing.T, s *suite) {
	run := s.run()
	conn := s.dial(run, "eu-1", 0)
	large := bytes.Repeat([]byte("0123456789abcdef"), 7<<20/16)
	s.must(conn.PublishWindow(1, large))
	s.flush(conn)
	if got := s.take(run, 1); !bytes.Equal(got[0].Data, large) {
		s.Fatalf("a window of %d bytes arrived as %d", len(large), len(got[0].Data))
	}
	s.wantCode(conn.PublishWindow(2, make([]byte, 64<<20)), load.TooLarge)
}

func testMany(_ *testing.T, s *suite) {
	const agents, windows = 20, 50
	run := s.run()
	var all sync.WaitGroup
	for i := range agents {
		conn := s.dial(run, fmt.Sprintf("eu-%d", i), 0)
		all.Go(func() {
			for seq := range uint64(windows) {
				if err := conn.PublishWindow(seq+1, fmt.Appendf(nil, "%d", seq+1)); err != nil {
					s.Error(err)
				}
			}
		})
	}
	next := map[string]int{}
	for _, m := range s.take(run, agents*windows) {
		next[m.Task]++
		if want := fmt.Sprint(next[m.Task]); string(m.Data) != want {
			s.Fatalf("task %s: got window %s, want %s", m.Task, m.Data, want)
		}
	}
	all.Wait()
}

func testCloseRun(_ *testing.T, s *suite) {
	run, other := s.run(), s.run()
	ticket := s.ticket(run, "eu-1", 0)
	conn, bystander := s.dialWith(ticket), s.dial(other, "eu-1", 0)
	consumed := make(chan error, 1)
	go func() {
		consumed <- s.hub.Consume(s.Context(), run, nil, func(bus.Message) error { return nil })
	}()
	s.must(conn.PublishWindow(1, []byte("x")))
	s.flush(conn)
	for range 2 {
		s.must(s.hub.CloseRun(s.Context(), run))
	}
	select {
	case <-conn.Refused():
	case <-time.After(patience):
		s.Fatal("the agent was not told that its ticket has ended")
	}
	select {
	case err := <-consumed:
		s.wantCode(err, load.NotFound)
	case <-time.After(patience):
		s.Fatal("consume did not end with its stream")
	}
	if err := conn.PublishWindow(2, []byte("late")); err == nil {
		s.wantCode(conn.Flush(s.Context()), load.Forbidden)
	}
	_, err := bus.Dial(s.Context(), ticket, s.hub.Log)
	s.wantCode(err, load.Forbidden)
	s.wantCode(s.hub.Consume(s.Context(), run, nil, nil), load.NotFound)
	s.must(bystander.PublishWindow(1, []byte("x")))
	s.flush(bystander)
}

func testExpiry(_ *testing.T, s *suite) {
	run := s.run()
	encoded, err := s.hub.IssueTicket(run, "eu-1", "eu", 0, 2*time.Second)
	s.must(err)
	ticket, err := bus.ParseTicket(encoded)
	s.must(err)
	conn := s.dialWith(ticket)
	select {
	case <-conn.Refused():
	case <-time.After(patience):
		s.Fatal("a ticket outlived its time")
	}
	again, err := bus.Dial(s.Context(), ticket, s.hub.Log)
	if err != nil {
		s.wantCode(err, load.Forbidden)
		return
	}
	defer again.Close()
	select { // a server may notice a moment after it let the connection in
	case <-again.Refused():
	case <-time.After(patience):
		s.Fatal("an expired ticket was taken again")
	}
}
