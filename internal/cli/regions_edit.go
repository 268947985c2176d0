package cli

import (
	"onrush.dev/onrush/internal/load"
)

// regionsEditCmd is `onrush regions edit`.
type regionsEditCmd struct {
	remote
	output
	regionFlags
	Name string `arg:"" help:"The region's name."`
	File string `short:"f" placeholder:"FILE" help:"Replace all of it by a region file (YAML or JSON); - is standard input. Flags win over it."`
}

// Help is the long text under --help.
func (regionsEditCmd) Help() string {
	return `Flags change single fields, and leave the others as they are. Runs under way go on
with the region that they began with.

  onrush regions edit lab --limit 40 --set network=bridge
  onrush regions get lab > lab.yaml; $EDITOR lab.yaml; onrush regions edit lab -f lab.yaml`
}

// Run implements the command.
func (c *regionsEditCmd) Run(env *Env) error {
	if c.File == "" && !c.given() {
		return load.Errorf(load.Invalid, "%w", errNoChange)
	}
	api, err := c.connect()
	if err != nil {
		return err
	}
	region, err := api.Region(env.Context, c.Name)
	if err != nil {
		return err
	}
	if c.File != "" {
		drivers, err := api.Drivers(env.Context)
		if err != nil {
			return err
		}
		if region, err = readRegion(env, c.File, drivers); err != nil {
			return err
		}
		if region.Name != c.Name {
			return inFile(c.File, load.Errorf(load.Invalid, "name: found %q, allowed is %q: a region keeps its name", region.Name, c.Name))
		}
	}
	c.apply(&region)
	return saveRegion(env, api, region, c.File, c.output)
}
