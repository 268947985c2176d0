package kubernetes

import (
	"cmp"
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"onrush.dev/onrush/internal/fleet"
)

// placed is a Job with its pods.
type placed struct {
	job     *batchv1.Job
	run     string
	attempt int
	tasks   []string // by index
	pods    map[int]*corev1.Pod
}

func (p *placed) stopped(index int) bool {
	_, ok := p.job.Annotations[noteStopped+strconv.Itoa(index)]
	return ok
}

// look reads a run's Jobs and pods; no run: of all runs. Pods come first: a pod
// that is not there, and whose index the later Job does not tell as ended, is
// still to come.
func (d *Driver) look(ctx context.Context, run string) ([]*placed, error) {
	options := metav1.ListOptions{LabelSelector: labels.SelectorFromSet(d.labels(run)).String()}
	pods, err := ask(ctx, d, "list pods", func(ctx context.Context) (*corev1.PodList, error) {
		return d.client.CoreV1().Pods(d.Namespace).List(ctx, options)
	})
	if err != nil {
		return nil, err
	}
	jobs, err := ask(ctx, d, "list jobs", func(ctx context.Context) (*batchv1.JobList, error) {
		return d.client.BatchV1().Jobs(d.Namespace).List(ctx, options)
	})
	if err != nil {
		return nil, err
	}
	byName := map[string]*placed{}
	var found []*placed
	for i := range jobs.Items {
		if p := d.read(&jobs.Items[i]); p != nil && (run == "" || p.run == run) {
			byName[p.job.Name] = p
			found = append(found, p)
		}
	}
	for i := range pods.Items {
		pod := &pods.Items[i]
		p := byName[pod.Labels[batchv1.JobNameLabel]]
		index, err := strconv.Atoi(pod.Annotations[batchv1.JobCompletionIndexAnnotation])
		if p == nil || err != nil {
			continue // a Job that is being removed, or no pod of ours
		}
		if other := p.pods[index]; other == nil || other.CreationTimestamp.Before(&pod.CreationTimestamp) {
			p.pods[index] = pod
		}
	}
	return found, nil
}

// read reads what a Job's notes say; nil for one that is not ours.
func (d *Driver) read(job *batchv1.Job) *placed {
	p := &placed{job: job, run: job.Annotations[noteRun], pods: map[int]*corev1.Pod{}}
	var err error
	if p.attempt, err = strconv.Atoi(job.Labels[markAttempt]); err != nil {
		return nil
	}
	if err := json.Unmarshal([]byte(job.Annotations[noteTasks]), &p.tasks); err != nil {
		return nil
	}
	return p
}

// List implements fleet.Driver.
func (d *Driver) List(ctx context.Context, run string) ([]fleet.Instance, error) {
	found, err := d.look(ctx, run)
	if err != nil {
		return nil, err
	}
	var troubled map[string]string
	if stuck(found, time.Now()) {
		troubled = d.troubles.read(ctx, d)
	}
	var list []fleet.Instance
	for _, p := range found {
		ended := indexesOf(p.job)
		for index, task := range p.tasks {
			if p.stopped(index) {
				continue
			}
			i := fleet.Instance{ID: instanceID(p.job.Name, index), Run: p.run, Task: task, Attempt: p.attempt, State: fleet.Pending}
			if pod := p.pods[index]; pod != nil {
				d.fromPod(&i, pod, troubled[pod.Name])
				if endedByDeadline(p.job, pod) {
					i.Reason = deadlineWords
				}
			} else {
				d.fromJob(&i, p.job, ended[index], troubled[p.job.Name])
			}
			d.last.note(&i)
			list = append(list, i)
		}
	}
	d.endStopped(ctx, found)
	return list, nil
}

// Indexes of a Job that ended.
const (
	indexDone   = "done"
	indexFailed = "failed"
)

// indexesOf reads which indexes ended, from "0,3-5".
func indexesOf(job *batchv1.Job) map[int]string {
	found := map[int]string{}
	read := func(text, as string) {
		for _, part := range list(text) {
			first, last, ranged := strings.Cut(part, "-")
			if !ranged {
				last = first
			}
			from, err1 := strconv.Atoi(first)
			to, err2 := strconv.Atoi(last)
			if err1 != nil || err2 != nil || to-from > 1e6 {
				continue
			}
			for i := from; i <= to; i++ {
				found[i] = as
			}
		}
	}
	read(job.Status.CompletedIndexes, indexDone)
	if job.Status.FailedIndexes != nil {
		read(*job.Status.FailedIndexes, indexFailed)
	}
	return found
}

const deadlineWords = "ended by the cluster: the deadline of its run had passed"

// endedByDeadline tells pods that go because of their Job's deadline, before the
// Job itself says so.
func endedByDeadline(job *batchv1.Job, pod *corev1.Pod) bool {
	within, start := job.Spec.ActiveDeadlineSeconds, job.Status.StartTime
	if pod.DeletionTimestamp == nil || within == nil || start == nil || disruption(pod) != "" {
		return false
	}
	return !pod.DeletionTimestamp.Time.Before(start.Add(time.Duration(*within) * time.Second))
}

// fromJob tells an instance that has no pod: not yet, or no longer.
func (d *Driver) fromJob(i *fleet.Instance, job *batchv1.Job, ended, trouble string) {
	for _, c := range job.Status.Conditions {
		if c.Status != corev1.ConditionTrue || c.Type != batchv1.JobFailed && c.Type != batchv1.JobFailureTarget {
			continue
		}
		if c.Reason == batchv1.JobReasonDeadlineExceeded {
			i.State, i.Reason, i.Ended = fleet.Gone, deadlineWords, c.LastTransitionTime.Time
			return
		}
		if ended == "" && c.Reason != batchv1.JobReasonFailedIndexes {
			i.State, i.Reason, i.Ended = fleet.Gone, "the cluster ended its job: "+oneLine(c.Message), c.LastTransitionTime.Time
			return
		}
	}
	switch ended {
	case indexDone, indexFailed:
		i.State, i.Reason = fleet.Gone, deletedWords
		if ended == indexDone {
			i.ExitCode, i.Reason = pointer(0), "exit code 0; "+deletedWords
		}
		if seen, ok := d.last.of(i.ID); ok {
			i.Reason, i.Started, i.Ended, i.ExitCode = seen.Reason, seen.Started, seen.Ended, cmp.Or(i.ExitCode, seen.ExitCode)
		}
	default:
		i.Reason = "waits for its pod to be made"
		if trouble != "" {
			i.Reason = "its pod cannot be made: " + trouble + quotaRemedy(trouble)
		}
	}
}

// endStopped ends pods of tasks that were stopped before they had one.
func (d *Driver) endStopped(ctx context.Context, found []*placed) {
	for _, p := range found {
		var late []int
		for index, pod := range p.pods {
			if p.stopped(index) && pod.DeletionTimestamp == nil && !over(pod) {
				late = append(late, index)
			}
		}
		if len(late) == 0 {
			continue
		}
		if err := d.deletePods(ctx, p, late); err != nil {
			d.Log.Warn("cannot end the pod of a stopped task; trying again", "region", d.Name, "run", p.run, "err", err)
		}
	}
}

func over(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}
