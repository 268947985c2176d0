package cli

import (
	"errors"
	"io"
	"os"

	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/scenfile"
)

// regionFlags say single fields of a region. One that is not given leaves its
// field alone; a zero or an empty value empties it.
type regionFlags struct {
	Driver       *string           `placeholder:"NAME" help:"What starts its tasks: local, docker, kubernetes or ecs. Default: local."`
	Set          map[string]string `placeholder:"KEY=VALUE" mapsep:"none" help:"A setting of the driver; repeatable. An empty value takes it away."`
	Limit        *int              `placeholder:"N" help:"Most tasks at once, of all runs; 0: what the platform holds."`
	RunLimit     *int              `placeholder:"N" help:"Most tasks of one run; 0: any number."`
	UsersPerTask *int              `placeholder:"N" help:"Most users that one task may have; 0: any number."`
	CPU          *float64          `name:"cpu" placeholder:"CORES" help:"Cores of each task."`
	Memory       *load.Bytes       `placeholder:"SIZE" help:"Memory of each task, e.g. 4GiB."`
	Image        *string           `placeholder:"IMAGE" help:"Container image of the tasks."`
	EngineImage  map[string]string `placeholder:"ENGINE=IMAGE" mapsep:"none" help:"Container image of one engine's tasks; repeatable. An empty one takes it away."`
	ReachedAt    *string           `placeholder:"URL" help:"Where its tasks reach the server, when not at its public URL."`
	Label        map[string]string `placeholder:"KEY=VALUE" mapsep:"none" help:"A label; repeatable. location=LATITUDE,LONGITUDE places it on the map. An empty value takes it away."`
}

// given says whether any flag was.
func (f *regionFlags) given() bool {
	return f.Driver != nil || f.Limit != nil || f.RunLimit != nil || f.UsersPerTask != nil || f.CPU != nil || f.Memory != nil ||
		f.Image != nil || f.ReachedAt != nil || len(f.Set)+len(f.EngineImage)+len(f.Label) > 0
}

// apply changes a region by the flags that were given.
func (f *regionFlags) apply(r *load.Region) {
	if f.Driver != nil && *f.Driver != r.Driver {
		r.Driver, r.Settings = *f.Driver, nil // those of another driver mean nothing to it
	}
	put(&r.Limit, f.Limit)
	put(&r.RunLimit, f.RunLimit)
	put(&r.UsersPerTask, f.UsersPerTask)
	put(&r.CPU, f.CPU)
	put(&r.Memory, f.Memory)
	put(&r.Image, f.Image)
	put(&r.Server, f.ReachedAt)
	r.Settings = merged(r.Settings, f.Set)
	r.Images = merged(r.Images, f.EngineImage)
	r.Labels = merged(r.Labels, f.Label)
}

func put[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// merged puts values into a map; an empty one takes its key away.
func merged(into, values map[string]string) map[string]string {
	for key, value := range values {
		if value == "" {
			delete(into, key)
			continue
		}
		if into == nil {
			into = map[string]string{}
		}
		into[key] = value
	}
	return into
}

// readRegion reads a region file; "-" is standard input. The faults that need no
// platform are found here, with their lines.
func readRegion(env *Env, file string, drivers []load.DriverKind) (load.Region, error) {
	var text []byte
	var err error
	name := file
	if file == "-" {
		name = "standard input"
		text, err = io.ReadAll(io.LimitReader(env.In, scenfile.MaxSize+1))
	} else {
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return load.Region{}, load.Errorf(load.Invalid, "cannot read the region: %w", err)
	}
	region, err := scenfile.ParseRegion(name, text, func(r load.Region) []load.Problem { return load.ValidateRegion(r, drivers) })
	return region, inFile(name, err)
}

// errNoChange tells that nothing was said.
var errNoChange = errors.New("nothing to change: give at least one flag, or a file with -f")
