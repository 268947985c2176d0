package cli

import "io"

// regionsGetCmd is `onrush regions get`.
type regionsGetCmd struct {
	remote
	output
	Name string `arg:"" help:"The region's name."`
}

// Run implements the command.
func (c *regionsGetCmd) Run(env *Env) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	region, err := api.Region(env.Context, c.Name)
	if err != nil {
		return err
	}
	return c.print(env.Out, region, func(w io.Writer) error { return writeYAML(w, region) })
}
