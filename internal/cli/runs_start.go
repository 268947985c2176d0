package cli

import (
	"fmt"

	"onrush.dev/onrush/internal/client"
)

// runsStartCmd is `onrush runs start`.
type runsStartCmd struct {
	remote
	output
	Scenario string `arg:"" help:"The scenario's name."`
	Note     string `placeholder:"TEXT" help:"A note kept with the run."`
	Watch    bool   `short:"w" help:"Watch it until it ends and print the report; exit codes as of onrush run."`
}

// Run implements the command.
func (c *runsStartCmd) Run(env *Env) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	saved, err := api.Scenario(env.Context, c.Scenario)
	if err != nil {
		return err
	}
	secrets, err := secretValues(saved.Scenario, ".")
	if err != nil {
		return err
	}
	run, err := api.StartRun(env.Context, client.StartRun{Scenario: c.Scenario, Note: c.Note, Secrets: secrets})
	if err != nil {
		return err
	}
	if c.Watch {
		return watch(env, api, run, c.output)
	}
	if c.JSON || c.Output != "table" {
		return c.print(env.Out, run, nil)
	}
	// The id alone: so that a script can keep it.
	_, err = fmt.Fprintln(env.Out, run.ID)
	return err
}
