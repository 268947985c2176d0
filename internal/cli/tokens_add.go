package cli

import (
	"fmt"
	"io"

	"onrush.dev/onrush/internal/load"
)

// tokensAddCmd is `onrush tokens add`.
type tokensAddCmd struct {
	remote
	output
	Label string `arg:"" help:"What the token is for."`
	Role  string `placeholder:"ROLE" help:"viewer, operator or admin; at most your own, which is the default."`
	Days  int    `placeholder:"N" help:"Days until it expires. Default: it does not."`
}

// Help is the long text under --help.
func (tokensAddCmd) Help() string {
	return `The token alone goes to standard output, so that it can be piped to where it is
kept. It is shown this once.

  onrush tokens add "nightly runs" --role operator --days 90`
}

// Run implements the command.
func (c *tokensAddCmd) Run(env *Env) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	made, err := api.CreateToken(env.Context, c.Label, load.Role(c.Role), c.Days)
	if err != nil {
		return err
	}
	return c.print(env.Out, made, func(w io.Writer) error {
		fmt.Fprintf(env.Err, "token %s for %q with the role %s\n", made.ID, made.Label, made.Role)
		_, err := fmt.Fprintln(w, made.Secret)
		return err
	})
}
