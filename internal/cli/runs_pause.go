package cli

import "fmt"

// runsPauseCmd is `onrush runs pause`.
type runsPauseCmd struct {
	remote
	ID string `arg:"" name:"run" help:"The run's id."`
}

// Run implements the command.
func (c *runsPauseCmd) Run(env *Env) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	if err := api.PauseRun(env.Context, c.ID); err != nil {
		return err
	}
	fmt.Fprintf(env.Out, "%s is pausing\n", c.ID)
	return nil
}
