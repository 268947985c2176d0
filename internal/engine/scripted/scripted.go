// Package scripted is the engine whose behaviour is written in the scenario:
// latency, failures, crash, exit, hang, silence. It serves the tests of
// everything above engines, with hundreds of tasks on one machine. It sends
// nothing to any target: its samples are made up, and recorded for real, at the
// pace that the timeline and the task's share ask for.
//
// Read Engine.Run first, then play.go (how samples come about) and mishap.go
// (what can go wrong on purpose).
package scripted

import (
	"context"
	"fmt"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/record"
)

// Name is the word that scenarios use for this engine.
const Name = "scripted"

// tick is how often the engine looks at the clock: rarely, so that two hundred
// tasks are cheap. Samples carry the instants at which they would have been.
const tick = 50 * time.Millisecond

// Engine is the scripted engine.
type Engine struct{}

// New returns an engine for one task.
func New() *Engine { return &Engine{} }

var _ engine.Engine = (*Engine)(nil)

// Name implements engine.Engine.
func (*Engine) Name() string { return Name }

// Prepare implements engine.Engine.
func (*Engine) Prepare(ctx context.Context, job engine.Job) error {
	s := script(&job.Order)
	if s.FailStart && misbehaves(&job.Order) {
		return load.Errorf(load.Invalid, "the script says that task %d cannot start (scripted.fail_start)", job.Order.Index)
	}
	if s.NeverReady && misbehaves(&job.Order) {
		<-ctx.Done()
		return ctx.Err()
	}
	if s.Latency < 0 || s.Jitter < 0 {
		return load.Errorf(load.Invalid, "scripted.latency and scripted.jitter must not be negative")
	}
	return nil
}

// Run implements engine.Engine.
func (*Engine) Run(ctx context.Context, job engine.Job) error {
	p := newPlay(&job)
	defer job.Recorder.Gauges(nil)
	job.Recorder.Gauges(p.gauges)
	m := newMishaps(&job.Order)
	if !wait(ctx, nil, time.Until(job.Start)) {
		return nil
	}
	for {
		changed := job.Timeline.Changed()
		at := time.Since(job.Start)
		if mishap := m.next(at); mishap != nil {
			p.advance(mishap.at)
			if err := mishap.strike(ctx); err != nil {
				return fmt.Errorf("run script: %w", err)
			}
			if ctx.Err() != nil {
				break // nothing happened in the meantime
			}
			p.thaw(time.Since(job.Start) - mishap.at)
			continue
		}
		p.advance(at)
		if p.over(at) {
			return nil
		}
		if !wait(ctx, changed, tick) {
			p.advance(time.Since(job.Start))
			break
		}
	}
	p.cut(time.Since(job.Start))
	return nil
}

// script is the order's script, with the defaults that a scenario may leave out.
func script(o *load.Order) load.Scripted {
	s := load.Scripted{}
	if o.Scenario.Scripted != nil {
		s = *o.Scenario.Scripted
	}
	if s.Latency == 0 {
		s.Latency = load.Duration(10 * time.Millisecond)
	}
	return s
}

// wait waits for d or for a change and says whether ctx is still alive.
func wait(ctx context.Context, changed <-chan struct{}, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-changed:
	case <-t.C:
	}
	return true
}

// gauges are the figures that have a value at an instant.
func (p *play) gauges() record.Gauges {
	return record.Gauges{Users: int(p.users.Load()), InFlight: p.inFlight.Load()}
}
