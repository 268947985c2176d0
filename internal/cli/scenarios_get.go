package cli

import (
	"fmt"
	"io"
	"strings"
)

// scenariosGetCmd is `onrush scenarios get`.
type scenariosGetCmd struct {
	remote
	output
	Name string `arg:"" help:"The scenario's name."`
}

// Run implements the command.
func (c *scenariosGetCmd) Run(env *Env) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	scenario, err := api.Scenario(env.Context, c.Name)
	if err != nil {
		return err
	}
	return c.print(env.Out, scenario, func(w io.Writer) error {
		_, err := fmt.Fprintln(w, strings.TrimRight(scenario.Source, "\n"))
		return err
	})
}
