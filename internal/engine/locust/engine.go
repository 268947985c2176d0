package locust

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/engine/tool"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/tools"
)

// Name is the engine's name in scenarios.
const Name = load.EngineLocust

// Engine is Locust in one task.
type Engine struct {
	locust  tools.Tool
	python  string // the Python that runs it, with the script's own packages
	work    *tool.Work
	facts   load.ScriptFacts
	process *tool.Process
	channel *channel
	sink    *sink
	reader  *reader
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

// Counted implements engine.Teller. What Locust counted before the barrier, or
// threw away because the script wants its statistics reset, compares to nothing.
func (e *Engine) Counted() (int64, bool) {
	if e.sink == nil || e.sink.totals == nil || !e.sink.totals.comparable {
		return 0, false
	}
	return e.sink.totals.requests, true
}

// Artifacts implements engine.Leaver.
func (e *Engine) Artifacts() []engine.Artifact { return e.work.Artifacts() }

// Prepare implements engine.Engine: it starts Locust, which imports the script,
// and waits until it stands at the start.
func (e *Engine) Prepare(ctx context.Context, job engine.Job) (err error) {
	if e.work, err = tool.LayOut(&job); err != nil {
		return err
	}
	if job.Order.Script != nil {
		e.facts = *job.Order.Script
		if e.locust, err = tools.Find(ctx, Name); err == nil {
			err = supported(e.locust.Version)
		}
		if err == nil {
			e.python, err = environment(ctx, e.locust, e.work.Dir, e.work.Entry, e.say(&job))
		}
	} else {
		e.facts, err = e.inspect(ctx, e.work.Bundle, e.say(&job))
	}
	if err != nil {
		return asInvalid(err)
	}
	if _, err := e.Override(job.Order.Scenario, e.facts); err != nil {
		return err
	}
	return e.start(ctx, &job)
}

// say puts a line of ours into the task's log.
func (e *Engine) say(job *engine.Job) func(string) {
	return func(line string) {
		if job.Output != nil {
			fmt.Fprintln(job.Output, Name+"| "+line)
		}
	}
}

// asInvalid makes an error final for the task: what is missing here is not
// there a moment later.
func asInvalid(err error) error {
	if load.ErrorCode(err) == load.Unavailable {
		return load.Errorf(load.Invalid, "%w", err)
	}
	return err
}

// readyWithin bounds what the script's import and its setup may take.
const readyWithin = 5 * time.Minute

// start starts Locust and waits until it stands at the start.
func (e *Engine) start(ctx context.Context, job *engine.Job) (err error) {
	e.sink = newSink(job)
	var frames, commands *os.File // Locust's ends
	if e.reader, frames, err = newReader(e.sink); err != nil {
		return err
	}
	if e.channel, commands, err = newChannel(); err != nil {
		frames.Close()
		e.reader.close()
		return err
	}
	log, err := e.work.Keep("locust.log")
	if err == nil {
		err = e.layPlugin(job)
	}
	if err != nil {
		return errors.Join(err, frames.Close(), commands.Close())
	}
	command := e.command(job)
	command.Output, command.Keep, command.Files = job.Output, log, []*os.File{commands, frames}
	if e.process, err = tool.Start(command); err != nil {
		e.close()
		return err
	}
	go func() {
		<-e.process.Done()
		log.Close()
	}()
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	select {
	case <-e.sink.ready:
		return nil
	case <-e.process.Done():
	case <-ctx.Done():
	}
	e.process.Kill()
	exit := e.process.Wait()
	e.close()
	if ctx.Err() != nil {
		return load.Errorf(load.Invalid, "Locust was not ready after %s:\n%s", readyWithin, tool.Last(exit.Tail, 12))
	}
	return load.Errorf(load.Invalid, "%s", e.explain(exit))
}

func (e *Engine) close() {
	e.reader.close()
	e.channel.close()
}

// Run implements engine.Engine.
func (e *Engine) Run(ctx context.Context, job engine.Job) error {
	defer e.close()
	e.sink.begin(&job)
	defer job.Recorder.Gauges(nil)
	if err := e.process.Await(ctx, job.Start); err != nil {
		e.process.Kill()
		e.process.Wait()
		return nil // it was told to end before its start
	}
	drive := newDrive(e, &job)
	driven, done := context.WithCancel(ctx)
	ended := make(chan bool, 1)
	go func() {
		ok := drive.run(driven)
		if !ok {
			e.process.Kill()
		}
		ended <- ok
	}()
	exit, why := tool.Tend(ctx, e.process, job, e.endings(&job, drive))
	done()
	if !<-ended {
		why = tool.TooLong
	}
	if err := e.reader.wait(); err != nil {
		return fmt.Errorf("read Locust's samples: %w", err)
	}
	e.sink.finish(time.Since(job.Start))
	return e.verdict(job, exit, why)
}

// closing is what the script's own test_stop and quitting may take beside the
// drain before Locust counts as hung.
const closing = 10 * time.Second

// endings are Locust's: its users are told to end, and may finish the task that
// they are at; or they end at once. Either way the script's own endings run.
func (e *Engine) endings(job *engine.Job, d *drive) tool.Endings {
	drain := time.Duration(job.Order.Drain)
	return tool.Endings{
		Drain: func() { d.end(drain) }, Grace: drain + closing,
		Stop: func() { d.end(0) }, StopGrace: 1500 * time.Millisecond,
		Most: e.longest(job),
	}
}

// slack is what Locust may take beside its own length before it counts as hung.
const slack = 5 * time.Minute

// longest is how long Locust may run; 0 when nobody can tell.
func (e *Engine) longest(job *engine.Job) time.Duration {
	length := time.Duration(e.facts.Duration)
	if wanted := load.ScriptLoadOf(job.Order.Scenario); !wanted.None() || length == 0 {
		return 0
	}
	return length + time.Duration(job.Order.Drain) + slack
}

// verdict says whether Locust did what it was to do. Exit codes that the script
// itself set are a matter of the report: see sink.finish.
func (e *Engine) verdict(job engine.Job, exit tool.Exit, why tool.Ended) error {
	said := e.sink.totals != nil && e.sink.totals.said && exit.Signal == 0
	switch {
	case why == tool.TooLong:
		return load.Errorf(load.Internal, "Locust did not end when its load had, and was stopped:\n%s", tool.Last(exit.Tail, 12))
	case why != tool.ByItself:
		return nil
	case said:
		job.Log.Warn("the script set Locust's exit code", "code", exit.Code)
		return nil
	case exit.Code == exitUnhandled && e.sink.totals != nil:
		job.Log.Warn("an event listener or greenlet of the script threw an exception; see its log", "last", tool.Last(exit.Tail, 3))
		return nil
	case exit.Code != 0 || exit.Signal != 0:
		return errors.New(e.explain(exit))
	}
	if line := stopLine(exit.Tail); line != "" {
		if e.sink.requests == 0 {
			return load.Errorf(load.Invalid, "Locust stopped before any request: %s", line)
		}
		job.Log.Warn("the script stopped the test", "why", line)
	}
	return nil
}
