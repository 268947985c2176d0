package cli

import "fmt"

// runsResumeCmd is `onrush runs resume`.
type runsResumeCmd struct {
	remote
	ID string `arg:"" name:"run" help:"The run's id."`
}

// Run implements the command.
func (c *runsResumeCmd) Run(env *Env) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	if err := api.ResumeRun(env.Context, c.ID); err != nil {
		return err
	}
	fmt.Fprintf(env.Out, "%s goes on\n", c.ID)
	return nil
}
