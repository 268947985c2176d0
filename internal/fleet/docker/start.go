package docker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/moby/moby/api/types/container"

	"onrush.dev/onrush/internal/fleet"
)

// starting is one start under way. Others that want the same task wait for it.
type starting struct {
	on     *engine
	done   chan struct{}
	answer fleet.Started
}

// Start implements fleet.Driver:
//
//	look at all engines -> per task: is it there already? else choose the
//	emptiest engine -> note the choice -> create (fetch the image) -> start
//
// Every step may be repeated. A task whose container may have been started on
// an engine that then stopped answering stays with that engine.
func (d *Driver) Start(ctx context.Context, specs []fleet.TaskSpec) ([]fleet.Started, error) {
	all, err := d.surveyPatiently(ctx)
	if err != nil {
		return nil, err
	}
	answers := make([]fleet.Started, len(specs))
	batch := &batch{survey: all, held: holders(all), asked: len(specs), counts: map[*engine]int{}}
	waits := make([]*starting, len(specs))
	d.mu.Lock()
	for _, s := range all {
		batch.counts[s.engine] = s.alive()
	}
	for key, s := range d.underWay {
		if _, seen := batch.held[key]; !seen {
			batch.counts[s.on]++
		}
	}
	for i, spec := range specs {
		waits[i], answers[i] = d.begin(ctx, batch, i, spec)
	}
	d.mu.Unlock()
	for i, w := range waits {
		if w != nil {
			select {
			case <-w.done:
				answers[i] = w.answer
			case <-ctx.Done():
				answers[i].Err = ctx.Err()
			}
		}
	}
	return answers, nil
}

// batch is what one call of Start knows.
type batch struct {
	survey survey
	held   map[taskKey]holder
	counts map[*engine]int // tasks alive, and those that this call puts there
	asked  int

	mu      sync.Mutex
	fetched map[string]bool // engine and image, of those that pull always asked for
}

// holder is where a task's container is.
type holder struct {
	engine *engine
	found  container.Summary
}

// holders finds the container of every task. One that was started counts
// before one that was only made.
func holders(all survey) map[taskKey]holder {
	held := map[taskKey]holder{}
	for _, s := range all {
		for _, c := range s.found {
			key := keyOf(c)
			if other, twice := held[key]; !twice || stateOf(other.found) == fleet.Pending {
				held[key] = holder{s.engine, c}
			}
		}
	}
	return held
}

