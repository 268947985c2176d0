package kubernetes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onrush.dev/onrush/internal/fleet"
)

// secretSize bounds the tickets of one Job: a Secret holds a mebibyte at most.
const secretSize = 900 << 10

// batch is what one Job will run.
type batch struct {
	size  size
	specs []int // positions in the list of specs
	bytes int
}

// Start implements fleet.Driver.
func (d *Driver) Start(ctx context.Context, specs []fleet.TaskSpec) ([]fleet.Started, error) {
	d.starting.Lock()
	defer d.starting.Unlock()
	answers := make([]fleet.Started, len(specs))
	there := map[string][]*placed{} // by run
	var missing []int
	for i, s := range specs {
		if answers[i].Err = checkNames(s.Run, s.Task); answers[i].Err != nil {
			continue
		}
		if _, seen := there[s.Run]; !seen {
			found, err := d.look(ctx, s.Run)
			if err != nil {
				return nil, err
			}
			there[s.Run] = found
		}
		if id := known(there[s.Run], s); id != "" {
			answers[i].Instance = id
		} else {
			missing = append(missing, i)
		}
	}
	for _, found := range there {
		for _, p := range found {
			if err := d.mend(ctx, p, specs); err != nil {
				return nil, err
			}
		}
	}
	missing, err := d.fit(ctx, specs, missing, answers)
	if err != nil {
		return nil, err
	}
	for _, b := range d.batches(specs, missing) {
		name, err := d.startBatch(ctx, specs, b)
		for index, i := range b.specs {
			if answers[i].Err = err; err == nil {
				answers[i].Instance = instanceID(name, index)
			}
		}
	}
	return answers, nil
}

// known is the instance of a task that was started before.
func known(found []*placed, s fleet.TaskSpec) string {
	for _, p := range found {
		if index := slices.Index(p.tasks, s.Task); index >= 0 && p.attempt == s.Attempt && !p.stopped(index) {
			return instanceID(p.job.Name, index)
		}
	}
	return ""
}

// fit leaves out the tasks that the region's limit or the namespace's quota has
// no room for, and answers for them.
func (d *Driver) fit(ctx context.Context, specs []fleet.TaskSpec, missing []int, answers []fleet.Started) ([]int, error) {
	if len(missing) == 0 {
		return nil, nil
	}
	room, why, remedy := len(missing), "", ""
	if d.Limit > 0 {
		all, err := d.look(ctx, "")
		if err != nil {
			return nil, err
		}
		if free := max(0, d.Limit-inUse(all)); free < room {
			room, why, remedy = free, fmt.Sprintf("the region's limit of %d tasks is reached", d.Limit), "raise the region's limit, or lower tasks"
		}
	}
	quotas, err := d.quotas(ctx, d.sizeOf(specs[missing[0]]))
	if err != nil {
		return nil, err
	}
	for _, q := range quotas {
		if q.Tasks < room {
			room = q.Tasks
			why = fmt.Sprintf("%s of namespace %s is reached: %s of %s in use", q.Name, d.Namespace, amount(q.InUse, q.Unit), amount(q.Limit, q.Unit))
			remedy = "raise the namespace's quota, or lower tasks"
		}
	}
	for n, i := range missing[room:] {
		answers[i].Err = &fleet.StartError{
			Kind: fleet.Quota, Remedy: remedy,
			Reason: fmt.Sprintf("region %s: no room for task %s (%d of %d asked for): %s", d.Name, specs[i].Task, room+n+1, len(missing), why),
		}
	}
	return missing[:room], nil
}

// sizeOf is what a task gets, with the region's and the driver's defaults.
func (d *Driver) sizeOf(s fleet.TaskSpec) size {
	return size{
		attempt: s.Attempt, deadline: s.Deadline,
		image: cmp.Or(s.Image, d.Image, "onrush-agent-all:"+strings.TrimPrefix(d.Version, "v")),
		cpu:   cmp.Or(s.CPU, d.CPU), memory: cmp.Or(s.Memory, int64(d.Memory)),
	}
}

