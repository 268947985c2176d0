package cli

import (
	"fmt"
	"io"

	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/load"
)

// regionsAddCmd is `onrush regions add`.
type regionsAddCmd struct {
	remote
	output
	regionFlags
	Name string `arg:"" optional:"" help:"The region's name; a file has its own."`
	File string `short:"f" placeholder:"FILE" help:"Region file (YAML or JSON) with the keys that regions get prints; - is standard input. Flags win over it."`
}

// Help is the long text under --help.
func (regionsAddCmd) Help() string {
	return `All faults are told at once. A region of a file is made, or replaced when it is
there; without a file a region that is there is left alone: regions edit changes
it. Settings hold no secrets: the server takes credentials from the platform's
usual places.

  onrush regions add here --limit 20
  onrush regions add lab --driver docker --set hosts=tcp://10.0.0.5:2376 --cpu 2 --memory 4GiB
  onrush regions add -f region.yaml`
}

// Run implements the command.
func (c *regionsAddCmd) Run(env *Env) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	region := load.Region{}
	if c.File != "" {
		drivers, err := api.Drivers(env.Context)
		if err != nil {
			return err
		}
		if region, err = readRegion(env, c.File, drivers); err != nil {
			return err
		}
	}
	if c.Name != "" {
		region.Name = c.Name
	}
	c.apply(&region)
	if region.Name == "" {
		return load.Errorf(load.Invalid, "a region needs its name: onrush regions add NAME, or a file with -f")
	}
	if c.File == "" {
		switch _, err := api.Region(env.Context, region.Name); {
		case err == nil:
			return load.Errorf(load.Conflict, "there is a region %s already: onrush regions edit %s changes it", region.Name, region.Name)
		case load.ErrorCode(err) != load.NotFound:
			return err
		}
	}
	return saveRegion(env, api, region, c.File, c.output)
}

// saveRegion makes or replaces a region and says what became of it.
func saveRegion(env *Env, api *client.Client, region load.Region, file string, out output) error {
	saved, created, err := api.PutRegion(env.Context, region)
	if err != nil {
		if file != "" {
			return inFile(file, err)
		}
		return err
	}
	return out.print(env.Out, saved.Region, func(w io.Writer) error {
		result := "unchanged"
		switch {
		case created:
			result = "created; prove it with: onrush regions check " + saved.Name
		case saved.Changed:
			result = "changed; prove it with: onrush regions check " + saved.Name
		}
		_, err := fmt.Fprintf(w, "region %s %s\n", saved.Name, result)
		return err
	})
}
