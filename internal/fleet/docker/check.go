package docker

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/client"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// What is looked at, as findings name it.
const (
	checkEngine  = "engine"
	checkImage   = "image"
	checkNetwork = "network"
	checkSize    = "size"
	checkClock   = "clock"
	checkLimits  = "limits"
)

// clockOff is how far an engine's clock may be off before a user should know:
// the figures of its tasks are laid beside those of others by the second.
const clockOff = 500 * time.Millisecond

// Check implements fleet.Driver. It looks at each engine by itself; one that is
// well is enough for tasks to start, so that the others are warnings then.
func (d *Driver) Check(ctx context.Context) ([]load.Finding, error) {
	each := make([][]load.Finding, len(d.engines))
	d.each(func(i int, e *engine) { each[i] = d.checkEngine(ctx, e) })
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(each, func(list []load.Finding) bool { return !failed(list) }) {
		for _, list := range each {
			for i := range list {
				if list[i].State == load.FindingFailed {
					list[i].State = load.FindingWarning
					list[i].Text += " (no task can start on this engine; others can be used)"
				}
			}
		}
	}
	return slices.Concat(each...), nil
}

func failed(list []load.Finding) bool {
	return slices.ContainsFunc(list, func(f load.Finding) bool { return f.State == load.FindingFailed })
}

// looker gathers what is found of one engine.
type looker struct {
	host string
	list []load.Finding
}

func (l *looker) add(check string, state load.FindingState, remedy, format string, args ...any) {
	l.list = append(l.list, load.Finding{
		Check: check, State: state, Remedy: remedy,
		Text: "engine " + l.host + ": " + fmt.Sprintf(format, args...),
	})
}

func (d *Driver) checkEngine(ctx context.Context, e *engine) []load.Finding {
	l := &looker{host: e.host}
	var got client.SystemInfoResult
	e.wake()
	asked := time.Now()
	err := e.call(ctx, withinLook, func(ctx context.Context) (err error) {
		got, err = e.api.Info(ctx, client.InfoOptions{})
		return err
	})
	took := time.Since(asked)
	if err != nil {
		remedy := remedyDown
		if isDenied(err) {
			remedy = remedyDenied
		}
		l.add(checkEngine, load.FindingFailed, remedy, "%s", strings.TrimPrefix(words(err), "engine "+e.host+" "))
		return l.list
	}
	info := got.Info
	if info.OSType != "" && info.OSType != "linux" {
		l.add(checkEngine, load.FindingFailed, "name an engine that runs Linux containers", "runs containers of %s", info.OSType)
		return l.list
	}
	l.add(checkEngine, load.FindingOK, "", "Docker %s answers (API %s, %s, %d processors, %s of memory)",
		info.ServerVersion, e.api.ClientVersion(), info.Architecture, info.NCPU, legible(info.MemTotal))
	if strings.HasPrefix(e.host, "tcp:") && !d.TLS.used() {
		l.add(checkEngine, load.FindingWarning, "serve it with TLS and name "+setTLSCA+", "+setTLSCert+" and "+setTLSKey,
			"is reached without TLS: whoever reaches it owns its machine, and tickets can be read on the way")
	}
	d.checkSize(l, info)
	checkClockOf(l, info, asked.Add(took/2), took)
	d.checkNetwork(ctx, l, e)
	d.checkImages(ctx, l, e)
	return l.list
}

func legible(bytes int64) string {
	return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
}

// checkSize compares a task's size with the machine, and asks whether the
// engine can hold tasks to it.
func (d *Driver) checkSize(l *looker, info system.Info) {
	switch {
	case d.CPU > float64(info.NCPU):
		l.add(checkSize, load.FindingFailed, "lower the region's cpu", "a task of %g CPU does not fit: the machine has %d", d.CPU, info.NCPU)
	case int64(d.Memory) > info.MemTotal:
		l.add(checkSize, load.FindingFailed, "lower the region's memory", "a task of %s does not fit: the machine has %s", d.Memory, legible(info.MemTotal))
	case d.CPU > 0 || d.Memory > 0:
		l.add(checkSize, load.FindingOK, "", "%d tasks of %s fit", d.rooms(info), d.size())
	}
	if d.CPU > 0 && !info.CPUCfsQuota {
		l.add(checkLimits, load.FindingWarning, "give the engine's kernel CONFIG_CFS_BANDWIDTH", "cannot limit processors: tasks take what they get")
	}
	if d.Memory > 0 && !info.MemoryLimit {
		l.add(checkLimits, load.FindingWarning, "give the engine's kernel the memory cgroup", "cannot limit memory: one task may starve the others")
	}
	if d.Memory > 0 && info.MemoryLimit && !info.SwapLimit {
		l.add(checkLimits, load.FindingWarning, "boot the engine's kernel with swapaccount=1, or without swap", "cannot limit swap: a task at its memory's limit gets slow instead of being ended")
	}
}

