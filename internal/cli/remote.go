package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/load"
)

// defaultData is the data folder of `onrush serve`, in the current folder: it
// should be found, not hidden.
const defaultData = "onrush-data"

// remote is which server a command speaks to, and as whom. Every command that
// needs a server embeds it.
type remote struct {
	Server string `placeholder:"URL" env:"ONRUSH_SERVER" help:"The server. Default: the one of the last login, else the one of --data."`
	Token  string `placeholder:"TOKEN" env:"ONRUSH_TOKEN" help:"API token. Default: the one of the login."`
	Data   string `placeholder:"DIR" env:"ONRUSH_DATA" help:"Data folder of a server on this machine, which needs no login. Default: ${data}."`
}

// connect makes the client. It does not speak to the server yet.
func (r remote) connect() (*client.Client, error) {
	server, token, err := r.find()
	if err != nil {
		return nil, err
	}
	if !isURL(server) {
		return nil, load.Errorf(load.Invalid, "--server: found %q, allowed is a URL, e.g. http://127.0.0.1:8080", server)
	}
	if token == "" {
		return nil, load.Errorf(load.Unauthorized, "not logged in to %s: run onrush login %s, or give a token with --token or ONRUSH_TOKEN", server, server)
	}
	return client.New(server, token), nil
}

// find looks for server and token in the order of how plainly they were
// meant: flags, a named data folder, the last login, the default data folder.
func (r remote) find() (server, token string, err error) {
	kept, err := readLogins()
	if err != nil {
		return "", "", err
	}
	if r.Server != "" {
		server = strings.TrimRight(r.Server, "/")
		return server, cmp.Or(r.Token, kept.Tokens[server]), nil
	}
	if r.Data == "" && kept.Current != "" {
		return kept.Current, cmp.Or(r.Token, kept.Tokens[kept.Current]), nil
	}
	dir := cmp.Or(r.Data, defaultData)
	server, urlErr := readWord(filepath.Join(dir, urlFile))
	secret, tokenErr := readWord(filepath.Join(dir, "cli-token"))
	switch missing := cmp.Or(urlErr, tokenErr); {
	case missing == nil:
		return server, cmp.Or(r.Token, secret), nil
	case r.Data != "":
		return "", "", load.Errorf(load.Invalid, "--data: found %q, allowed is the data folder of a server that was started on this machine: %w", dir, missing)
	}
	return "", "", load.Errorf(load.Invalid, "no server: start one (onrush serve), log in to one (onrush login URL), or name one with --server or ONRUSH_SERVER")
}

func readWord(path string) (string, error) {
	text, err := os.ReadFile(path)
	return strings.TrimSpace(string(text)), err
}

// logins are the servers that onrush login was told of.
type logins struct {
	Current string            `json:"current"` // the last one
	Tokens  map[string]string `json:"tokens"`  // by server URL
}

// loginsFile is in the user's configuration folder, readable by them alone.
func loginsFile() (string, error) {
	if dir := os.Getenv("ONRUSH_CONFIG_DIR"); dir != "" {
		return filepath.Join(dir, "logins.json"), nil
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find the folder for logins (or set ONRUSH_CONFIG_DIR): %w", err)
	}
	return filepath.Join(dir, "onrush", "logins.json"), nil
}

func readLogins() (logins, error) {
	kept := logins{Tokens: map[string]string{}}
	path, err := loginsFile()
	if err != nil {
		return kept, nil //nolint:nilerr // no home: there can be no login, and --token still works
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return kept, nil
	}
	if err != nil {
		return kept, fmt.Errorf("read logins: %w", err)
	}
	if err := json.Unmarshal(text, &kept); err != nil {
		return kept, fmt.Errorf("read logins: %s is damaged, remove it and log in again: %w", path, err)
	}
	if kept.Tokens == nil {
		kept.Tokens = map[string]string{}
	}
	return kept, nil
}

func (l logins) write() error {
	path, err := loginsFile()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("keep login: %w", err)
	}
	text, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("keep login: %w", err)
	}
	return os.Rename(path+".new", path)
}
