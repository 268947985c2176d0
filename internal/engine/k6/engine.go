package k6

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/engine/tool"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/tools"
)

// Name is the engine's name in scenarios.
const Name = load.EngineK6

// Engine is k6 in one task.
type Engine struct {
	k6      tools.Tool
	work    *tool.Work
	facts   load.ScriptFacts
	process *tool.Process
	control *control
	sink    *sink
	samples *samples
	counted int64
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

// Prepare implements engine.Engine: it starts k6, which reads the script and
// makes its users, and waits until it stands at the start.
func (e *Engine) Prepare(ctx context.Context, job engine.Job) (err error) {
	e.counted = -1
	if e.work, err = tool.LayOut(&job); err != nil {
		return err
	}
	if job.Order.Script != nil {
		e.facts = *job.Order.Script
		e.k6, err = tools.Find(ctx, Name)
	} else {
		e.facts, err = e.Inspect(ctx, e.work.Bundle)
	}
	if err != nil {
		return asInvalid(err)
	}
	if _, err := e.Override(job.Order.Scenario, e.facts); err != nil {
		return err
	}
	if idle(&job) {
		return nil
	}
	return e.start(ctx, &job)
}

// asInvalid makes an error final for the task: what is missing here is not
// there a moment later.
func asInvalid(err error) error {
	if load.ErrorCode(err) == load.Unavailable {
		return load.Errorf(load.Invalid, "%w", err)
	}
	return err
}

// idle says that the task has no part of the load.
func idle(job *engine.Job) bool {
	o := &job.Order
	return o.Requests == load.Nothing || (o.Iterations == load.Nothing && o.Scenario.Share != load.SharingPerTask)
}

// readyWithin bounds what k6 takes to make all users, init code included.
const readyWithin = 5 * time.Minute

// start starts k6 and waits until it stands paused before the run.
func (e *Engine) start(ctx context.Context, job *engine.Job) error {
	// A port that was free a moment ago may be taken; then the next one is tried.
	for try := 0; ; try++ {
		err := e.startOnce(ctx, job)
		if err == nil || try == 4 || !errors.Is(err, errPort) {
			return err
		}
	}
}

var errPort = errors.New("its port was taken")

func (e *Engine) startOnce(ctx context.Context, job *engine.Job) (err error) {
	if e.control, err = newControl(); err != nil {
		return err
	}
	e.sink = newSink(job, e.facts.Thresholds)
	if !e.k6.Has(tools.K6Output) {
		e.sink.kinds = kindsIn(e.work.Dir)
	}
	if e.samples, err = openSamples(e.k6, e.sink); err != nil {
		return err
	}
	log, err := e.work.Keep("k6.log")
	if err != nil {
		return err
	}
	command, err := e.command(job)
	if err != nil {
		return err
	}
	command.Line = e.sink.watchLog
	command.Output, command.Keep, command.Files = job.Output, log, []*os.File{e.samples.write}
	if e.process, err = tool.Start(command); err != nil {
		e.samples.close()
		return err
	}
	go func() {
		<-e.process.Done()
		log.Close()
	}()
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	if err := e.control.awaitPaused(ctx, e.process); err != nil {
		e.process.Kill()
		exit := e.process.Wait()
		switch {
		case ctx.Err() != nil:
			return load.Errorf(load.Invalid, "k6 was not ready after %s:\n%s", readyWithin, tool.Last(exit.Tail, 12))
		case exit.Code == exitNoPort:
			return errPort
		}
		return load.Errorf(load.Invalid, "%s", e.explain(exit))
	}
	return nil
}

// Run implements engine.Engine.
func (e *Engine) Run(ctx context.Context, job engine.Job) error {
	if e.process == nil {
		return nil // no part of the load
	}
	defer e.samples.close()
	usage := e.process.Usage()
	usage.Look() // what k6 used to get ready is no load
	e.sink.begin(&job, usage)
	defer job.Recorder.Gauges(nil)
	if err := e.process.Await(ctx, job.Start); err != nil {
		e.process.Kill()
		e.process.Wait()
		return nil // it was told to end before its start
	}
	if err := e.control.resume(ctx); err != nil && ctx.Err() == nil {
		select {
		case <-e.process.Done(): // its exit says why
		default:
			e.process.Kill()
			return fmt.Errorf("start k6's load: %w", err)
		}
	}
	exit, why := tool.Tend(ctx, e.process, job, e.endings())
	if err := e.samples.wait(); err != nil {
		return fmt.Errorf("read k6's samples: %w", err)
	}
	e.sink.finish()
	e.counted = countOf(e.summaryFile())
	return e.verdict(job, exit, why)
}

// endings are k6's: an interrupt ends the load, and teardown and summary still
// come; a second one ends k6 at once.
func (e *Engine) endings() tool.Endings {
	interrupt := func() { e.process.Signal(os.Interrupt.(syscall.Signal)) } //nolint:forcetypeassert // it is one on every system that we run on
	return tool.Endings{
		Drain: interrupt, Stop: interrupt, StopGrace: 1500 * time.Millisecond,
		Most: e.longest(),
	}
}

// slack is what setup, teardown and the summary may take beside the script's own
// length before k6 counts as hung.
const slack = 5 * time.Minute

// longest is how long k6 may run; 0 when its script does not tell.
func (e *Engine) longest() time.Duration {
	if e.facts.Duration == 0 || !load.ScriptLoadOf(e.work.Scenario).None() {
		return 0
	}
	return time.Duration(e.facts.Duration) + slack
}

// verdict says whether k6 did what it was to do.
func (e *Engine) verdict(job engine.Job, exit tool.Exit, why tool.Ended) error {
	switch {
	case why == tool.TooLong:
		return load.Errorf(load.Internal, "k6 did not end %s after its script should have, and was stopped:\n%s", slack, tool.Last(exit.Tail, 12))
	case why != tool.ByItself:
		return nil
	case exit.Code == 0, exit.Code == exitThresholds:
		return nil // the script's own rules are judged on all tasks together
	case exit.Code == exitAborted:
		job.Log.Info("the script ended the test by itself", "last", tool.Last(exit.Tail, 3))
		return nil
	}
	return errors.New(e.explain(exit))
}

func (e *Engine) explain(exit tool.Exit) string {
	return explain(exit, e.work.Dir)
}
