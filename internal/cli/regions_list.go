package cli

import "io"

// regionsListCmd is `onrush regions list`.
type regionsListCmd struct {
	remote
	output
}

// Run implements the command.
func (c *regionsListCmd) Run(env *Env) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	regions, err := api.Regions(env.Context)
	if err != nil {
		return err
	}
	return c.print(env.Out, regions, func(w io.Writer) error {
		var rows [][]string
		for _, r := range regions {
			rows = append(rows, []string{r.Name, r.Driver, dash(r.Limit)})
		}
		return columns(w, "NAME DRIVER LIMIT", rows)
	})
}
