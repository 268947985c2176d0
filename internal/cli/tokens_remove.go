package cli

import "fmt"

// tokensRemoveCmd is `onrush tokens remove`.
type tokensRemoveCmd struct {
	remote
	ID string `arg:"" help:"The token's ID, as tokens list shows it."`
}

// Run implements the command.
func (c *tokensRemoveCmd) Run(env *Env) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	if err := api.DeleteToken(env.Context, c.ID); err != nil {
		return err
	}
	fmt.Fprintf(env.Out, "token %s removed\n", c.ID)
	return nil
}
