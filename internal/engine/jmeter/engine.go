package jmeter

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/engine/jmeter/jmx"
	"onrush.dev/onrush/internal/engine/tool"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/tools"
)

// Name is the engine's name in scenarios.
const Name = load.EngineJMeter

// Engine is JMeter in one task.
type Engine struct {
	java, jmeter tools.Tool
	work         *tool.Work
	plan         *jmx.Plan
	facts        load.ScriptFacts
	process      *tool.Process
	watch        *watch
	sink         *sink
	samples      *samples
	counted      int64
}

// New returns an engine for one task.
func New() *Engine { return &Engine{} }

var (
	_ engine.Script = (*Engine)(nil)
	_ engine.Leaver = (*Engine)(nil)
	_ engine.Teller = (*Engine)(nil)
)

// Name implements engine.Engine.
func (*Engine) Name() string { return Name }

// Facts implements engine.Teller.
func (e *Engine) Facts() *load.ScriptFacts { return &e.facts }

// Counted implements engine.Teller.
func (e *Engine) Counted() (int64, bool) { return max(0, e.counted), e.counted >= 0 }

// Artifacts implements engine.Leaver.
func (e *Engine) Artifacts() []engine.Artifact { return e.work.Artifacts() }

// Prepare implements engine.Engine: it gives the plan its part of the load,
// starts JMeter, which reads it, and waits until it stands at the start.
func (e *Engine) Prepare(ctx context.Context, job engine.Job) (err error) {
	e.counted = -1
	if e.work, err = tool.LayOut(&job); err != nil {
		return err
	}
	if e.facts, err = e.Inspect(ctx, e.work.Bundle); err != nil {
		return err
	}
	s := &job.Order.Scenario
	if _, err := e.Override(*s, e.facts); err != nil {
		return err
	}
	if e.java, err = tools.Find(ctx, "java"); err == nil && e.jmeter.Path == "" {
		e.jmeter, err = tools.Find(ctx, Name)
	}
	if err != nil {
		return load.Errorf(load.Invalid, "%w", err) // what is missing here is not there a moment later
	}
	some, err := e.ownPart(&job)
	if err != nil || !some {
		return err
	}
	return e.start(ctx, &job)
}

// ownPart writes the task's copy of the plan, with its own part of the numbers
// that tasks share. False: the task has no part.
func (e *Engine) ownPart(job *engine.Job) (some bool, err error) {
	s := &job.Order.Scenario
	if err := e.plan.Set(load.ScriptLoadOf(*s)); err != nil {
		return false, err
	}
	some = true
	if s.Share == load.SharingPerTask || job.Order.Count <= 1 {
		e.plan.Whole()
	} else if some, err = e.plan.Divide(job.Order.Share); err != nil {
		return false, err
	}
	if !e.plan.Changed() {
		return some, nil
	}
	return some, os.WriteFile(e.planFile(), e.plan.Bytes(), 0o600)
}

func (e *Engine) planFile() string {
	return filepath.Join(e.work.Dir, filepath.FromSlash(e.work.Entry))
}

// readyWithin bounds what JMeter takes to read the plan.
const readyWithin = 5 * time.Minute

// start starts JMeter and waits until it stands at the pipe.
func (e *Engine) start(ctx context.Context, job *engine.Job) (err error) {
	e.sink = newSink(job, e.plan.Parents)
	e.sink.mask = newMask(job.Order.Secrets)
	if e.samples, err = newSamples(e.work, e.sink, newMask(job.Order.Secrets)); err != nil {
		return err
	}
	log, err := e.work.Keep("jmeter.log")
	if err != nil {
		return err
	}
	e.watch = newWatch()
	command, err := e.command(job)
	if err != nil {
		log.Close()
		return err
	}
	command.Output, command.Keep, command.Line = job.Output, log, e.watch.line
	if e.process, err = tool.Start(command); err != nil {
		log.Close()
		return err
	}
	go func() {
		<-e.process.Done()
		log.Close()
	}()
	e.watch.of(e.process)
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	select {
	case <-e.watch.ready:
		return e.samples.awaitGate(ctx, e.process)
	case <-e.process.Done():
		return load.Errorf(load.Invalid, "%s", e.explain(e.process.Wait()))
	case <-ctx.Done():
		e.process.Kill()
		exit := e.process.Wait()
		return load.Errorf(load.Invalid, "JMeter was not ready after %s:\n%s", readyWithin, tool.Last(exit.Tail, 12))
	}
}

// Run implements engine.Engine.
func (e *Engine) Run(ctx context.Context, job engine.Job) error {
	if e.process == nil {
		return nil // no part of the load
	}
	e.sink.begin(&job)
	defer job.Recorder.Gauges(nil)
	if err := e.process.Await(ctx, job.Start); err != nil {
		e.process.Kill()
		e.process.Wait()
		return nil
	}
	if err := e.samples.open(e.process.Done()); err != nil {
		e.process.Kill()
		e.process.Wait()
		return fmt.Errorf("open JMeter's samples: %w", err)
	}
	exit, why := tool.Tend(ctx, e.process, job, e.endings())
	if err := e.samples.wait(); err != nil {
		return fmt.Errorf("read JMeter's samples: %w", err)
	}
	e.sink.finish()
	if n, ok := e.watch.total(); ok && why != tool.Stopped {
		e.counted = n + e.sink.inParents
	}
	return e.verdict(job, exit, why)
}

// endings are JMeter's: it has words for both, which it takes on a port of the
// loopback.
func (e *Engine) endings() tool.Endings {
	var once sync.Once
	return tool.Endings{
		Drain: func() { e.watch.say("Shutdown") },
		Stop: func() {
			once.Do(func() { e.sink.stopped.Store(true) })
			e.watch.say("StopTestNow")
		},
		StopGrace: 1500 * time.Millisecond,
		Most:      e.longest(),
	}
}

// slack is what setUp and tearDown may take beside the plan's own length before
// JMeter counts as hung.
const slack = 5 * time.Minute

// longest is how long JMeter may run; 0 when its plan does not tell.
func (e *Engine) longest() time.Duration {
	if e.facts.Duration == 0 || !load.ScriptLoadOf(e.work.Scenario).None() {
		return 0
	}
	return time.Duration(e.facts.Duration) + slack
}

// verdict says whether JMeter did what it was to do.
func (e *Engine) verdict(job engine.Job, exit tool.Exit, why tool.Ended) error {
	faults := e.watch.faults()
	switch {
	case why == tool.TooLong:
		return load.Errorf(load.Internal, "JMeter did not end %s after its plan should have, and was stopped:\n%s", slack, tool.Last(exit.Tail, 12))
	case why != tool.ByItself:
		return nil
	case exit.Code != 0 && !e.watch.over():
		return errors.New(e.explain(exit))
	case e.sink.rows == 0 && len(faults) > 0:
		return load.Errorf(load.Invalid, "JMeter made no request:\n%s", tool.Last(faults, 6))
	case len(faults) > 0:
		job.Log.Warn("JMeter logged errors", "first", faults[0], "kept", len(faults))
	}
	return nil
}