// surveyPatiently waits until at least one engine answers.
func (d *Driver) surveyPatiently(ctx context.Context) (survey, error) {
	for end := time.Now().Add(d.Patience); ; {
		all := d.survey(ctx)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if all.up() > 0 {
			return all, nil
		}
		if time.Now().After(end) {
			return nil, d.allDown(all)
		}
		if err := pause(ctx, askAgainAfter+100*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// begin answers for one task at once, or returns its start under way. The
// caller holds the lock.
func (d *Driver) begin(ctx context.Context, b *batch, i int, spec fleet.TaskSpec) (*starting, fleet.Started) {
	key := taskKey{spec.Run, spec.Task, spec.Attempt}
	if err := checkNames(spec); err != nil {
		return nil, fleet.Started{Err: err}
	}
	if s, ok := d.underWay[key]; ok {
		return s, fleet.Started{}
	}
	on, err := d.choose(b, i, key)
	if err != nil {
		return nil, fleet.Started{Err: err}
	}
	if h, ok := b.held[key]; ok && stateOf(h.found) != fleet.Pending {
		return nil, fleet.Started{Instance: h.found.ID}
	}
	s := &starting{on: on, done: make(chan struct{})}
	d.underWay[key] = s
	b.counts[on]++
	go func() {
		id, err := d.startSomewhere(ctx, b, on, spec, key)
		d.mu.Lock()
		delete(d.underWay, key)
		d.mu.Unlock()
		s.answer = fleet.Started{Instance: id, Err: err}
		close(s.done)
	}()
	return s, fleet.Started{}
}

func checkNames(spec fleet.TaskSpec) error {
	for what, name := range map[string]string{"run": spec.Run, "task": spec.Task} {
		if !nameRule.MatchString(name) {
			return &fleet.StartError{
				Kind:   fleet.BadSpec,
				Reason: fmt.Sprintf("%s %q cannot name a container", what, name),
				Remedy: "use letters, digits, '.', '_' and '-'",
			}
		}
	}
	return nil
}

// choose finds the engine for a task: the one that has it, or the emptiest.
func (d *Driver) choose(b *batch, i int, key taskKey) (*engine, error) {
	if h, ok := b.held[key]; ok {
		return h.engine, nil
	}
	if host := d.placed.host(key); host != "" {
		for _, s := range b.survey {
			if s.engine.host == host && s.err != nil {
				return nil, &fleet.StartError{
					Kind:   fleet.Down,
					Reason: fmt.Sprintf("region %s: task %s was put on an engine and may run there: %s", d.Name, key.task, words(s.err)),
					Remedy: remedyDown,
				}
			}
		}
	}
	total := 0
	for _, n := range b.counts {
		total += n
	}
	if d.Limit > 0 && total >= d.Limit {
		return nil, &fleet.StartError{
			Kind: fleet.Quota,
			Reason: fmt.Sprintf("region %s: no room for task %s (%d of %d asked for): the region's limit of %d tasks is reached",
				d.Name, key.task, i+1, b.asked, d.Limit),
			Remedy: "raise the region's limit, or lower tasks",
		}
	}
	on := d.emptiest(b, nil)
	if on == nil {
		return nil, &fleet.StartError{
			Kind: fleet.NoRoom,
			Reason: fmt.Sprintf("region %s: no room for task %s (%d of %d asked for): %s cannot hold one more of %s",
				d.Name, key.task, i+1, b.asked, engines(b.survey.up()), d.size()),
			Remedy: remedySize,
		}
	}
	return on, nil
}

// emptiest is the engine with the smallest part of its room taken, of those
// that answer and were not tried yet. Nil: none, or all are full.
func (d *Driver) emptiest(b *batch, tried map[*engine]bool) *engine {
	var best *engine
	least := 0.0
	for _, s := range b.survey {
		if s.err != nil || tried[s.engine] {
			continue
		}
		room := 1.0 // all the same, when tasks have no size
		if d.CPU > 0 || d.Memory > 0 {
			if room = float64(d.rooms(s.info)); float64(b.counts[s.engine]) >= room {
				continue
			}
		}
		if taken := float64(b.counts[s.engine]) / room; best == nil || taken < least {
			best, least = s.engine, taken
		}
	}
	return best
}

// startSomewhere starts a task on an engine, or on another one when that could
// not even have begun with it.
func (d *Driver) startSomewhere(ctx context.Context, b *batch, on *engine, spec fleet.TaskSpec, key taskKey) (string, error) {
	tried := map[*engine]bool{}
	var errs []error
	for {
		id, err := d.startOn(ctx, b, on, spec, key)
		if err == nil {
			return id, nil
		}
		errs = append(errs, d.refused(spec.Task, on, err))
		tried[on] = true
		var maybe *maybeStarted
		if ctx.Err() != nil || errors.As(err, &maybe) {
			break
		}
		d.mu.Lock()
		next := d.emptiest(b, tried)
		if next != nil {
			b.counts[on]--
			b.counts[next]++
			d.underWay[key].on = next
		}
		d.mu.Unlock()
		if next == nil {
			break
		}
		d.Log.Warn("task goes to another engine", "task", spec.Task, "run", spec.Run, "from", on.host, "to", next.host, "err", words(err))
		on = next
	}
	if len(errs) == 1 {
		return "", errs[0]
	}
	return "", joined(errs)
}

// joined is the refusals of several engines as one.
func joined(errs []error) error {
	var first *fleet.StartError
	if !errors.As(errs[0], &first) {
		return errs[0]
	}
	all := *first
	for _, err := range errs[1:] {
		var other *fleet.StartError
		if errors.As(err, &other) {
			all.Reason += "; " + other.Reason
		}
	}
	return &all
}

// pause waits, or returns why it should not.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// imageOf is a task's image.
func (d *Driver) imageOf(spec fleet.TaskSpec) string {
	return cmp.Or(spec.Image, d.Image, defaultImage(d.Version))
}

// sizeOf is what a task may have of an engine's machine.
func (d *Driver) sizeOf(spec fleet.TaskSpec) (cpu float64, memory int64) {
	return cmp.Or(spec.CPU, d.CPU), cmp.Or(spec.Memory, int64(d.Memory))
}
