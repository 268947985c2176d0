package docker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/api/types/system"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// Options are a region with its settings read.
type Options struct {
	fleet.Place
	Hosts      []string
	TLS        tlsFiles
	SSHConfig  string
	Network    string
	ExtraHosts []string
	DNS        []netip.Addr
	Pull       string // missing, always or never
	Registry   string // file with registries' credentials
	TmpSize    int64  // bytes
	LogSize    int64  // bytes
	NoFile     int
	Parallel   int // starts at once, per engine
	// Grace is between the gentle and the forced end in Stop; default 10 s.
	Grace time.Duration
	// Patience is how long Start waits for an engine that does not answer;
	// default 45 s.
	Patience time.Duration
}

// Driver runs tasks as containers.
type Driver struct {
	Options
	engines []*engine
	placed  *placements

	mu sync.Mutex
	// under way are starts that this value is at, by task.
	underWay map[taskKey]*starting
}

var _ fleet.Driver = (*Driver)(nil)

// taskKey names a task's instance.
type taskKey struct {
	run, task string
	attempt   int
}

// New makes the driver of one region. It asks no engine.
func New(o Options) (*Driver, error) {
	if o.Server == "" || !nameRule.MatchString(o.Server) || !nameRule.MatchString(o.Name) {
		return nil, load.Errorf(load.Invalid, "region %q of server %q: both names must be made of letters, digits, '.', '_' and '-'", o.Name, o.Server)
	}
	if o.Grace == 0 {
		o.Grace = 10 * time.Second
	}
	if o.Patience == 0 {
		o.Patience = 45 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Log = o.Log.With("region", o.Name)
	d := &Driver{Options: o, underWay: map[taskKey]*starting{}}
	if o.Dir != "" {
		// A region's name cannot begin with a dot: no other driver is in the way.
		o.Dir = filepath.Join(o.Dir, ".placed", o.Name)
	}
	d.placed = newPlacements(o.Dir)
	for _, host := range o.Hosts {
		api, err := dial(&d.Options, host)
		if err != nil {
			return nil, errors.Join(load.Errorf(load.Invalid, "region %s: engine %s: %w", o.Name, host, err), d.Close())
		}
		d.engines = append(d.engines, &engine{
			host: host, api: api, log: o.Log,
			starting: make(chan struct{}, o.Parallel), proving: make(chan struct{}, 1),
			details: map[string]detail{}, last: map[string][]fleet.Instance{},
		})
	}
	return d, nil
}

// defaultImage is the image of tasks where neither region nor scenario names one.
func defaultImage(version string) string {
	if version == "" {
		version = "latest"
	}
	return "onrush-agent-all:" + strings.TrimPrefix(version, "v")
}

// nameRule is what names may be made of, since they become a container's name.
var nameRule = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$`)

// Close implements fleet.Driver.
func (d *Driver) Close() error {
	var errs []error
	for _, e := range d.engines {
		errs = append(errs, e.api.Close())
	}
	return errors.Join(errs...)
}

// Capacity implements fleet.Driver.
func (d *Driver) Capacity(ctx context.Context) (load.Capacity, error) {
	all := d.survey(ctx)
	if err := ctx.Err(); err != nil {
		return load.Capacity{}, err
	}
	if all.up() == 0 {
		return load.Capacity{}, d.allDown(all)
	}
	capacity := load.Capacity{Limit: d.Limit, InUse: all.alive()}
	var notes []string
	rooms, sized := 0, d.CPU > 0 || d.Memory > 0
	for _, s := range all {
		if s.err != nil {
			notes = append(notes, s.err.Error())
			continue
		}
		rooms += d.rooms(s.info)
		capacity.Quotas = append(capacity.Quotas, d.quotas(s)...)
	}
	switch where := engines(all.up()); {
	case sized && rooms == 0: // a limit of 0 would mean none
		return load.Capacity{}, &fleet.StartError{
			Kind: fleet.NoRoom, Reason: fmt.Sprintf("region %s: %s cannot hold even one task of %s", d.Name, where, d.size()), Remedy: remedySize,
		}
	case sized && (d.Limit == 0 || rooms < d.Limit):
		capacity.Limit = rooms
		notes = append([]string{where + " for tasks of " + d.size()}, notes...)
	case d.Limit > 0:
		notes = append([]string{"limit of the region's settings; " + where}, notes...)
	default:
		notes = append([]string{where + "; no limit, since neither limit nor cpu nor memory of a task are set"}, notes...)
	}
	capacity.Note = strings.Join(notes, "; ")
	return capacity, nil
}

func engines(n int) string {
	if n == 1 {
		return "one engine"
	}
	return fmt.Sprintf("%d engines", n)
}

// size is a task's size in words.
func (d *Driver) size() string {
	var parts []string
	if d.CPU > 0 {
		parts = append(parts, fmt.Sprintf("%g CPU", d.CPU))
	}
	if d.Memory > 0 {
		parts = append(parts, d.Memory.String())
	}
	return strings.Join(parts, " and ")
}

// rooms is how many tasks an engine's machine holds by their size; 0 when they
// have none, or none fits.
func (d *Driver) rooms(info system.Info) int {
	n := math.Inf(1)
	if d.CPU > 0 {
		n = min(n, float64(info.NCPU)/d.CPU)
	}
	if d.Memory > 0 {
		n = min(n, float64(info.MemTotal)/float64(d.Memory))
	}
	if math.IsInf(n, 1) {
		return 0
	}
	return int(n)
}

// quotas are the processors and the memory of one engine.
func (d *Driver) quotas(s sight) []load.Quota {
	var list []load.Quota
	alive := float64(s.alive())
	add := func(what, unit string, has, each float64) {
		if each > 0 {
			list = append(list, load.Quota{
				Name: "engine " + s.engine.host + ": " + what, Unit: unit,
				Limit: has, InUse: alive * each, Tasks: max(0, int(has/each)-int(alive)),
			})
		}
	}
	add("processors", "vCPU", float64(s.info.NCPU), d.CPU)
	add("memory", "bytes", float64(s.info.MemTotal), float64(d.Memory))
	return list
}

// allDown says that no engine answers.
func (d *Driver) allDown(all survey) error {
	var texts []string
	denied := true
	for _, s := range all {
		texts = append(texts, s.err.Error())
		denied = denied && isDenied(s.err)
	}
	found := &fleet.StartError{Kind: fleet.Down, Reason: fmt.Sprintf("region %s: %s", d.Name, strings.Join(texts, "; ")), Remedy: remedyDown}
	if denied {
		found.Kind, found.Remedy = fleet.Denied, remedyDenied
	}
	return found
}
