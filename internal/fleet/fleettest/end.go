package fleettest

import (
	"context"
	"strings"
	"time"

	"onrush.dev/onrush/internal/fleet"
)

func testStopSome(s *suite) {
	d := s.driver()
	run := s.run(d)
	s.start(d, specs(run, "wait", "eu-1", "eu-2", "eu-3"))
	s.must(d.Stop(s.Context(), run, "eu-1", "eu-3", "unknown"))
	got := s.instances(d, run)
	if len(got) != 1 || got["eu-2/0"].State == fleet.Gone {
		s.Errorf("after a stop of two of three the list has %v", got)
	}
	s.must(d.Stop(s.Context(), run))
	s.wantNothingLeft(d, run)
}

func testStopHard(s *suite) {
	d := s.driver()
	run := s.run(d)
	s.start(d, append(specs(run, "deaf", "eu-1"), specs(run, "family", "eu-2")...))
	s.awaitLog(d, run, "eu-1", "up and deaf")
	s.awaitLog(d, run, "eu-2", "up with a child")
	s.must(d.Stop(s.Context(), run))
	s.wantNothingLeft(d, run)
}

// A caller that cannot wait still leaves nothing running.
func testStopImpatient(s *suite) {
	d := s.driver()
	run := s.run(d)
	s.start(d, specs(run, "deaf", "eu-1"))
	s.awaitLog(d, run, "eu-1", "up and deaf")
	ctx, cancel := context.WithTimeout(s.Context(), 50*time.Millisecond)
	defer cancel()
	s.must(d.Stop(ctx, run))
	s.wantNothingLeft(d, run)
}

func testReasons(s *suite) {
	d := s.driver()
	run := s.run(d)
	s.start(d, append(specs(run, "quit", "eu-1"), specs(run, "done", "eu-2")...))
	got := s.await(d, run, "eu-1/0", fleet.Gone)
	if got.ExitCode == nil || *got.ExitCode != 3 || got.Ended.Before(got.Started) {
		s.Errorf("got %+v, want exit code 3 and an end", got)
	}
	for _, want := range []string{"exit code 3", "cannot read the plan"} {
		if !strings.Contains(got.Reason, want) {
			s.Errorf("reason %q does not hold %q", got.Reason, want)
		}
	}
	if got := s.await(d, run, "eu-2/0", fleet.Gone); got.ExitCode == nil || *got.ExitCode != 0 {
		s.Errorf("got %+v, want exit code 0", got)
	}
}

func testKilled(s *suite) {
	d := s.driver()
	run := s.run(d)
	s.start(d, specs(run, "wait", "eu-1", "eu-2"))
	s.awaitLog(d, run, "eu-1", "up and waiting")
	s.Kill(s.T, s.await(d, run, "eu-1/0", fleet.Up))
	if got := s.await(d, run, "eu-1/0", fleet.Gone); !strings.Contains(got.Reason, "signal 9") {
		s.Errorf("reason %q does not name signal 9", got.Reason)
	}
	s.await(d, run, "eu-2/0", fleet.Up)
	s.must(d.Stop(s.Context(), run))
	s.wantNothingLeft(d, run)
}

func testLogs(s *suite) {
	d := s.driver()
	run := s.run(d)
	s.start(d, append(specs(run, "quit", "eu-1"), specs(run, "wait", "eu-2")...))
	text := s.awaitLog(d, run, "eu-1", "cannot read the plan")
	if !strings.Contains(text, "first line") {
		s.Errorf("the log %q lacks what was written on standard output", text)
	}
	s.awaitLog(d, run, "eu-2", "up and waiting") // while it is up
}

// A server that crashed comes back with a value that knows nothing.
func testFreshValue(s *suite) {
	old := s.driver()
	run := s.run(old)
	s.start(old, append(specs(run, "wait", "eu-1", "eu-2"), specs(run, "quit", "eu-3")...))
	s.await(old, run, "eu-3/0", fleet.Gone)
	up := s.await(old, run, "eu-1/0", fleet.Up)
	s.awaitLog(old, run, "eu-1", "up and waiting")
	s.must(old.Close())
	s.Kill(s.T, s.await(old, run, "eu-2/0", fleet.Up)) // while no value is open

	d := s.driver()
	if got := s.instances(d, run)["eu-1/0"]; got.ID != up.ID || got.State != fleet.Up || !got.Started.Equal(up.Started) {
		s.Errorf("a new value sees %+v, want %+v", got, up)
	}
	if got := s.instances(d, run)["eu-3/0"]; got.ExitCode == nil || *got.ExitCode != 3 || !strings.Contains(got.Reason, "cannot read the plan") {
		s.Errorf("a new value sees %+v, want what the old one knew", got)
	}
	s.await(d, run, "eu-2/0", fleet.Gone)
	if again := s.start(d, specs(run, "wait", "eu-1")); again[0].Instance != up.ID {
		s.Errorf("a new value started %s again", up.ID)
	}
	s.awaitLog(d, run, "eu-1", "up and waiting")
	s.must(d.Stop(s.Context(), run))
	s.wantNothingLeft(d, run)
}

func testClose(s *suite) {
	d := s.New(s.T, 0)
	other := s.driver()
	run := s.run(other)
	s.start(d, specs(run, "wait", "eu-1"))
	s.awaitLog(d, run, "eu-1", "up and waiting")
	for range 2 {
		s.must(d.Close())
	}
	s.await(other, run, "eu-1/0", fleet.Up)
}
