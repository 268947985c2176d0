package ecs

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// workers is how many RunTask calls are under way at once: enough for the launch
// rate when an answer takes two seconds.
const workers = 40

// startCall is what the launches of one call of Start share.
type startCall struct {
	run  string
	ctx  context.Context
	stop context.CancelCauseFunc
	done chan struct{} // closed when all of it has been answered

	mu sync.Mutex
	// hopeless is why the rest need not be tried: what holds for one task of the
	// call holds for all.
	hopeless *fleet.StartError
	// noRoom is when Fargate first had no room, until it had some again.
	noRoom time.Time
}

// claim is one start under way. Another call of Start for the same task waits
// for it, and answers the same.
type claim struct {
	spec    fleet.TaskSpec
	done    chan struct{}
	started fleet.Started
}

// errStopped ends the starts of a run that is being stopped.
var errStopped = errors.New("the run was stopped meanwhile")

// Start implements fleet.Driver.
func (d *Driver) Start(ctx context.Context, specs []fleet.TaskSpec) ([]fleet.Started, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	// After a crash of the server its tasks are there already.
	if err := d.known(ctx); err != nil {
		return nil, d.named(d.explain(err), "")
	}
	answers := make([]fleet.Started, len(specs))
	claims := make([]*claim, len(specs))
	var mine []*claim
	d.mu.Lock()
	for i, s := range specs {
		var own bool
		if answers[i], claims[i], own = d.claim(s, i, len(specs)); own {
			mine = append(mine, claims[i])
		}
	}
	d.mu.Unlock()
	d.launchAll(ctx, mine)
	for i, c := range claims {
		if c == nil {
			continue
		}
		select {
		case <-c.done:
			answers[i] = c.started
		case <-ctx.Done():
			answers[i].Err = context.Cause(ctx)
		}
	}
	return answers, nil
}

var nameRule = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

// claim answers for a spec whose instance is known, or that cannot be; or it
// returns the start under way, and whether it is the caller's to do. The caller
// holds d.mu.
func (d *Driver) claim(s fleet.TaskSpec, at, of int) (fleet.Started, *claim, bool) {
	k := key{s.Run, s.Task, s.Attempt}
	if !nameRule.MatchString(s.Run) || !nameRule.MatchString(s.Task) {
		return fleet.Started{Err: load.Errorf(load.Invalid,
			"region %s: task %q of run %q: names have letters, digits, '.', '_' and '-', at most 128", d.Region, s.Task, s.Run)}, nil, false
	}
	up := 0
	for _, t := range d.tasks {
		if t.key == k {
			return fleet.Started{Instance: t.id}, nil, false
		}
		if t.uses() {
			up++
		}
	}
	if c, ok := d.claims[k]; ok {
		return fleet.Started{}, c, false
	}
	if d.Limit > 0 && up+len(d.claims) >= d.Limit {
		return fleet.Started{Err: &fleet.StartError{
			Kind:   fleet.Quota,
			Reason: fmt.Sprintf("region %s: no room for task %s (%d of %d asked for): the region's limit of %d tasks is reached", d.Region, s.Task, at+1, of, d.Limit),
			Remedy: "raise the region's limit, or lower tasks",
		}}, nil, false
	}
	c := &claim{spec: s, done: make(chan struct{})}
	d.claims[k] = c
	return fleet.Started{}, c, true
}

// launchAll starts claimed tasks, many at once.
func (d *Driver) launchAll(ctx context.Context, claims []*claim) {
	byRun := map[string][]*claim{}
	for _, c := range claims {
		byRun[c.spec.Run] = append(byRun[c.spec.Run], c)
	}
	var all sync.WaitGroup
	for run, claims := range byRun {
		call := &startCall{run: run, done: make(chan struct{})}
		call.ctx, call.stop = context.WithCancelCause(ctx)
		d.mu.Lock()
		d.cancels[call] = struct{}{}
		d.mu.Unlock()
		queue := make(chan *claim)
		var launching sync.WaitGroup
		for range min(workers, len(claims)) {
			launching.Go(func() {
				for c := range queue {
					d.settle(call, c)
				}
			})
		}
		all.Go(func() {
			for _, c := range claims {
				queue <- c
			}
			close(queue)
			launching.Wait()
			close(call.done)
			call.stop(nil)
			d.mu.Lock()
			delete(d.cancels, call)
			d.mu.Unlock()
		})
	}
	all.Wait()
}

