package cli

import (
	"bufio"
	"fmt"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// passwordCmd is `onrush password`.
type passwordCmd struct{ remote }

// Help is the long text under --help.
func (passwordCmd) Help() string {
	return `Asks for the old password and the new one on a terminal, else reads them as the
first two lines of standard input. Open sessions in browsers end; tokens stay.`
}

// Run implements the command.
func (c *passwordCmd) Run(env *Env) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	me, err := api.Me(env.Context)
	if err != nil {
		return err
	}
	old, fresh, err := askPasswords(env, me.Name)
	if err != nil {
		return err
	}
	if err := api.ChangePassword(env.Context, old, fresh); err != nil {
		return err
	}
	fmt.Fprintf(env.Err, "password of %s changed\n", me.Name)
	return nil
}

// askPasswords asks for the old password and, twice where it cannot be seen, for
// the new one.
func askPasswords(env *Env, user string) (old, fresh string, err error) {
	old, asked, err := askHidden(env, "old password of "+user)
	if err != nil {
		return "", "", err
	}
	if !asked {
		lines := bufio.NewScanner(env.In)
		for _, word := range []*string{&old, &fresh} {
			if !lines.Scan() {
				return "", "", load.Errorf(load.Invalid, "no passwords: give the old and the new one as two lines on standard input")
			}
			*word = strings.TrimRight(lines.Text(), "\r")
		}
		return old, fresh, nil
	}
	if fresh, _, err = askHidden(env, "new password"); err != nil {
		return "", "", err
	}
	again, _, err := askHidden(env, "the new one again")
	if err == nil && again != fresh {
		err = load.Errorf(load.Invalid, "the two new passwords differ")
	}
	return old, fresh, err
}
