package ecs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/smithy-go"

	"onrush.dev/onrush/internal/fleet"
)

// stopWithin bounds a Stop: hundreds of tasks at the API's rate, with an API that
// does not answer for a while.
const stopWithin = 3 * time.Minute

// Stop implements fleet.Driver. AWS ends a task gently, then by force; Stop
// returns once AWS has accepted that for all of them. It goes on when ctx ends:
// what is not stopped costs money.
func (d *Driver) Stop(ctx context.Context, run string, tasks ...string) error {
	if run == "" {
		return errNoRun("stop")
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	if len(tasks) == 0 {
		d.endStarts(run)
	}
	// What a server that is gone started is to be stopped as well. Without an
	// answer, what is known is better than nothing.
	missed := d.look(ctx, 0, d.timing.down)
	var all sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	for _, arn := range d.chosen(run, tasks) {
		all.Go(func() {
			if err := d.stopTask(ctx, arn, run); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
		})
	}
	all.Wait()
	if missed != nil {
		errs = append(errs, fmt.Errorf("look for more tasks: %w", d.named(d.explain(missed), "")))
	}
	if len(errs) > 3 {
		errs = append(errs[:3], fmt.Errorf("and %d more", len(errs)-3))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("stop run %s: %w", run, err)
	}
	return nil
}

// endStarts ends the starts of a run that are under way, and waits for what they
// have asked of AWS already.
func (d *Driver) endStarts(run string) {
	d.mu.Lock()
	var calls []*startCall
	for call := range d.cancels {
		if call.run == run {
			calls = append(calls, call)
		}
	}
	d.mu.Unlock()
	for _, call := range calls {
		call.stop(errStopped)
	}
	for _, call := range calls {
		<-call.done
	}
}

// chosen returns the tasks to stop, and tidies those of them that have ended.
func (d *Driver) chosen(run string, tasks []string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var arns []string
	for arn, t := range d.tasks {
		switch {
		case t.run != run || len(tasks) > 0 && !slices.Contains(tasks, t.task):
		case t.state == fleet.Gone:
			t.tidied = true
		case t.stopped.IsZero() || !t.hidden():
			arns = append(arns, arn)
		}
	}
	return arns
}

func (d *Driver) stopTask(ctx context.Context, arn, run string) error {
	err := d.patient(ctx, d.api.stop, d.timing.down, func(ctx context.Context) error {
		_, err := d.api.ecs.StopTask(ctx, &ecs.StopTaskInput{
			Cluster: aws.String(d.Cluster), Task: aws.String(arn), Reason: aws.String(ownStop + "run " + run + " stops its tasks"),
		})
		if unknownTask(err) {
			return nil // it has ended long ago
		}
		return err
	})
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.tasks[arn]
	switch {
	case err == nil && t != nil:
		t.stopped = time.Now()
	case err != nil:
		name := shortID(arn)
		if t != nil {
			name = t.task
		}
		return d.named(d.explain(err), name)
	}
	return nil
}

func unknownTask(err error) bool {
	api := smithy.APIError(nil)
	return errors.As(err, &api) && api.ErrorCode() == "InvalidParameterException" && strings.Contains(api.ErrorMessage(), "task was not found")
}
