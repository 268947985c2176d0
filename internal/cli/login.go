package cli

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/load"
)

// loginCmd is `onrush login`.
type loginCmd struct {
	Server   string `arg:"" help:"The server's URL."`
	User     string `short:"u" default:"admin" help:"User name."`
	Password string `env:"ONRUSH_PASSWORD" placeholder:"WORD" help:"Password. Without it: asked for on a terminal, else the first line of standard input."`
}

// Run implements the command.
func (c *loginCmd) Run(env *Env) error {
	server := strings.TrimRight(c.Server, "/")
	if !isURL(server) {
		return load.Errorf(load.Invalid, "SERVER: found %q, allowed is a URL, e.g. http://127.0.0.1:8080", server)
	}
	password, err := c.password(env)
	if err != nil {
		return err
	}
	token, err := client.New(server, "").Login(env.Context, c.User, password)
	if err != nil {
		return err
	}
	kept, err := readLogins()
	if err != nil {
		return err
	}
	kept.Current, kept.Tokens[server] = server, token
	if err := kept.write(); err != nil {
		return err
	}
	fmt.Fprintf(env.Err, "logged in to %s as %s\n", server, c.User)
	return nil
}

func (c *loginCmd) password(env *Env) (string, error) {
	if c.Password != "" {
		return c.Password, nil
	}
	if typed, asked, err := askHidden(env, "password of "+c.User); asked {
		return typed, err
	}
	line, err := bufio.NewReader(env.In).ReadString('\n')
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", load.Errorf(load.Invalid, "no password: give --password, ONRUSH_PASSWORD or a line on standard input (%w)", err)
	}
	return line, nil
}

// askHidden asks on a terminal for a word that is not shown; asked is false when
// standard input is none.
func askHidden(env *Env, what string) (typed string, asked bool, err error) {
	file, ok := env.In.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return "", false, nil
	}
	fmt.Fprintf(env.Err, "%s: ", what)
	word, err := term.ReadPassword(int(file.Fd()))
	fmt.Fprintln(env.Err)
	return string(word), true, err
}
