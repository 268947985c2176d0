package docker

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"onrush.dev/onrush/internal/fleet"
)

// mostLearned bounds how often one start is tried anew without what the engine
// cannot give.
const mostLearned = 3

// maybeStarted is a failure after which nobody knows whether the task runs.
type maybeStarted struct{ err error }

func (e *maybeStarted) Error() string { return e.err.Error() }
func (e *maybeStarted) Unwrap() error { return e.err }

// startOn makes and starts a task's container on one engine. While the engine
// does not answer it tries again: at once elsewhere is for the caller, when the
// container cannot have been started and there is another engine.
func (d *Driver) startOn(ctx context.Context, b *batch, e *engine, spec fleet.TaskSpec, key taskKey) (string, error) {
	select {
	case e.starting <- struct{}{}:
		defer func() { <-e.starting }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if err := d.placed.note(key, e.host); err != nil {
		return "", err
	}
	proved, err := e.prove(ctx)
	if err != nil {
		return "", err
	}
	well := false
	defer func() { proved(well) }()
	begun := false // whether the engine was ever told to start it
	learned := 0
	for end := time.Now().Add(d.Patience); ; {
		id, told, err := d.tryStart(ctx, b, e, spec)
		begun = begun || told
		switch {
		case err == nil:
			well = true
			return id, nil
		case learned < mostLearned && e.learn(err):
			learned++
			continue
		case !isDown(err):
			return "", err
		case !begun && b.survey.up() > 1:
			return "", err
		case time.Now().After(end) && begun:
			return "", &maybeStarted{err}
		case time.Now().After(end):
			return "", err
		}
		if err := pause(ctx, askAgainAfter+100*time.Millisecond); err != nil {
			return "", err
		}
	}
}

// tryStart goes once through all steps; it says whether the engine was told to
// start the container and did not refuse.
func (d *Driver) tryStart(ctx context.Context, b *batch, e *engine, spec fleet.TaskSpec) (id string, told bool, err error) {
	if id, err = d.create(ctx, b, e, spec); err != nil {
		return "", false, err
	}
	err = e.call(ctx, withinStart, func(ctx context.Context) error {
		_, err := e.api.ContainerStart(ctx, id, client.ContainerStartOptions{})
		return err
	})
	if err == nil || isDown(err) || ctx.Err() != nil {
		return id, true, err
	}
	// It is there, and will never be a task.
	e.remove(context.WithoutCancel(ctx), id)
	return "", false, err
}

// create makes a task's container, or finds the one there is.
func (d *Driver) create(ctx context.Context, b *batch, e *engine, spec fleet.TaskSpec) (string, error) {
	image := d.imageOf(spec)
	if d.Pull == pullAlways && !b.hasFetched(e, image) {
		if err := d.fetch(ctx, e, image); err != nil {
			return "", err
		}
		b.noteFetched(e, image)
	}
	options := d.container(spec, e.without())
	fetched := false
	for end := time.Now().Add(conflictFor); ; {
		var made client.ContainerCreateResult
		err := e.call(ctx, withinStart, func(ctx context.Context) (err error) {
			made, err = e.api.ContainerCreate(ctx, options)
			return err
		})
		switch {
		case err == nil:
			return made.ID, nil
		case errdefs.IsConflict(err):
			id, err := d.existing(ctx, e, options, err)
			if !errors.As(err, new(*vanished)) || time.Now().After(end) {
				return id, err
			}
			if err := pause(ctx, 200*time.Millisecond); err != nil {
				return "", err
			}
			continue
		case !isNotFound(err) || !holds(err, "image"):
			return "", err
		case d.Pull == pullNever:
			return "", &imageError{image, nil}
		case fetched:
			return "", &imageError{image, err}
		}
		if err := d.fetch(ctx, e, image); err != nil {
			return "", err
		}
		fetched = true
	}
}

// conflictFor is how long a container may have the task's name without being
// there: while it is made or removed by a call that went before.
const conflictFor = 20 * time.Second

// vanished is a conflict with a container that is not there.
type vanished struct{ error }

func (e *vanished) Unwrap() error { return e.error }

// existing finds the container that has the task's name: an earlier try made
// it. One of somebody else is in the way.
func (d *Driver) existing(ctx context.Context, e *engine, options client.ContainerCreateOptions, conflict error) (string, error) {
	found, err := e.inspect(ctx, options.Name)
	if isNotFound(err) {
		return "", &vanished{conflict}
	}
	if err != nil {
		return "", err
	}
	for label, value := range options.Config.Labels {
		if label != labelDeadline && (found.Config == nil || found.Config.Labels[label] != value) {
			return "", conflict
		}
	}
	return found.ID, nil
}

// remove drops a container that never became a task. What cannot be removed now
// is seen by List and goes with Stop.
func (e *engine) remove(ctx context.Context, id string) {
	err := e.call(ctx, withinStart, func(ctx context.Context) error {
		_, err := e.api.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
		return err
	})
	if err != nil && !isNotFound(err) {
		e.log.Warn("could not remove a container that did not start", "engine", e.host, "container", id, "err", words(err))
	}
}

func (b *batch) hasFetched(e *engine, image string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.fetched[e.host+" "+image]
}

func (b *batch) noteFetched(e *engine, image string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fetched == nil {
		b.fetched = map[string]bool{}
	}
	b.fetched[e.host+" "+image] = true
}

// container is all that an engine is told of a task.
func (d *Driver) container(spec fleet.TaskSpec, lacks features) client.ContainerCreateOptions {
	cpu, memory := d.sizeOf(spec)
	grace := int(math.Ceil(d.Grace.Seconds()))
	labels := map[string]string{
		labelServer: d.Server, labelRegion: d.Name,
		labelRun: spec.Run, labelTask: spec.Task, labelAttempt: strconv.Itoa(spec.Attempt),
	}
	env := []string{"ONRUSH_TICKET=" + spec.Ticket, "TMPDIR=" + tmp}
	if !spec.Deadline.IsZero() {
		labels[labelDeadline] = spec.Deadline.UTC().Format(time.RFC3339)
	}
	if cpu > 0 { // Go sees a quota, but never counts less than two processors
		env = append(env, "GOMAXPROCS="+strconv.Itoa(max(1, int(math.Ceil(cpu)))))
	}
	if memory > 0 { // collect garbage before the kernel ends the task
		env = append(env, "GOMEMLIMIT="+strconv.FormatInt(memory/10*9, 10))
	}
	host := &container.HostConfig{
		NetworkMode:    container.NetworkMode(d.Network),
		RestartPolicy:  container.RestartPolicy{Name: container.RestartPolicyDisabled}, // a restart would run its load twice
		ReadonlyRootfs: true,
		Tmpfs:          map[string]string{tmp: fmt.Sprintf("rw,exec,nosuid,nodev,mode=1777,size=%d", d.TmpSize)},
		CapDrop:        []string{"ALL"},
		SecurityOpt:    []string{"no-new-privileges:true"},
		ExtraHosts:     d.ExtraHosts,
		LogConfig:      container.LogConfig{Type: "json-file", Config: map[string]string{"max-size": strconv.FormatInt(d.LogSize/2, 10), "max-file": "2"}},
		Resources: container.Resources{
			NanoCPUs: int64(math.Round(cpu * 1e9)), Memory: memory, MemorySwap: memory, // no swap: it would falsify what is measured
		},
	}
	if d.Network != "host" {
		host.DNS = d.DNS
	}
	if !lacks.init {
		yes := true
		host.Init = &yes
	}
	if !lacks.noFile {
		most := int64(d.NoFile)
		host.Ulimits = []*container.Ulimit{{Name: "nofile", Soft: most, Hard: most}}
	}
	return client.ContainerCreateOptions{
		Name: strings.Join([]string{"onrush", d.Server, spec.Run, spec.Task, strconv.Itoa(spec.Attempt)}, "-"),
		Config: &container.Config{
			Image: d.imageOf(spec), Env: env, Labels: labels, StopSignal: "SIGTERM", StopTimeout: &grace,
		},
		HostConfig: host,
	}
}

// tmp is the one folder that a task can write to.
const tmp = "/tmp"
