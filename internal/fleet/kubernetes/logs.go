package kubernetes

import (
	"context"
	"io"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"onrush.dev/onrush/internal/load"
)

// Logs implements fleet.Driver: the newest attempt's log.
func (d *Driver) Logs(ctx context.Context, run, task string, follow bool) (io.ReadCloser, error) {
	found, err := d.look(ctx, run)
	if err != nil {
		return nil, err
	}
	var pod *corev1.Pod
	newest := -1
	for _, p := range found {
		for index, name := range p.tasks {
			if name == task && p.attempt > newest && !p.stopped(index) {
				newest, pod = p.attempt, p.pods[index]
			}
		}
	}
	switch {
	case newest < 0:
		return nil, load.Errorf(load.NotFound, "region %s has no task %s of run %s", d.Name, task, run)
	case pod == nil:
		return nil, load.Errorf(load.NotFound, "task %s of run %s has no log yet: it has no pod", task, run)
	}
	// No bound of time here: the log is read for as long as the reader likes.
	log, err := d.client.CoreV1().Pods(d.Namespace).GetLogs(pod.Name, &corev1.PodLogOptions{Container: container, Follow: follow}).Stream(ctx)
	switch {
	case err == nil:
		return log, nil
	case apierrors.IsBadRequest(err), apierrors.IsNotFound(err): // the container is not made yet, or is gone
		return nil, load.Errorf(load.NotFound, "task %s of run %s has no log: %s", task, run, oneLine(err.Error()))
	}
	return nil, d.explain("read the log of "+task, err)
}
