package cli

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/load"
)

// mostFollowed is how many tasks' logs are followed at once: each takes a
// connection.
const mostFollowed = 200

// followLogs prints what a task writes until it has ended, or what all tasks of
// the run do.
func followLogs(env *Env, api *client.Client, run, task string) error {
	ctx, stop := untilInterrupt(env.Context)
	defer stop()
	if task != "" {
		var failed error
		err := api.FollowLog(ctx, run, task, func(text string) {
			if _, err := io.WriteString(env.Out, text); err != nil {
				failed = err
				stop()
			}
		})
		return interrupted(ctx, errors.Join(err, failed))
	}
	f := &logsFollower{env: env, api: api, run: run, known: map[string]bool{}}
	return interrupted(ctx, f.follow(ctx))
}

// interrupted takes Ctrl-C for what it is here: enough was seen.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// logsFollower prints what all tasks of a run write, each from when it is known.
type logsFollower struct {
	env   *Env
	api   *client.Client
	run   string
	known map[string]bool

	mu     sync.Mutex // one line at a time
	failed error
}

func (f *logsFollower) follow(ctx context.Context) error {
	var tasks sync.WaitGroup
	defer tasks.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for {
		run, err := f.api.Run(ctx, f.run)
		if err != nil {
			return err
		}
		if err := f.begin(ctx, run, &tasks); err != nil {
			return err
		}
		if run.Status == load.Ended {
			tasks.Wait()
			return f.failed
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// begin follows the tasks that are not followed yet.
func (f *logsFollower) begin(ctx context.Context, run load.Run, tasks *sync.WaitGroup) error {
	if run.Plan == nil {
		return nil
	}
	if run.Plan.Tasks > mostFollowed {
		return load.Errorf(load.Invalid, "the run has %d tasks, the logs of %d can be followed at once: name a task", run.Plan.Tasks, mostFollowed)
	}
	for _, region := range run.Plan.Regions {
		for _, task := range region.Tasks {
			if f.known[task.Name] {
				continue
			}
			f.known[task.Name] = true
			tasks.Go(func() {
				err := f.api.FollowLog(ctx, f.run, task.Name, func(text string) { f.print(task.Name, text) })
				if err != nil && ctx.Err() == nil && load.ErrorCode(err) != load.NotFound { // a task that never started has no log
					f.fail(err)
				}
			})
		}
	}
	return nil
}

func (f *logsFollower) print(task, text string) {
	var out strings.Builder
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		out.WriteString(task + "  " + line + "\n")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := io.WriteString(f.env.Out, out.String()); err != nil {
		f.failed = errors.Join(f.failed, err)
	}
}

func (f *logsFollower) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failed = errors.Join(f.failed, err)
}
