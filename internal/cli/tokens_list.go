package cli

import (
	"io"
	"time"
)

// tokensListCmd is `onrush tokens list`.
type tokensListCmd struct {
	remote
	output
}

// Run implements the command.
func (c *tokensListCmd) Run(env *Env) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	tokens, err := api.Tokens(env.Context)
	if err != nil {
		return err
	}
	return c.print(env.Out, tokens, func(w io.Writer) error {
		var rows [][]string
		for _, t := range tokens {
			rows = append(rows, []string{t.ID, string(t.Role), day(t.Created, "-"), day(t.Expires, "never"), day(t.Used, "never"), t.Label})
		}
		return columns(w, "ID ROLE CREATED EXPIRES USED LABEL", rows)
	})
}

func day(at time.Time, none string) string {
	if at.IsZero() {
		return none
	}
	return at.Local().Format(time.DateOnly)
}
