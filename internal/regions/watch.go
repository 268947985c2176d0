package regions

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// The load of the run that proves a region: little enough for the smallest task.
const (
	proofRate    = 100
	proofSeconds = 2
)

// proof is the scenario of the run that proves a region. The agent puts the
// address of the target, which it starts itself, in place of the variable.
func proof(region string) load.Scenario {
	return load.WithDefaults(load.Scenario{
		Name: "check-" + region, Engine: load.EngineHTTP,
		Variables: map[string]string{load.TargetVariable: "http://127.0.0.1"},
		Requests:  []load.Request{{Label: "built-in target", URL: "${" + load.TargetVariable + "}/fast"}},
		Load:      load.Load{Rate: proofRate, Duration: load.Duration(proofSeconds * time.Second)},
		Regions:   []load.RegionLoad{{Name: region, Tasks: 1}},
	})
}

// watched is a run of one task as its check sees it come and go.
type watched struct {
	*checker
	id      string
	image   string
	started bool // the finding that its task started is there
	reached bool // the finding that it reached the server is there
	refused bool // a failed finding says already why the run is being ended
}

// run proves the region with a run of one task of an image.
func (c *checker) run(ctx context.Context, image string) error {
	name := "the driver's own image"
	if image != "" {
		name = "image " + image
	}
	if err := c.say(ctx, "planning a run of one task with "+name); err != nil {
		return err
	}
	spec := proof(c.region.Name)
	plan, err := c.Control.Plan(ctx, spec, nil)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return c.found(ctx, failure(err.Error()))
	}
	now := c.Now().UTC()
	run := load.Run{
		ID: load.NewRunID(now), Scenario: spec.Name, Note: "check of region " + c.region.Name, Status: load.Queued, By: c.check.By,
		Created: now, Since: now, Spec: spec, Plan: plan, Check: &load.RunCheck{Region: c.region.Name, Image: image},
	}
	c.check.Runs = append(c.check.Runs, run.ID)
	if err := c.save(ctx); err != nil {
		return err
	}
	if err := c.Store.CreateRun(ctx, run); err != nil {
		return err
	}
	c.Control.Wake(run.ID)
	w := &watched{checker: c, id: run.ID, image: image}
	return w.follow(ctx)
}

// follow looks at the run until it has ended, then at what it left.
func (w *watched) follow(ctx context.Context) error {
	beat := time.NewTicker(w.Bounds.Beat)
	defer beat.Stop()
	for {
		run, err := w.Store.Run(ctx, w.id)
		if err != nil {
			return err
		}
		tasks, err := w.Store.Tasks(ctx, w.id)
		if err != nil {
			return err
		}
		if err := w.see(ctx, run, tasks); err != nil {
			return err
		}
		if run.Status == load.Ended {
			if err := w.conclude(ctx, run, tasks); err != nil {
				return err
			}
			return w.gone(ctx)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-beat.C:
		}
	}
}

// see turns where the run stands into findings, once each.
func (w *watched) see(ctx context.Context, run load.Run, tasks []load.Task) error {
	now := w.Now()
	switch run.Status {
	case load.Queued:
		if err := w.say(ctx, "waiting for room for one task"); err != nil {
			return err
		}
		if now.Sub(run.Created) > w.Bounds.Room && !w.refused {
			return w.refuse(ctx, w.noRoom(ctx))
		}
		return nil
	case load.Provisioning:
		if err := w.say(ctx, provisioning(tasks)); err != nil {
			return err
		}
	case load.Ready, load.Running:
		if err := w.say(ctx, "making load on the target inside the task"); err != nil {
			return err
		}
	case load.Finishing, load.Cancelling:
		if err := w.say(ctx, "ending the run"); err != nil {
			return err
		}
	case load.Ended:
	}
	return w.arrival(ctx, now, run, tasks)
}

// provisioning says how far the task is, with what its platform says of it.
func provisioning(tasks []load.Task) string {
	if len(tasks) == 0 {
		return "starting one task"
	}
	switch t := tasks[0]; {
	case !t.Times.Hello.IsZero():
		return "waiting for the task to be ready"
	case !t.Times.Up.IsZero():
		return "waiting for the task's first word"
	case t.Reason != "":
		return "starting one task: " + t.Reason
	}
	return "starting one task"
}

