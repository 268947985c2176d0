package ecs

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"onrush.dev/onrush/internal/fleet"
)

const (
	// described is how many tasks one description answers for at most.
	described = 100
	// lookRate bounds the calls that looks make, per second, over time: what AWS
	// allows is shared with starts, stops, and others in the account.
	lookRate = 4
	// stoppedPages bounds what a first look reads of tasks that have stopped.
	stoppedPages = 50
	// staleFor is how long a look stands when AWS throttles the next one.
	staleFor = 30 * time.Second
	// kept is how long a task that has ended is remembered: longer than AWS does.
	kept = 2 * time.Hour
)

// List implements fleet.Driver. It is called far more often than AWS bears: it
// answers from the last look, and looks anew when that is older than it should be.
func (d *Driver) List(ctx context.Context, run string) ([]fleet.Instance, error) {
	if err := d.look(ctx, d.age(), 0); err != nil {
		return nil, d.named(d.explain(err), "")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var found []fleet.Instance
	for _, t := range d.tasks {
		if (run == "" || t.run == run) && !t.hidden() {
			found = append(found, t.instance())
		}
	}
	slices.SortFunc(found, func(a, b fleet.Instance) int {
		return cmp.Or(cmp.Compare(a.Run, b.Run), cmp.Compare(a.Task, b.Task), cmp.Compare(a.Attempt, b.Attempt))
	})
	return found, nil
}

// age is how old a look may be: the more calls one takes, the rarer it is.
func (d *Driver) age() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.hurried {
		return 0
	}
	return d.every
}

// known makes sure that the driver has seen once what there is.
func (d *Driver) known(ctx context.Context) error {
	d.mu.Lock()
	never := d.looked.IsZero()
	d.mu.Unlock()
	if !never {
		return nil
	}
	return d.look(ctx, 24*time.Hour, d.timing.down)
}

// look looks at all tasks unless somebody has within age. Whoever comes while
// another one looks waits for it and takes its outcome.
func (d *Driver) look(ctx context.Context, age, patience time.Duration) error {
	came := time.Now()
	select {
	case d.looking <- struct{}{}:
		defer func() { <-d.looking }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	d.mu.Lock()
	looked, tried, trouble, every := d.looked, d.tried, d.trouble, d.every
	d.mu.Unlock()
	if !looked.IsZero() && came.Sub(looked) < age {
		return nil
	}
	// What AWS throttles, the last look still answers for a while.
	bearable := func(err error) error {
		if patience == 0 && sort(err) == throttled && !looked.IsZero() && time.Since(looked) < staleFor {
			return nil
		}
		return err
	}
	if patience == 0 && trouble != nil && came.Sub(tried) < every {
		return bearable(trouble) // a platform in trouble is not asked more often
	}
	begin := time.Now()
	calls, err := d.lookNow(ctx, looked.IsZero(), patience)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		if ctx.Err() == nil {
			d.tried, d.trouble = begin, err
		}
		if sort(err) == throttled {
			d.every = min(2*d.every, 10*time.Second)
		}
		return bearable(err)
	}
	d.looked, d.trouble, d.hurried = begin, nil, false
	d.every = max(d.timing.refresh, time.Duration(calls)*time.Second/lookRate)
	return nil
}

// lookNow asks AWS for the tasks of the family that should be up, and how these
// and all others that the driver has not seen end are. A first look reads those
// that have stopped as well.
func (d *Driver) lookNow(ctx context.Context, first bool, patience time.Duration) (calls int, err error) {
	arns, calls, err := d.arns(ctx, types.DesiredStatusRunning, 1000, patience)
	if err != nil {
		return calls, err
	}
	if first {
		stopped, n, err := d.arns(ctx, types.DesiredStatusStopped, stoppedPages, patience)
		if calls += n; err != nil {
			return calls, err
		}
		arns = append(arns, stopped...)
	}
	ask := map[string]bool{}
	d.mu.Lock()
	for _, arn := range arns {
		if t := d.tasks[arn]; t == nil || !t.final {
			ask[arn] = true
		}
	}
	for arn, t := range d.tasks {
		if !t.final {
			ask[arn] = true
		}
	}
	d.mu.Unlock()
	n, err := d.describe(ctx, ask, patience)
	if calls += n; err != nil {
		return calls, err
	}
	d.readWords(ctx)
	return calls, nil
}

// arns lists the family's tasks that AWS wants in a state.
func (d *Driver) arns(ctx context.Context, want types.DesiredStatus, pages int, patience time.Duration) (arns []string, calls int, err error) {
	input := &ecs.ListTasksInput{Cluster: aws.String(d.Cluster), Family: aws.String(d.family), DesiredStatus: want}
	for calls < pages {
		var got *ecs.ListTasksOutput
		err := d.patient(ctx, d.api.read, patience, func(ctx context.Context) (err error) {
			calls++
			got, err = d.api.ecs.ListTasks(ctx, input)
			return err
		})
		if err != nil {
			return nil, calls, err
		}
		arns = append(arns, got.TaskArns...)
		if input.NextToken = got.NextToken; aws.ToString(got.NextToken) == "" {
			break
		}
	}
	return arns, calls, nil
}

// describe asks for many tasks, a hundred a call, and takes in the answers.
func (d *Driver) describe(ctx context.Context, ask map[string]bool, patience time.Duration) (calls int, err error) {
	var (
		all    sync.WaitGroup
		mu     sync.Mutex
		asking = make(chan struct{}, 4)
		arns   = make([]string, 0, len(ask))
	)
	for arn := range ask {
		arns = append(arns, arn)
	}
	for batch := range slices.Chunk(arns, described) {
		all.Go(func() {
			asking <- struct{}{}
			defer func() { <-asking }()
			asked := time.Now()
			var got *ecs.DescribeTasksOutput
			failure := d.patient(ctx, d.api.read, patience, func(ctx context.Context) (err error) {
				got, err = d.api.ecs.DescribeTasks(ctx, &ecs.DescribeTasksInput{
					Cluster: aws.String(d.Cluster), Tasks: batch, Include: []types.TaskField{types.TaskFieldTags},
				})
				return err
			})
			mu.Lock()
			defer mu.Unlock()
			calls++
			if failure != nil {
				err = failure
				return
			}
			d.take(got, asked)
		})
	}
	all.Wait()
	return calls, err
}

// take takes in one answer.
func (d *Driver) take(got *ecs.DescribeTasksOutput, asked time.Time) {
	now := time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range got.Tasks {
		arn := aws.ToString(got.Tasks[i].TaskArn)
		t := d.tasks[arn]
		if t == nil {
			k, ours := d.whose(got.Tasks[i].Tags)
			if !ours {
				continue
			}
			t = &task{key: k, arn: arn, id: shortID(arn)}
			d.tasks[arn] = t
		}
		t.take(&got.Tasks[i], now)
	}
	for _, f := range got.Failures {
		// A task that was asked for just now may not be known everywhere yet.
		if t := d.tasks[aws.ToString(f.Arn)]; t != nil && aws.ToString(f.Reason) == "MISSING" && asked.Sub(t.asked) > d.timing.missing {
			t.vanish(now)
		}
	}
	for arn, t := range d.tasks {
		if t.final && now.Sub(t.ended) > kept {
			delete(d.tasks, arn)
		}
	}
}
