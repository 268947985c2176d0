package docker

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/containerd/errdefs"

	"onrush.dev/onrush/internal/fleet"
)

// What users can do about an engine that does not answer.
const (
	remedySize   = "lower the tasks, lower the region's cpu or memory, or name more engines in its hosts"
	remedyDown   = "start the engine, or take it out of the region's hosts"
	remedyDenied = "let the server's user use the engine (group docker, or the right certificate or key), or name another engine in hosts"
)

func isNotFound(err error) bool { return err != nil && errdefs.IsNotFound(err) }

// isDenied says whether an engine cannot be reached for want of rights. The
// client library and ssh tell that in words only.
func isDenied(err error) bool {
	return holds(err, "permission denied", "certificate", "tls: ", "host key verification failed", "authorization denied", "client sent an http request to an https server")
}

func holds(err error, any ...string) bool {
	text := strings.ToLower(err.Error())
	for _, words := range any {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}

// imageError is why an engine has not got an image.
type imageError struct {
	image string
	err   error // nil: it may not fetch it
}

func (e *imageError) Error() string {
	if e.err == nil {
		return "has no image " + e.image + ", and pull is never"
	}
	return "cannot fetch image " + e.image + ": " + words(e.err)
}

func (e *imageError) Unwrap() error { return e.err }

// refused puts the reason why a task did not start on an engine into words.
func (d *Driver) refused(task string, e *engine, err error) error {
	if known := (*fleet.StartError)(nil); err == nil || errors.As(err, &known) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	r := &fleet.StartError{Reason: fmt.Sprintf("region %s: task %s: engine %s: %s", d.Name, task, e.host, words(err))}
	var image *imageError
	switch {
	case isDown(err):
		r.Reason = fmt.Sprintf("region %s: task %s: %s", d.Name, task, words(err))
		r.Kind, r.Remedy = fleet.Down, remedyDown
		if isDenied(err) {
			r.Kind, r.Remedy = fleet.Denied, remedyDenied
		}
	case errors.As(err, &image):
		r.Kind, r.Remedy = fleet.BadImage, imageRemedy(image)
	default:
		r.Kind, r.Remedy = sort(err)
	}
	return r
}

// sort finds the kind of an engine's refusal. Engines tell most of it in words
// only, and those have hardly changed in ten years.
func sort(err error) (fleet.StartKind, string) {
	switch {
	case holds(err, "network") && holds(err, "not found"):
		return fleet.BadSpec, "make the network on the engine (docker network create), or name another in the region's network"
	case holds(err, "cannot allocate memory", "out of memory"):
		return fleet.NoRoom, "lower the tasks, free memory on the engine, or name more engines in hosts"
	case holds(err, "no space left on device"):
		return fleet.NoRoom, "free disk space on the engine (docker system df)"
	case holds(err, "resource temporarily unavailable", "too many open files"):
		return fleet.NoRoom, "lower the tasks, or raise the engine's limits of processes and files"
	case holds(err, "range of cpus", "nanocpus"):
		return fleet.BadSpec, "lower the region's cpu: no task can have more than the engine's machine"
	case holds(err, "minimum memory limit"):
		return fleet.BadSpec, "raise the region's memory"
	case holds(err, "executable file not found", "no such file or directory", "no command specified", "exec format error", "permission denied"):
		return fleet.BadImage, "take an image whose entrypoint is the agent, for the processors of the engine's machine"
	case errdefs.IsConflict(err) && holds(err, "already in use"):
		return fleet.BadSpec, "another container has the task's name: remove it"
	case errdefs.IsPermissionDenied(err), errdefs.IsUnauthorized(err):
		return fleet.Denied, "the engine's authorisation refuses this: let the server's user make containers"
	default:
		return fleet.BadSpec, "look at the engine's log and the region's settings"
	}
}

func imageRemedy(image *imageError) string {
	switch {
	case image.err == nil:
		return "load the image into the engine (docker load, docker pull), or set pull to missing"
	case holds(image.err, "unauthorized", "denied", "authentication required", "no basic auth"):
		return "check the image's name, and log in to its registry (docker login) so that registry_config has the credentials"
	case holds(image.err, "no such host", "connection refused", "timeout", "deadline exceeded", "dial tcp", "tls", "x509"):
		return "the engine does not reach the registry: load the image into it (docker load), or let it reach the registry"
	default:
		return "check the image's name, or load it into the engine (docker load)"
	}
}