// checkClockOf compares the engine's clock with the server's, in the middle of
// the question; half of the time it took is what cannot be known.
func checkClockOf(l *looker, info system.Info, middle time.Time, took time.Duration) {
	theirs := when(info.SystemTime)
	if theirs.IsZero() {
		l.add(checkClock, load.FindingWarning, "compare the machines' clocks by hand", "does not tell its time")
		return
	}
	off := theirs.Sub(middle).Abs()
	if off > clockOff+took/2 {
		l.add(checkClock, load.FindingWarning, "let a time service (NTP) set the clocks of both machines",
			"its clock is %s off the server's", off.Round(10*time.Millisecond))
		return
	}
	l.add(checkClock, load.FindingOK, "", "its clock is the server's, within %s", (off + took/2).Round(time.Millisecond))
}

func (d *Driver) checkNetwork(ctx context.Context, l *looker, e *engine) {
	var found network.Inspect
	err := e.call(ctx, withinLook, func(ctx context.Context) error {
		got, err := e.api.NetworkInspect(ctx, d.Network, client.NetworkInspectOptions{})
		found = got.Network
		return err
	})
	switch {
	case isNotFound(err):
		l.add(checkNetwork, load.FindingFailed, "make it (docker network create "+d.Network+"), or name another in "+setNetwork, "has no network %q", d.Network)
	case err != nil:
		l.add(checkNetwork, load.FindingWarning, remedyDown, "could not look at network %q: %s", d.Network, words(err))
	case found.Internal:
		l.add(checkNetwork, load.FindingWarning, "", "network %q is internal: tasks reach the server and targets only inside of it", d.Network)
	default:
		l.add(checkNetwork, load.FindingOK, "", "network %q is there (%s)", d.Network, found.Driver)
	}
}

// checkImages looks for every image that tasks of this region may have.
func (d *Driver) checkImages(ctx context.Context, l *looker, e *engine) {
	images := slices.Sorted(maps.Values(d.Images))
	if d.Image != "" || len(images) == 0 {
		images = append(images, d.imageOf(fleet.TaskSpec{}))
	}
	for _, image := range slices.Compact(images) {
		d.checkImage(ctx, l, e, image)
	}
}

func (d *Driver) checkImage(ctx context.Context, l *looker, e *engine, image string) {
	err := e.call(ctx, withinLook, func(ctx context.Context) error {
		_, err := e.api.ImageInspect(ctx, image)
		return err
	})
	switch {
	case err == nil && d.Pull != pullAlways:
		l.add(checkImage, load.FindingOK, "", "has image %s", image)
		return
	case err != nil && !isNotFound(err):
		l.add(checkImage, load.FindingWarning, remedyDown, "could not look for image %s: %s", image, words(err))
		return
	case d.Pull == pullNever:
		l.add(checkImage, load.FindingFailed, imageRemedy(&imageError{image, nil}), "has no image %s, and pull is never", image)
		return
	}
	// Whether it could be fetched: the engine asks the registry for its manifest.
	auth, err := credentials(ctx, d.Registry, image)
	if err == nil {
		err = e.call(ctx, withinLook, func(ctx context.Context) error {
			_, err := e.api.DistributionInspect(ctx, image, client.DistributionInspectOptions{EncodedRegistryAuth: auth})
			return err
		})
	}
	if err != nil {
		l.add(checkImage, load.FindingFailed, imageRemedy(&imageError{image, err}), "has to fetch image %s and cannot: %s", image, words(err))
		return
	}
	l.add(checkImage, load.FindingOK, "", "fetches image %s from its registry", image)
}
