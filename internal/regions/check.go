package regions

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// Bounds are the times after which a check does not wait any longer.
type Bounds struct {
	Capacity time.Duration // one question for a region's capacity
	Look     time.Duration // the driver's own look
	Room     time.Duration // for room for one task
	Up       time.Duration // for the task to be up
	Hello    time.Duration // from a task that is up to its first word
	Gone     time.Duration // after the run, for its task to be gone
	Beat     time.Duration // between two looks at the run
}

func (b Bounds) withDefaults() Bounds {
	set := func(d *time.Duration, to time.Duration) {
		if *d == 0 {
			*d = to
		}
	}
	set(&b.Capacity, 15*time.Second)
	set(&b.Look, time.Minute)
	set(&b.Room, 30*time.Second)
	set(&b.Up, 5*time.Minute)
	set(&b.Hello, 45*time.Second)
	set(&b.Gone, time.Minute)
	set(&b.Beat, 100*time.Millisecond)
	return b
}

const (
	// signOfLife is how often a check under way is written though nothing was
	// found; quiet is when one counts as left by a server that ended.
	signOfLife = 5 * time.Second
	quiet      = time.Minute
	// mostProofs bounds how many runs of earlier checks are looked for.
	mostProofs = 1000
)

// StartCheck starts a check of a region, or returns the one under way.
func (s *Service) StartCheck(ctx context.Context, name, by string) (load.RegionCheck, error) {
	now := s.Now().UTC()
	check, err := s.Store.StartRegionCheck(ctx, load.RegionCheck{
		ID: load.NewCheckID(now), Region: name, State: load.CheckRunning, By: by,
		Started: now, Updated: now, Findings: []load.Finding{},
	}, s.left)
	if load.ErrorCode(err) == load.Conflict && check.ID != "" {
		return check, nil
	}
	if err != nil {
		return load.RegionCheck{}, err
	}
	s.checks.Go(func() { s.perform(check) })
	return check, nil
}

// left says that nobody works on a check any more that is stored as running.
func (s *Service) left(c load.RegionCheck) bool {
	return c.State == load.CheckRunning && s.Now().Sub(c.Updated) > quiet
}

// Check returns a region's newest check.
func (s *Service) Check(ctx context.Context, name string) (load.RegionCheck, error) {
	check, err := s.Store.RegionCheck(ctx, name)
	if load.ErrorCode(err) == load.NotFound {
		if _, _, known := s.Book.Region(ctx, name); load.ErrorCode(known) == load.NotFound {
			return check, known
		}
	}
	return s.settled(check), err
}

// Checks lists the newest check of each region that has one.
func (s *Service) Checks(ctx context.Context) ([]load.RegionCheck, error) {
	list, err := s.Store.RegionChecks(ctx)
	for i := range list {
		list[i] = s.settled(list[i])
	}
	return list, err
}

// settled ends a check, as it is shown, whose server ended in its middle.
func (s *Service) settled(c load.RegionCheck) load.RegionCheck {
	if !s.left(c) {
		return c
	}
	ended := c.Updated
	c.State, c.Step, c.Ended = load.CheckFailed, "", &ended
	c.Findings = append(c.Findings, load.Finding{
		Check: "check", State: load.FindingFailed, Text: "the server that made this check ended in its middle", Remedy: "check the region again",
	})
	return c
}

// checker performs one check. Its fields are the goroutine's own.
type checker struct {
	*Service
	check  load.RegionCheck
	region load.Region
	driver fleet.Driver
	saved  time.Time
}

// perform makes a check from its first look to its end. It is given up when the
// region was changed or removed, or the server ends: what it started is swept by
// control, as of any run.
func (s *Service) perform(check load.RegionCheck) {
	c := &checker{Service: s, check: check}
	ctx := s.ctx
	err := c.prove(ctx)
	switch {
	case err == nil:
	case ctx.Err() != nil || load.ErrorCode(err) == load.Conflict:
		s.Log.Info("region check was given up", "region", check.Region, "check", check.ID, "why", err)
		c.drop()
		return
	default:
		c.check.Findings = append(c.check.Findings, load.Finding{Check: "check", State: load.FindingFailed, Text: "the check itself failed: " + err.Error()})
	}
	ended := s.Now().UTC()
	c.check.State, c.check.Ended, c.check.Step = load.Worst(c.check.Findings), &ended, ""
	if err := c.save(ctx); err != nil {
		s.Log.Warn("cannot keep the end of a region check", "region", check.Region, "check", check.ID, "err", err)
		return
	}
	s.Log.Info("region was checked", "region", check.Region, "check", check.ID, "state", c.check.State)
	c.forgetEarlier(ctx)
}