// arrival tells when the task was up and when it spoke, and ends the run when
// that takes too long.
func (w *watched) arrival(ctx context.Context, now time.Time, run load.Run, tasks []load.Task) error {
	if len(tasks) == 0 || w.reached || w.refused {
		return nil
	}
	task := tasks[0]
	times := task.Times
	if !w.started && !times.Up.IsZero() {
		w.started = true
		if err := w.found(ctx, load.Finding{Check: "start", State: load.FindingOK, Text: "task started in " + seconds(times.Up.Sub(times.Asked))}); err != nil {
			return err
		}
	}
	if !times.Ready.IsZero() {
		w.reached = true
		return w.found(ctx, spoke(task))
	}
	switch {
	case run.Status != load.Provisioning || times.Asked.IsZero():
		return nil
	case times.Up.IsZero():
		if now.Sub(times.Asked) > w.Bounds.Up {
			return w.refuse(ctx, w.notUp(task))
		}
	case times.Hello.IsZero() && now.Sub(times.Up) > w.Bounds.Hello:
		return w.refuse(ctx, w.silent(ctx, task.Name))
	}
	return nil
}

// spoke is the finding of a task that is ready.
func spoke(task load.Task) load.Finding {
	finding := load.Finding{Check: "reach", State: load.FindingOK, Text: "the task reached the server"}
	// A task that spoke before its platform told of it was up by its first word.
	if took := task.Times.Hello.Sub(task.Times.Up); took > time.Millisecond {
		finding.Text += " in " + seconds(took)
	}
	if task.ClockMS == nil {
		return finding
	}
	off := time.Duration(*task.ClockMS * float64(time.Millisecond)).Abs()
	finding.Text += fmt.Sprintf(" (clock differs by %s)", seconds(off))
	if off > clockFar {
		finding.State = load.FindingWarning
		finding.Remedy = "figures are corrected for it; set the clock of the task's machine nevertheless, since certificates and signatures depend on it"
	}
	return finding
}

// clockFar is when a task's clock is so wrong that certificates may be.
const clockFar = 30 * time.Second

func (w *watched) notUp(task load.Task) load.Finding {
	finding := failure(fmt.Sprintf("the task was not up within %s: %s", w.Bounds.Up, cmp.Or(task.Reason, "its platform does not say why")))
	if finding.Check == "run" {
		finding.Check, finding.Remedy = "start", "look at the task on its platform"
	}
	return finding
}

func (w *watched) silent(ctx context.Context, task string) load.Finding {
	url, warning := w.ServerURL(w.region)
	text := fmt.Sprintf("the task runs but does not reach the server at %s within %s", url, w.Bounds.Hello)
	if log := w.lastLines(ctx, task); log != "" {
		text += "; its log ends: " + log
	}
	remedy := "make that address reachable from the tasks' network (route, security group, firewall, DNS), or set the region's server to a URL that its tasks can reach"
	if warning != "" { // the address cannot be right at all
		remedy = warning
	}
	return load.Finding{Check: "reach", State: load.FindingFailed, Text: text, Remedy: remedy}
}

func (w *watched) noRoom(ctx context.Context) load.Finding {
	text := fmt.Sprintf("no room for one task within %s", w.Bounds.Room)
	if events, err := w.Store.Events(ctx, w.id, 0); err == nil {
		for _, e := range slices.Backward(events) {
			if why, ok := strings.CutPrefix(e.Text, "waiting: "); ok {
				text += ": " + why
				break
			}
		}
	}
	return load.Finding{Check: "quota", State: load.FindingFailed, Text: text, Remedy: "wait for the runs that use it, or raise the region's limit"}
}

// refuse keeps why the run cannot go on, and ends it.
func (w *watched) refuse(ctx context.Context, finding load.Finding) error {
	w.refused = true
	if err := w.found(ctx, finding); err != nil {
		return err
	}
	w.end(ctx, w.id)
	return nil
}

