package ecs

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"onrush.dev/onrush/internal/fleet"
)

// task is what the driver knows of one instance.
type task struct {
	key
	arn, id string
	size    size
	spot    bool

	status   string // AWS's word for where it is
	state    fleet.State
	reason   string
	exitCode *int
	started  time.Time
	ended    time.Time

	asked time.Time // when this driver asked for it; zero: it was found
	final bool      // AWS will tell nothing new of it

	// stopped is when AWS accepted this driver's StopTask: from then on the task
	// is on its way out and no longer listed.
	stopped time.Time
	// tidied is a task that had ended and was then stopped: AWS goes on telling
	// of it for an hour, the driver does not.
	tidied bool

	words    string // the last line it wrote
	wordsOff bool   // it wrote none, or it cannot be read
}

// stopTrust is how long an accepted StopTask is trusted. A task that is still up
// after that is listed again, so that whoever sweeps sees it.
const stopTrust = 5 * time.Minute

// hidden tells whether List leaves a task out.
func (t *task) hidden() bool {
	return t.tidied || !t.stopped.IsZero() && (t.final || time.Since(t.stopped) < stopTrust)
}

// uses tells whether a task counts against the region's limit.
func (t *task) uses() bool { return t.state != fleet.Gone && t.stopped.IsZero() }

func (t *task) instance() fleet.Instance {
	i := fleet.Instance{
		ID: t.id, Run: t.run, Task: t.task, Attempt: t.attempt, State: t.state, Reason: t.reason,
		ExitCode: t.exitCode, Started: t.started, Ended: t.ended,
	}
	if t.words != "" && t.state == fleet.Gone {
		i.Reason += ": " + t.words
	}
	return i
}

// ownStop begins the reason that this driver gives with StopTask: a new value
// knows by it what was stopped before.
const ownStop = "onrush: "

// take takes in what AWS tells of a task.
func (t *task) take(got *types.Task, now time.Time) {
	t.status = aws.ToString(got.LastStatus)
	t.started = aws.ToTime(got.StartedAt)
	if aws.ToString(got.CapacityProviderName) != "" {
		t.spot = aws.ToString(got.CapacityProviderName) == "FARGATE_SPOT"
	}
	t.size = sizeOf(got)
	var c types.Container
	for _, candidate := range got.Containers {
		if aws.ToString(candidate.Name) == container {
			c = candidate
		}
	}
	switch {
	case t.status == "STOPPED", t.status == "DEPROVISIONING", got.ExecutionStoppedAt != nil,
		aws.ToString(c.LastStatus) == "STOPPED":
		// Its process has ended; giving back its address takes AWS half a minute more.
		t.state = fleet.Gone
		t.final = t.status == "STOPPED"
		t.reason, t.exitCode = endOf(got, c)
		t.ended = firstTime(got.ExecutionStoppedAt, got.StoppedAt, got.StoppingAt)
		if t.ended.IsZero() {
			t.ended = now
		}
	case got.StartedAt != nil:
		t.state = fleet.Up
		if got.StopCode != "" { // it has been told, and is on its way out
			t.reason, _ = endOf(got, c)
		}
	default:
		t.state = fleet.Pending
		t.reason = waiting(t.status, now.Sub(aws.ToTime(got.CreatedAt)))
	}
	if strings.HasPrefix(aws.ToString(got.StoppedReason), ownStop) && t.stopped.IsZero() {
		t.stopped = aws.ToTime(got.StoppingAt)
		if t.stopped.IsZero() {
			t.stopped = now
		}
	}
}

// vanish is the end of a task that AWS no longer tells of.
func (t *task) vanish(now time.Time) {
	if t.state != fleet.Gone {
		t.state, t.ended, t.reason = fleet.Gone, now, "AWS no longer knows the task"
	}
	t.final = true
}

func firstTime(times ...*time.Time) time.Time {
	for _, t := range times {
		if t != nil {
			return *t
		}
	}
	return time.Time{}
}

// shortID is the last part of a task's ARN.
func shortID(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }
