package kubernetes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"onrush.dev/onrush/internal/load"
)

// stopTime bounds a Stop.
const stopTime = time.Minute

// Stop implements fleet.Driver. It tells the cluster, which ends the pods with
// their grace and then by force, and removes the Jobs and what they own.
func (d *Driver) Stop(ctx context.Context, run string, tasks ...string) error {
	if run == "" {
		return load.Errorf(load.Invalid, "stop: no run named")
	}
	// A caller that cannot wait is no reason to leave load running.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	found, err := d.look(ctx, run)
	if err != nil {
		return err
	}
	var errs error
	left := false
	for _, p := range found {
		var chosen []int
		others := false
		for index, task := range p.tasks {
			switch {
			case len(tasks) == 0 || slices.Contains(tasks, task):
				chosen = append(chosen, index)
			case !p.stopped(index):
				others = true
			}
		}
		switch {
		case !others:
			errs = errors.Join(errs, d.deleteJob(ctx, p.job.Name))
		case len(chosen) > 0:
			errs = errors.Join(errs, d.stopSome(ctx, p, chosen))
		}
		left = left || others
	}
	if errs == nil && !left {
		d.last.forget(run)
	}
	return errs
}

// deleteJob removes a Job; what it owns, pods and tickets, goes after it.
func (d *Driver) deleteJob(ctx context.Context, name string) error {
	_, err := ask(ctx, d, "end tasks", func(ctx context.Context) (struct{}, error) {
		err := d.client.BatchV1().Jobs(d.Namespace).Delete(ctx, name, metav1.DeleteOptions{PropagationPolicy: pointer(metav1.DeletePropagationBackground)})
		if apierrors.IsNotFound(err) {
			err = nil
		}
		return struct{}{}, err
	})
	return err
}

// stopSome ends single tasks of a Job. The note comes first: without it their
// ends would look like losses.
func (d *Driver) stopSome(ctx context.Context, p *placed, indexes []int) error {
	notes := map[string]string{}
	for _, index := range indexes {
		notes[noteStopped+strconv.Itoa(index)] = ""
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": notes}})
	if err != nil {
		return err
	}
	_, err = ask(ctx, d, "note stopped tasks", func(ctx context.Context) (*batchv1.Job, error) {
		job, err := d.client.BatchV1().Jobs(d.Namespace).Patch(ctx, p.job.Name, types.MergePatchType, patch, metav1.PatchOptions{})
		if apierrors.IsNotFound(err) {
			err = nil
		}
		return job, err
	})
	if err != nil {
		return err
	}
	return d.deletePods(ctx, p, indexes)
}

// deletePods ends the pods of some indexes. The Job does not make them anew: to
// it they have failed, and nothing may fail twice.
func (d *Driver) deletePods(ctx context.Context, p *placed, indexes []int) error {
	words := make([]string, len(indexes))
	for i, index := range indexes {
		words[i] = strconv.Itoa(index)
	}
	selector := fmt.Sprintf("%s=%s,%s in (%s)", batchv1.JobNameLabel, p.job.Name, batchv1.JobCompletionIndexAnnotation, strings.Join(words, ","))
	_, err := ask(ctx, d, "end tasks", func(ctx context.Context) (struct{}, error) {
		return struct{}{}, d.client.CoreV1().Pods(d.Namespace).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: selector})
	})
	return err
}