// end asks for the end of a run.
func (s *Service) end(ctx context.Context, run string) {
	_, err := s.Store.AddIntent(ctx, load.Intent{Run: run, Kind: load.IntentStop, By: "check"})
	if code := load.ErrorCode(err); err != nil && code != load.Conflict && code != load.NotFound { // else it has ended
		s.Log.Warn("cannot end the run of a check", "run", run, "err", err)
	}
	s.Control.Wake(run)
}

// conclude says what became of the run.
func (w *watched) conclude(ctx context.Context, run load.Run, tasks []load.Task) error {
	if w.refused {
		return nil
	}
	if run.Outcome != load.Completed {
		return w.found(ctx, w.why(ctx, run, tasks)...)
	}
	report, err := w.Store.Report(ctx, w.id)
	if err != nil {
		return err
	}
	total := report.Total
	finding := load.Finding{Check: "run", State: load.FindingOK, Text: fmt.Sprintf("made %d requests to the target inside the task, all arrived here", total.Requests)}
	if w.image != "" {
		finding.Text += ", with image " + w.image
	}
	if total.Failures > 0 || total.Requests == 0 {
		finding.State = load.FindingFailed
		finding.Text = fmt.Sprintf("made %d requests to the target inside the task, %d failed", total.Requests, total.Failures)
		finding.Remedy = "look at the report of run " + w.id
	}
	return w.found(ctx, finding)
}

// why says why the run did not complete: what its tasks and its cause tell, each
// once, and the end of the task's log where that may tell more.
func (w *watched) why(ctx context.Context, run load.Run, tasks []load.Task) []load.Finding {
	var texts []string
	for _, t := range tasks {
		if t.Reason != "" && !slices.Contains(run.Cause, t.Reason) {
			texts = append(texts, t.Reason)
		}
	}
	if run.Outcome == load.CouldNotRun && len(run.Cause) > 0 { // the whole story, outermost first
		texts = []string{strings.Join(run.Cause, ": ")}
	}
	if len(texts) == 0 {
		texts = []string{"the run ended as " + string(run.Outcome)}
	}
	findings := make([]load.Finding, 0, len(texts))
	for _, text := range texts {
		findings = append(findings, failure(strings.TrimPrefix(text, "did not start: ")))
	}
	last := &findings[len(findings)-1]
	if log := w.lastLines(ctx, run.Plan.Regions[0].Tasks[0].Name); log != "" && !strings.Contains(last.Text, log) {
		last.Text += "; its log ends: " + log
	}
	if w.image != "" && !strings.Contains(last.Text, w.image) {
		last.Text += " (image " + w.image + ")"
	}
	return findings
}

// gone waits until the region has nothing left of the run that is up.
func (w *watched) gone(ctx context.Context) error {
	if err := w.say(ctx, "waiting for the task to be gone"); err != nil {
		return err
	}
	beat := time.NewTicker(max(w.Bounds.Beat, w.Bounds.Gone/100))
	defer beat.Stop()
	until := w.Now().Add(w.Bounds.Gone)
	for {
		instance, ok := w.instance(ctx)
		if !ok {
			return w.found(ctx, load.Finding{Check: "left", State: load.FindingOK, Text: "left nothing behind"})
		}
		if w.Now().After(until) {
			return w.found(ctx, load.Finding{
				Check: "left", State: load.FindingWarning, Text: fmt.Sprintf("its task %s is still %s %s after the run", instance.ID, instance.State, w.Bounds.Gone),
				Remedy: "the sweep of orphans ends it; look at the platform should it stay",
			})
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-beat.C:
		}
	}
}

// instance is what the platform has of the run that is not over. An error of the
// platform is no answer: it is asked again.
func (w *watched) instance(ctx context.Context) (fleet.Instance, bool) {
	asked, cancel := context.WithTimeout(ctx, w.Bounds.Capacity)
	defer cancel()
	list, err := w.driver.List(asked, w.id)
	if err != nil {
		return fleet.Instance{ID: "(unknown)", State: fleet.Pending, Reason: err.Error()}, true
	}
	for _, i := range list {
		if i.State != fleet.Gone {
			return i, true
		}
	}
	return fleet.Instance{}, false
}

// seconds is a duration for people.
func seconds(d time.Duration) string {
	switch d = max(0, d); {
	case d < time.Millisecond:
		return "less than 1 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}
