package cli

import (
	"fmt"

	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/load"
)

// runsChangeCmd is `onrush runs change`.
type runsChangeCmd struct {
	remote
	ID         string   `arg:"" name:"run" help:"The run's id."`
	Users      count    `placeholder:"N" xor:"level" required:"" help:"Users in each task from now on (closed model)."`
	TotalUsers count    `placeholder:"N" xor:"level" required:"" help:"Users of the whole run from now on (closed model)."`
	Rate       rateFlag `short:"r" placeholder:"N" xor:"level" required:"" help:"Requests a second of the whole run from now on (open model)."`
}

// Run implements the command.
func (c *runsChangeCmd) Run(env *Env) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	change := client.Load{Users: int(c.Users), TotalUsers: int(c.TotalUsers), Rate: load.Rate(c.Rate)}
	if err := api.ChangeLoad(env.Context, c.ID, change); err != nil {
		return err
	}
	fmt.Fprintf(env.Out, "%s is changing\n", c.ID)
	return nil
}