// batches puts tasks together that one Job can run. The specs of one call are of
// one run and one size as a rule, and make one Job.
func (d *Driver) batches(specs []fleet.TaskSpec, which []int) []batch {
	var found []batch
	for _, i := range which {
		want := d.sizeOf(specs[i])
		fits := func(b batch) bool {
			same := b.size
			same.deadline = want.deadline
			near := b.size.deadline.Sub(want.deadline).Abs() < time.Minute // one deadline, read off the clock twice
			return same == want && near && specs[b.specs[0]].Run == specs[i].Run && b.bytes+len(specs[i].Ticket) <= secretSize
		}
		at := slices.IndexFunc(found, fits)
		if at < 0 {
			found = append(found, batch{size: want})
			at = len(found) - 1
		}
		b := &found[at]
		b.specs = append(b.specs, i)
		b.bytes += len(specs[i].Ticket)
		if want.deadline.After(b.size.deadline) {
			b.size.deadline = want.deadline
		}
	}
	return found
}

// startBatch makes a Job and then its tickets. Pods wait for those, so that a
// server which ends in between leaves nothing that runs, or that lasts.
func (d *Driver) startBatch(ctx context.Context, specs []fleet.TaskSpec, b batch) (string, error) {
	var tasks, tickets []string
	for _, i := range b.specs {
		tasks = append(tasks, specs[i].Task)
		tickets = append(tickets, specs[i].Ticket)
	}
	wanted := d.job(specs[b.specs[0]].Run, b.size, tasks)
	job, err := ask(ctx, d, "start tasks", func(ctx context.Context) (*batchv1.Job, error) {
		job, err := d.client.BatchV1().Jobs(d.Namespace).Create(ctx, wanted, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) { // an answer that was lost, or another server's call
			return nil, nil
		}
		return job, err
	})
	if err != nil {
		return "", err
	}
	if job == nil {
		if job, err = d.made(ctx, wanted); err != nil {
			return "", err
		}
	}
	return job.Name, d.handTickets(ctx, job, tickets)
}

// made finds a Job that was made before.
func (d *Driver) made(ctx context.Context, wanted *batchv1.Job) (*batchv1.Job, error) {
	found, err := d.look(ctx, wanted.Annotations[noteRun])
	if err != nil {
		return nil, err
	}
	for _, p := range found {
		if p.job.Name == wanted.Name {
			return p.job, nil
		}
	}
	return nil, &fleet.StartError{
		Kind: fleet.BadSpec, Reason: fmt.Sprintf("region %s: job %s is there, and is not ours or being removed", d.Name, wanted.Name),
		Remedy: "delete it",
	}
}

func (d *Driver) handTickets(ctx context.Context, job *batchv1.Job, tickets []string) error {
	secret := d.tickets(job, tickets)
	_, err := ask(ctx, d, "hand over tickets", func(ctx context.Context) (*corev1.Secret, error) {
		made, err := d.client.CoreV1().Secrets(d.Namespace).Create(ctx, secret, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) {
			err = nil
		}
		return made, err
	})
	if err == nil {
		return nil
	}
	// Pods without tickets are no use: better none than ones that wait.
	return errors.Join(err, d.deleteJob(context.WithoutCancel(ctx), job.Name))
}

// mend hands over the tickets of a Job whose server ended before it did. Only
// who starts all of its tasks again can: then none of them has spoken yet.
func (d *Driver) mend(ctx context.Context, p *placed, specs []fleet.TaskSpec) error {
	tickets := make([]string, len(p.tasks))
	for index, task := range p.tasks {
		at := slices.IndexFunc(specs, func(s fleet.TaskSpec) bool {
			return s.Run == p.run && s.Task == task && s.Attempt == p.attempt
		})
		if at < 0 || p.stopped(index) || p.pods[index] != nil && p.pods[index].Status.Phase != corev1.PodPending {
			return nil
		}
		tickets[index] = specs[at].Ticket
	}
	return d.handTickets(ctx, p.job, tickets)
}

// inUse counts the tasks that are up or on their way.
func inUse(found []*placed) int {
	n := 0
	for _, p := range found {
		ended := indexesOf(p.job)
		for index := range p.tasks {
			pod := p.pods[index]
			if !p.stopped(index) && ended[index] == "" && (pod == nil || !over(pod)) {
				n++
			}
		}
	}
	return n
}
