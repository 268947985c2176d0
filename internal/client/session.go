package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/load"
)

// Login trades a name and a password for an API token, which it returns. The
// client itself goes on without it.
func (c *Client) Login(ctx context.Context, name, password string) (token string, err error) {
	b, err := json.Marshal(wire.Login{Name: name, Password: password})
	if err != nil {
		return "", err
	}
	res, err := c.send(ctx, http.MethodPost, "/login", "application/json", bytes.NewReader(b), nil)
	if err != nil {
		return "", err
	}
	drain(res)
	for _, cookie := range res.Cookies() {
		if cookie.Name == "onrush" || cookie.Name == "__Host-onrush" {
			return c.tokenFor(ctx, cookie.Value)
		}
	}
	return "", load.Errorf(load.Internal, "the server opened no session")
}

// tokenFor makes a token with a session and ends the session.
func (c *Client) tokenFor(ctx context.Context, session string) (string, error) {
	as := &Client{base: c.base, token: session, http: c.http}
	host, err := os.Hostname()
	if err != nil {
		host = "a machine without a name"
	}
	var made wire.CreatedToken
	err = as.call(ctx, http.MethodPost, "/tokens", wire.NewToken{Label: "onrush login on " + host}, &made)
	return made.Secret, errors.Join(err, as.call(ctx, http.MethodPost, "/logout", nil, nil))
}

// ChangePassword gives the client's own user a new password. It ends all of the
// user's sessions in browsers; tokens stay.
func (c *Client) ChangePassword(ctx context.Context, old, fresh string) error {
	return c.call(ctx, http.MethodPut, "/me/password", wire.PasswordChange{Old: old, New: fresh}, nil)
}

// Me says whom the client's token belongs to.
func (c *Client) Me(ctx context.Context) (wire.Me, error) {
	var me wire.Me
	err := c.call(ctx, http.MethodGet, "/me", nil, &me)
	return me, err
}

// Version says the server's version.
func (c *Client) Version(ctx context.Context) (string, error) {
	var v wire.Version
	err := c.call(ctx, http.MethodGet, "/version", nil, &v)
	return v.Version, err
}

// decode reads a JSON answer.
func decode(res *http.Response, out any) error {
	if err := json.NewDecoder(res.Body).Decode(out); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	return nil
}

// Health says whether the server and its database answer.
func (c *Client) Health(ctx context.Context) (wire.Health, error) {
	var h wire.Health
	err := c.call(ctx, http.MethodGet, "/health", nil, &h)
	return h, err
}
