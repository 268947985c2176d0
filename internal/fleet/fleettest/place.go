package fleettest

import (
	"errors"
	"strings"
	"time"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// A region that can run tasks is found in order, and looking starts nothing.
func testCheck(s *suite) {
	d := s.driver()
	findings, err := d.Check(s.Context())
	s.must(err)
	if len(findings) == 0 {
		s.Error("a check found nothing, not even that all is well")
	}
	for _, f := range findings {
		if f.State == load.FindingFailed || f.Check == "" || f.Text == "" {
			s.Errorf("a region that is in order: %+v", f)
		}
		if f.State == load.FindingWarning && f.Remedy == "" {
			s.Errorf("a warning without a remedy: %+v", f)
		}
	}
	if got := s.instances(d, ""); len(got) != 0 {
		s.Errorf("after a check the list has %v", got)
	}
}

// What another server runs on the same platform is none of this one's affair.
func testForeign(s *suite) {
	d := s.driver()
	if s.Foreign == nil {
		return // no platform to share
	}
	other := s.Foreign(s.T)
	s.Cleanup(func() { s.must(other.Close()) })
	run := s.run(d)
	_ = s.runOf(other, run)
	mine := s.start(d, specs(run, "wait", "eu-1"))
	theirs := s.start(other, specs(run, "wait", "eu-1", "eu-2")) // two servers may well name a run alike
	if mine[0].Instance == theirs[0].Instance {
		s.Errorf("two servers share the instance %s", mine[0].Instance)
	}
	s.await(d, run, "eu-1/0", fleet.Up)
	s.await(other, run, "eu-1/0", fleet.Up)
	for _, name := range []string{run, ""} {
		for key, i := range s.instances(d, name) {
			if i.ID != mine[0].Instance {
				s.Errorf("the list of run %q has %s, which is another server's", name, key)
			}
		}
	}
	if capacity, err := d.Capacity(s.Context()); err != nil || capacity.InUse > 1 {
		s.Errorf("got capacity %+v, %v, want another server's tasks not to count as this region's", capacity, err)
	}
	s.awaitLog(d, run, "eu-1", "up and waiting")
	if _, err := d.Logs(s.Context(), run, "eu-2", false); load.ErrorCode(err) != load.NotFound {
		s.Errorf("the log of another server's task: %v, want an error of code not_found", err)
	}
	s.must(d.Stop(s.Context(), run))
	for _, key := range []string{"eu-1/0", "eu-2/0"} {
		if got := s.instances(other, run)[key]; got.State != fleet.Up {
			s.Errorf("stop ended %s of another server: %+v", key, got)
		}
	}
	s.must(other.Stop(s.Context(), run))
	s.wantNothingLeft(d, run)
}

// A task ends at its deadline, where a platform sees to that, with a reason.
func testDeadline(s *suite) {
	d := s.driver()
	run := s.run(d)
	list := specs(run, "wait", "eu-1", "eu-2")
	list[0].Deadline = time.Now().Add(3 * time.Second)
	list[1].Deadline = time.Now().Add(time.Hour)
	s.start(d, list)
	s.await(d, run, "eu-2/0", fleet.Up)
	if s.EndsAtDeadline {
		if got := s.await(d, run, "eu-1/0", fleet.Gone); !strings.Contains(got.Reason, "deadline") {
			s.Errorf("reason %q of a task that ran into its deadline does not say so", got.Reason)
		}
	}
	if got := s.instances(d, run)["eu-2/0"]; got.State != fleet.Up {
		s.Errorf("long before its deadline a task is %+v, want it up", got)
	}
}

// An image that nobody has is the cause that a user reads.
func testImage(s *suite) {
	if s.Image == "" {
		return // no images here
	}
	d := s.driver()
	run := s.run(d)
	list := append(specs(run, "wait", "eu-1"), specs(run, "wait", "eu-2")...)
	list[0].Image = s.Image
	answers, err := d.Start(s.Context(), list)
	s.must(err)
	if answers[1].Err != nil {
		s.Errorf("a task with a good image beside one with a bad one: %v", answers[1].Err)
	}
	var reason string
	if refused := (*fleet.StartError)(nil); errors.As(answers[0].Err, &refused) {
		reason = refused.Reason
		if refused.Kind != fleet.BadImage || refused.Remedy == "" {
			s.Errorf("got %+v, want an image error with a remedy", refused)
		}
	} else if answers[0].Err == nil { // a platform may take it, and find out later
		for end := time.Now().Add(s.Patience); !strings.Contains(reason, s.Image) && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			reason = s.instances(d, run)["eu-1/0"].Reason // first it may say how far it is
		}
	}
	if !strings.Contains(reason, s.Image) {
		s.Errorf("reason %q (%v) does not name the image %s", reason, answers[0].Err, s.Image)
	}
}
