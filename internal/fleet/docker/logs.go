package docker

import (
	"context"
	"io"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// Logs implements fleet.Driver: the newest attempt's log, standard output and
// error as they came.
func (d *Driver) Logs(ctx context.Context, run, task string, follow bool) (io.ReadCloser, error) {
	e, id, err := d.newest(ctx, run, task)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	body, err := e.api.ContainerLogs(ctx, id, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Follow: follow})
	if err != nil {
		cancel()
		if isNotFound(err) {
			return nil, d.noTask(run, task)
		}
		return nil, load.Errorf(load.Unavailable, "region %s: log of task %s: engine %s: %s", d.Name, task, e.host, words(err))
	}
	r, w := io.Pipe()
	go func() {
		defer body.Close()
		_, err := stdcopy.StdCopy(w, w, body)
		if ctx.Err() != nil {
			err = nil // whoever reads it gave it up
		}
		w.CloseWithError(err)
	}()
	return &logReader{r, cancel}, nil
}

type logReader struct {
	*io.PipeReader
	cancel context.CancelFunc
}

// Close implements io.Closer.
func (l *logReader) Close() error {
	l.cancel()
	return l.PipeReader.Close()
}

// newest finds the container of a task's newest attempt.
func (d *Driver) newest(ctx context.Context, run, task string) (on *engine, id string, err error) {
	all := make(survey, len(d.engines))
	d.each(func(i int, e *engine) {
		all[i].engine = e
		all[i].found, all[i].err = d.look(ctx, e, run, task)
	})
	newest := -2
	var down error
	for _, s := range all {
		if s.err != nil && (!isDown(s.err) || d.placed.mayHold(run, s.engine.host)) {
			down = s.err
		}
		for _, c := range s.found {
			if key := keyOf(c); key.attempt > newest && stateOf(c) != fleet.Pending {
				on, id, newest = s.engine, c.ID, key.attempt
			}
		}
	}
	switch {
	case id != "":
		return on, id, nil
	case down != nil:
		return nil, "", load.Errorf(load.Unavailable, "region %s: log of task %s: %s", d.Name, task, words(down))
	}
	return nil, "", d.noTask(run, task)
}

func (d *Driver) noTask(run, task string) error {
	return load.Errorf(load.NotFound, "region %s has no task %s of run %s, or it was not started yet", d.Name, task, run)
}