// prove looks, then runs one task for each image.
func (c *checker) prove(ctx context.Context) (err error) {
	if err := c.say(ctx, "opening the driver"); err != nil {
		return err
	}
	c.region, c.driver, err = c.Book.Region(ctx, c.check.Region)
	if err != nil {
		return c.found(ctx, load.Finding{Check: "settings", State: load.FindingFailed, Text: err.Error(), Remedy: "edit the region"})
	}
	if err := c.look(ctx); err != nil {
		return err
	}
	if load.Worst(c.check.Findings) == load.CheckFailed {
		return c.found(ctx, load.Finding{Check: "run", State: load.FindingWarning, Text: "a run of one task was not tried, since no task can start"})
	}
	if err := c.room(ctx); err != nil {
		return err
	}
	for _, image := range images(c.region) {
		if err := c.run(ctx, image); err != nil {
			return err
		}
	}
	return nil
}

// look takes the driver's own findings.
func (c *checker) look(ctx context.Context) error {
	if err := c.say(ctx, "looking at what tasks need"); err != nil {
		return err
	}
	looking, cancel := context.WithTimeout(ctx, c.Bounds.Look)
	defer cancel()
	found, err := c.driver.Check(looking)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		found = append(found, load.Finding{
			Check: "platform", State: load.FindingFailed, Text: fmt.Sprintf("its platform could not be looked at within %s: %s", c.Bounds.Look, err),
			Remedy: "look whether the platform's API can be reached from the server",
		})
	}
	return c.found(ctx, found...)
}

// room says what the region holds. A full one is no fault of it: the run waits
// for a while.
func (c *checker) room(ctx context.Context) error {
	capacity, finding, err := c.Capacity(ctx, c.region.Name)
	switch {
	case err != nil:
		return err
	case finding != nil:
		return c.found(ctx, *finding)
	}
	free, known := capacity.Free()
	text := fmt.Sprintf("%s in use, no limit is known", tasksText(capacity.InUse))
	if known {
		text = fmt.Sprintf("room for %s now: %d of %d in use", tasksText(free), capacity.InUse, capacity.Limit)
	}
	if capacity.Note != "" {
		text += " (" + capacity.Note + ")"
	}
	out := load.Finding{Check: "quota", State: load.FindingOK, Text: text}
	if known && free == 0 {
		out.State = load.FindingWarning
	}
	return c.found(ctx, out)
}

// images are those that tasks of this region may get, each once. The first is
// that of the http engine, where empty is the driver's own default.
func images(r load.Region) []string {
	list := []string{r.ImageFor(load.EngineHTTP)}
	if r.Image != "" && !slices.Contains(list, r.Image) {
		list = append(list, r.Image)
	}
	for _, engine := range slices.Sorted(maps.Keys(r.Images)) {
		if image := r.Images[engine]; !slices.Contains(list, image) {
			list = append(list, image)
		}
	}
	return list
}

// say keeps what the check does now.
func (c *checker) say(ctx context.Context, step string) error {
	if step == c.check.Step && c.Now().Sub(c.saved) < signOfLife {
		return nil
	}
	c.check.Step = step
	return c.save(ctx)
}

// found keeps findings.
func (c *checker) found(ctx context.Context, findings ...load.Finding) error {
	if len(findings) == 0 {
		return nil
	}
	c.check.Findings = append(c.check.Findings, findings...)
	return c.save(ctx)
}

func (c *checker) save(ctx context.Context) error {
	c.saved = c.Now().UTC()
	c.check.Updated = c.saved
	return c.Store.UpdateRegionCheck(ctx, c.check)
}

// drop ends the run of a check that is given up.
func (c *checker) drop() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), 5*time.Second)
	defer cancel()
	for _, run := range c.check.Runs {
		c.end(ctx, run)
	}
}

// forgetEarlier removes the runs of earlier checks of this region: those of the
// newest stay, to be looked into.
func (c *checker) forgetEarlier(ctx context.Context) {
	earlier, err := c.Store.Runs(ctx, load.RunFilter{Check: c.check.Region, Status: []load.Status{load.Ended}, Limit: mostProofs})
	if err != nil {
		c.Log.Warn("cannot list the runs of earlier checks", "region", c.check.Region, "err", err)
		return
	}
	c.forget(ctx, slices.DeleteFunc(earlier, func(r load.Run) bool { return slices.Contains(c.check.Runs, r.ID) }))
}

// forget removes runs that proved something. What cannot be removed now is at
// the next check.
func (s *Service) forget(ctx context.Context, runs []load.Run) {
	for _, run := range runs {
		if run.Status != load.Ended {
			continue
		}
		if err := s.Forget(ctx, run); err != nil {
			s.Log.Warn("cannot remove the run of a check", "run", run.ID, "err", err)
		}
	}
}

func tasksText(n int) string {
	if n == 1 {
		return "1 task"
	}
	return fmt.Sprintf("%d tasks", n)
}
