package cli

import "fmt"

// scenariosDeleteCmd is `onrush scenarios delete`.
type scenariosDeleteCmd struct {
	remote
	Name string `arg:"" help:"The scenario's name."`
}

// Run implements the command.
func (c *scenariosDeleteCmd) Run(env *Env) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	if err := api.DeleteScenario(env.Context, c.Name); err != nil {
		return err
	}
	fmt.Fprintf(env.Out, "%s deleted\n", c.Name)
	return nil
}
