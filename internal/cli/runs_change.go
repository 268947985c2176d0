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
	Tasks      *int     `placeholder:"N" xor:"level" required:"" help:"Tasks of the whole run, or of --region, from now on (engines without live control: k6, jmeter)."`
	Region     string   `placeholder:"NAME" help:"Only this region's tasks."`
}

// Run implements the command.
func (c *runsChangeCmd) Run(env *Env) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	change := client.Load{Users: int(c.Users), TotalUsers: int(c.TotalUsers), Rate: load.Rate(c.Rate), Tasks: c.Tasks, Region: c.Region}
	if err := api.ChangeLoad(env.Context, c.ID, change); err != nil {
		return err
	}
	fmt.Fprintf(env.Out, "%s is changing\n", c.ID)
	return nil
}