// settle does one claim and tells those who wait for it.
func (d *Driver) settle(call *startCall, c *claim) {
	t, err := d.launch(call, c.spec)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		c.started.Err = err
	} else {
		if _, seen := d.tasks[t.arn]; !seen { // a look may have been faster
			d.tasks[t.arn] = t
		}
		c.started.Instance = t.id
	}
	delete(d.claims, key{c.spec.Run, c.spec.Task, c.spec.Attempt})
	close(c.done)
}

// launch starts one task. It tries what else the settings allow while Fargate
// has no room, and gives up what another task of the call has found to be
// hopeless.
func (d *Driver) launch(call *startCall, s fleet.TaskSpec) (*task, error) {
	ctx := call.ctx
	give := func(failure *fleet.StartError) error { return d.named(failure, s.Task) }
	image, err := d.image(s)
	if err != nil {
		return nil, give(d.explain(err))
	}
	size, err := fit(cmp.Or(s.CPU, d.CPU), cmp.Or(s.Memory, d.Memory))
	if err != nil {
		return nil, give(d.explain(err))
	}
	places := d.places()
	for try := 0; ; try++ {
		if failure := call.verdict(); failure != nil {
			return nil, give(failure)
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		arn, err := d.definition(ctx, image, size)
		if err != nil {
			return nil, give(call.sort(ctx, d.explain(err)))
		}
		t, err := d.runTask(ctx, s, arn, places[try%len(places)], token(d.family, d.Cluster, s, try))
		if err == nil {
			call.roomAgain()
			t.size = size
			return t, nil
		}
		if inactive(err) {
			d.forget(arn)
			continue
		}
		failure := d.explain(err)
		if failure.Kind != fleet.NoRoom || call.full(d.timing.capacity) {
			return nil, give(call.sort(ctx, failure))
		}
		// One round over all places, then a wait before the next.
		if (try+1)%len(places) == 0 && !sleep(ctx, d.wait(3+try/len(places))) {
			return nil, give(call.sort(ctx, failure))
		}
	}
}

// inactive tells that somebody took the task definition out of use.
func inactive(err error) bool {
	return strings.Contains(err.Error(), "TaskDefinition is inactive") || strings.Contains(err.Error(), "TaskDefinition not found")
}

// token makes RunTask idempotent: the same task and attempt gets the same one
// after a crash of the server. A try that AWS refused has made nothing, and the
// next one differs in where it is to run, so it has a token of its own.
func token(family, cluster string, s fleet.TaskSpec, try int) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{
		family, cluster, s.Run, s.Task, strconv.Itoa(s.Attempt), strconv.Itoa(try),
	}, "\x00")))
	return hex.EncodeToString(sum[:]) // 64 characters: the most that AWS takes
}

// named says of which region and task a failure is.
func (d *Driver) named(f *fleet.StartError, task string) *fleet.StartError {
	where := "region " + d.Region + ": "
	if task != "" {
		where += "task " + task + ": "
	}
	return &fleet.StartError{Kind: f.Kind, Reason: where + f.Reason, Remedy: f.Remedy}
}

func (c *startCall) verdict() *fleet.StartError {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.hopeless
}

// sort notes a failure that holds for every other task of the call as well.
func (c *startCall) sort(ctx context.Context, failure *fleet.StartError) *fleet.StartError {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hopeless == nil && ctx.Err() == nil {
		c.hopeless = failure
	}
	return failure
}

// full tells whether Fargate has had no room for so long.
func (c *startCall) full(patience time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.noRoom.IsZero() {
		c.noRoom = time.Now()
	}
	return time.Since(c.noRoom) > patience
}

func (c *startCall) roomAgain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.noRoom = time.Time{}
}
