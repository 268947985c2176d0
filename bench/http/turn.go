//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"time"

	"onrush.dev/onrush/bench/internal/gauge"
	"onrush.dev/onrush/bench/internal/peers"
	"onrush.dev/onrush/bench/internal/task"
)

const (
	lead   = 300 * time.Millisecond // of our task, from ready to the start
	warm   = 700 * time.Millisecond // until a turn is measured, from the first request on
	margin = 300 * time.Millisecond // of load after the measured part; in all, whole seconds
)

// turn is what one turn of one generator found.
type turn struct {
	// CPU seconds for each request, or for each GB, from the generator's start to
	// its end; and in the middle of its load, when all that is slow to start has
	// started.
	each, steady float64
	rate         float64 // requests, or GB, for each second by the clock
	core         float64 // part of a core that was used
	peak         int64   // most memory, bytes
	ours         task.Result
}

// runner starts a generator for a turn that is measured for so long.
type runner struct {
	process *gauge.Process
	warm    time.Duration
	count   func() (int64, error) // after the end: requests by its own word
	partial bool                  // the exit code tells nothing
	failed  bool                  // it ended by itself before its first request
	result  *task.Result
}

// run is how long a generator must load for a turn.
func (b *bench) run() time.Duration { return b.window + warm + margin }

// startPeer starts another generator.
func (b *bench) startPeer(name string, r row, url string) (*runner, error) {
	call := peers.Call{
		URL: url, Connections: r.connections, Streams: r.streams, Close: r.close, HTTP3: r.http == "3",
		Duration: b.run(), Dir: b.Dir,
	}
	if r.size > 0 {
		call.Duration = b.window
	}
	run, err := peers.Prepare(b, name, call)
	if err != nil {
		return nil, err
	}
	p, err := gauge.Start(generatorCore, run.Cmd)
	if err != nil {
		return nil, err
	}
	counter := &runner{process: p, warm: run.Warm, partial: run.Partial}
	if run.Count != nil {
		counter.count = func() (int64, error) { return run.Count(p.Out.String()) }
	}
	return counter, nil
}

// startTask starts our side.
func (b *bench) startTask(s scenario, drain time.Duration) (*runner, error) {
	return startTaskOn(b, generatorCore, s, drain)
}

func startTaskOn(b *bench, core int, s scenario, drain time.Duration) (*runner, error) {
	job, err := json.Marshal(task.Job{Scenario: s.String(), Drain: drain, Lead: lead})
	if err != nil {
		return nil, err
	}
	cmd, err := task.Command(b)
	if err != nil {
		return nil, err
	}
	cmd.Stdin = bytes.NewReader(job)
	p, err := gauge.Start(core, cmd)
	if err != nil {
		return nil, err
	}
	run := &runner{process: p, warm: warm, result: new(task.Result)}
	run.count = func() (int64, error) {
		err := json.Unmarshal(p.Out.Bytes(), run.result)
		return run.result.Requests, err
	}
	return run, nil
}

// end waits for the end of a generator and reads what it says.
func (run *runner) end() (gauge.Usage, int64, error) {
	usage, err := run.process.Wait()
	if run.partial && errors.As(err, new(*exec.ExitError)) {
		err = nil
	}
	if err != nil || run.count == nil {
		return usage, 0, err
	}
	n, err := run.count()
	if err == nil && run.result != nil && n > 0 && run.result.Failures > n/1000 && !run.partial {
		err = fmt.Errorf("%d of our %d requests failed: %v", run.result.Failures, n, run.result.Causes)
	}
	return usage, n, err
}

// counter is a target's own count of what it has answered.
type counter func() (int64, error)

// steady measures a generator by the target's count of what it has answered: over
// its whole life, and in the middle of its load. Its own word is compared with
// the count of its whole life.
func (b *bench) steady(run *runner, served counter, before int64, slack int) (t turn, err error) {
	defer func() {
		if err != nil {
			run.process.Kill()
			if _, why := run.process.Wait(); why != nil && run.failed {
				err = why
			}
		}
	}()
	if err := awaitFirst(run, served, before); err != nil {
		return t, err
	}
	time.Sleep(run.warm)
	begin, cpu := time.Now(), run.process.CPU()
	first, err := served()
	if err != nil {
		return t, err
	}
	time.Sleep(b.window)
	used := run.process.CPU() - cpu
	last, err := served()
	if err != nil {
		return t, err
	}
	took := time.Since(begin)
	usage, own, failed := run.end()
	if failed != nil {
		return t, failed
	}
	after, failed := served()
	if failed != nil {
		return t, failed
	}
	if last == first || used <= 0 {
		return t, errors.New("it did nothing in the middle of its load")
	}
	seen := after - before
	if math.Abs(float64(own-seen)) > 0.01*float64(seen)+float64(slack) {
		return t, fmt.Errorf("it says that it made %d requests, and the target served %d", own, seen)
	}
	t = turn{
		each: usage.CPU.Seconds() / float64(seen), steady: used.Seconds() / float64(last-first), rate: float64(last-first) / took.Seconds(),
		core: used.Seconds() / took.Seconds(), peak: usage.Peak,
	}
	if run.result != nil {
		t.ours = *run.result
	}
	return t, nil
}

// awaitFirst waits for the first request of a generator.
func awaitFirst(run *runner, served counter, before int64) error {
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		now, err := served()
		switch {
		case err != nil:
			return err
		case now > before:
			return nil
		case run.process.Ended():
			run.failed = true
			return errors.New("it ended before its first request")
		case time.Now().After(deadline):
			return errors.New("it sent no request in a minute")
		}
	}
}

// whole measures a generator from its start to its end by the bytes that a
// target wrote.
func whole(run *runner, target int) (t turn, err error) {
	before := gauge.Written(target)
	usage, _, err := run.end()
	if err != nil {
		return t, err
	}
	gb := float64(gauge.Written(target)-before) / 1e9
	if gb <= 0 {
		return t, errors.New("nothing was downloaded")
	}
	t = turn{each: usage.CPU.Seconds() / gb, steady: usage.CPU.Seconds() / gb, rate: gb / usage.Took.Seconds(), core: usage.CPU.Seconds() / usage.Took.Seconds(), peak: usage.Peak}
	if run.result != nil {
		t.ours = *run.result
		t.rate = gb / t.ours.Took.Seconds()
		// What lay in the buffers of the kernel when the load ended came to nobody.
		const buffered = 0.06
		if got := float64(t.ours.BytesIn) / 1e9; math.Abs(got-gb) > 0.02*gb+buffered {
			return t, fmt.Errorf("we say that %.2f GB came, and the target sent %.2f", got, gb)
		}
	}
	return t, nil
}
