package client

import (
	"context"
	"net/http"
	"net/url"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/load"
)

// CreateToken makes an API token of the client's own user. No role means the
// caller's own, no days that it never expires. Its secret is told here alone.
func (c *Client) CreateToken(ctx context.Context, label string, role load.Role, days int) (wire.CreatedToken, error) {
	var made wire.CreatedToken
	err := c.call(ctx, http.MethodPost, "/tokens", wire.NewToken{Label: label, Role: role, Days: days}, &made)
	return made, err
}

// Tokens lists the API tokens of the client's own user.
func (c *Client) Tokens(ctx context.Context) ([]load.Token, error) {
	var list wire.TokenList
	err := c.call(ctx, http.MethodGet, "/tokens", nil, &list)
	return list.Tokens, err
}

// DeleteToken ends an API token.
func (c *Client) DeleteToken(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodDelete, "/tokens/"+url.PathEscape(id), nil, nil)
}
