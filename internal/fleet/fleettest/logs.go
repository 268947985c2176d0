package fleettest

import (
	"bufio"
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"onrush.dev/onrush/internal/fleet"
)

// testFollow: a followed log has all that the instance writes, as it does, and
// ends with it; or with its reader's context.
func testFollow(s *suite) {
	d := s.driver()
	run := s.run(d)
	s.start(d, specs(run, "count", "eu-1"))
	s.awaitLog(d, run, "eu-1", "line 1")
	got := s.readAll(s.follow(s.Context(), d, run, "eu-1"))
	want := []string{"line 1", "line 2", "line 3", "line 4", "line 5", "line 6", "line 7", "line 8", "the last"}
	slices.Sort(got) // the two outputs may overtake each other
	if slices.Sort(want); !slices.Equal(got, want) {
		s.Errorf("followed %q, want %q", got, want)
	}
	if again := s.readAll(s.follow(s.Context(), d, run, "eu-1")); len(again) != len(want) {
		s.Errorf("the log of an ended instance is %q when it is followed", again)
	}

	s.start(d, specs(run, "wait", "eu-2"))
	s.awaitLog(d, run, "eu-2", "up and waiting")
	ctx, cancel := context.WithCancel(s.Context())
	defer cancel()
	log := s.follow(ctx, d, run, "eu-2")
	defer log.Close()
	lines := bufio.NewReader(log)
	if first := s.inTime(func() (string, error) { return lines.ReadString('\n') }); !strings.Contains(first, "up and waiting") {
		s.Errorf("the first line of a followed log is %q", first)
	}
	cancel()
	s.inTime(func() (string, error) {
		_, _ = io.Copy(io.Discard, lines) // however it ends, it does
		return "", nil
	})
	if i := s.instances(d, run)["eu-2/0"]; i.State != fleet.Up {
		s.Errorf("the instance is %q after its log was let go of, want it up", i.State)
	}
}

func (s *suite) follow(ctx context.Context, d fleet.Driver, run, task string) io.ReadCloser {
	s.Helper()
	log, err := d.Logs(ctx, run, task, true)
	s.must(err)
	return log
}

// readAll reads a log's lines to its end.
func (s *suite) readAll(log io.ReadCloser) []string {
	s.Helper()
	text := s.inTime(func() (string, error) {
		data, err := io.ReadAll(log)
		return string(data), err
	})
	s.must(log.Close())
	return strings.Split(strings.TrimSpace(text), "\n")
}

// inTime wants something to end within the suite's patience.
func (s *suite) inTime(read func() (string, error)) string {
	s.Helper()
	type answer struct {
		text string
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		text, err := read()
		done <- answer{text, err}
	}()
	select {
	case a := <-done:
		s.must(a.err)
		return a.text
	case <-time.After(s.Patience):
		s.Fatalf("reading a followed log did not end within %s", s.Patience)
		return ""
	}
}
