package cli

import "fmt"

// runsStopCmd is `onrush runs stop`.
type runsStopCmd struct {
	remote
	ID  string `arg:"" name:"run" help:"The run's id."`
	Now bool   `help:"Cut requests in flight off; without it they may end."`
}

// Run implements the command.
func (c *runsStopCmd) Run(env *Env) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	mode := "drain"
	if c.Now {
		mode = "now"
	}
	if err := api.StopRun(env.Context, c.ID, mode); err != nil {
		return err
	}
	fmt.Fprintf(env.Out, "%s is stopping\n", c.ID)
	return nil
}
