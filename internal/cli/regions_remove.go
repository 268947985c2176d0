package cli

import "fmt"

// regionsRemoveCmd is `onrush regions remove`.
type regionsRemoveCmd struct {
	remote
	Name  string `arg:"" help:"The region's name."`
	Force bool   `help:"Remove it though runs use it; they go on to their end."`
}

// Run implements the command.
func (c *regionsRemoveCmd) Run(env *Env) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	if err := api.DeleteRegion(env.Context, c.Name, c.Force); err != nil {
		return err
	}
	fmt.Fprintf(env.Out, "region %s removed\n", c.Name)
	return nil
}
