package docker

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// detail is what a list of containers does not tell. It is looked up once when
// a container is up and once when it has ended.
type detail struct {
	run     string
	state   fleet.State // in which it was looked up
	started time.Time
	ended   time.Time
	exit    *int
	reason  string
}

func (e *engine) detail(ctx context.Context, id string, state fleet.State, run string) (detail, error) {
	e.mu.Lock()
	known, ok := e.details[id]
	e.mu.Unlock()
	if ok && known.state == state {
		return known, nil
	}
	inspected, err := e.inspect(ctx, id)
	if err != nil {
		return detail{}, err
	}
	found := detail{run: run, state: state}
	if s := inspected.State; s != nil {
		found.started = when(s.StartedAt)
		if state == fleet.Gone {
			found.ended = when(s.FinishedAt)
			if found.ended.Before(found.started) { // an engine notes the start when it comes to it
				found.ended = found.started
			}
			if s.Running { // it is being removed by force
				found.reason = "being removed"
				return found, nil
			}
			if !found.started.IsZero() {
				found.exit = &s.ExitCode
			}
			found.reason = e.reason(ctx, inspected)
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.details[id] = found
	return found, nil
}

func (e *engine) inspect(ctx context.Context, id string) (container.InspectResponse, error) {
	var got client.ContainerInspectResult
	err := e.call(ctx, withinLook, func(ctx context.Context) (err error) {
		got, err = e.api.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
		return err
	})
	return got.Container, err
}

// when reads an engine's time; its year one means never.
func when(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.Year() <= 1 {
		return time.Time{}
	}
	return t
}

// reason says why a container ended. The last thing it wrote is mostly the
// cause, but not of an end by signal, of which it knew nothing.
func (e *engine) reason(ctx context.Context, c container.InspectResponse) string {
	s := c.State
	signal := s.ExitCode - 128
	switch {
	case s.OOMKilled:
		limit := ""
		if c.HostConfig != nil && c.HostConfig.Memory > 0 {
			limit = " of " + load.Bytes(c.HostConfig.Memory).String()
		}
		return fmt.Sprintf("out of memory: it reached its limit%s and was killed by signal 9 (raise the region's memory, or lower the users of a task)", limit)
	case s.StartedAt == "" || when(s.StartedAt).IsZero():
		return "did not start: " + s.Error
	case s.ExitCode == 137:
		return "killed by signal 9 (SIGKILL: somebody ended it, or the machine ran out of memory)"
	case signal > 0 && signal < 65:
		return fmt.Sprintf("killed by signal %d", signal)
	}
	text := fmt.Sprintf("exit code %d", s.ExitCode)
	out, errs := e.tail(ctx, c.ID)
	line := cmp.Or(fleet.LastLine(string(errs)), fleet.LastLine(string(out)))
	if _, init, _ := strings.Cut(line, "[FATAL tini"); init != "" && (s.ExitCode == 126 || s.ExitCode == 127) {
		return "the image's program cannot be run: " + strings.TrimLeft(init, " (0123456789)]") + " (take an image whose entrypoint is the agent, for the processors of the engine's machine)"
	}
	if line != "" {
		text += ": " + line
	} else if s.Error != "" {
		text += ": " + s.Error
	}
	return text
}

// tail reads the end of a container's standard output and error, apart: an
// engine does not keep the order between them. That there is none must not hide
// how the container ended.
func (e *engine) tail(ctx context.Context, id string) (out, errs []byte) {
	var both [2]bytes.Buffer
	err := e.call(ctx, withinLook, func(ctx context.Context) error {
		body, err := e.api.ContainerLogs(ctx, id, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Tail: "200"})
		if err != nil {
			return err
		}
		defer body.Close()
		_, err = stdcopy.StdCopy(&both[0], &both[1], io.LimitReader(body, 1<<20))
		return err
	})
	if err != nil {
		e.log.Debug("no log of an ended task", "engine", e.host, "container", id, "err", err)
	}
	return both[0].Bytes(), both[1].Bytes()
}
