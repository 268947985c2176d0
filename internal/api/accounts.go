package api

import (
	"context"
	"net/http"
	"time"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/load"
)

func (a *api) registerAccounts() {
	handle(a, route{method: "GET", path: "/tokens", id: "list-tokens", tag: "accounts", summary: "List one's own API tokens", role: load.Viewer}, a.listTokens)
	handle(a, route{
		method: "POST", path: "/tokens", id: "create-token", tag: "accounts", summary: "Make an API token",
		role: load.Viewer, status: http.StatusCreated,
	}, a.createToken)
	handle(a, route{
		method: "DELETE", path: "/tokens/{id}", id: "delete-token", tag: "accounts", summary: "End one of one's own API tokens",
		role: load.Viewer, status: http.StatusNoContent,
	}, a.deleteToken)
	handle(a, route{method: "GET", path: "/users", id: "list-users", tag: "accounts", summary: "List the users", role: load.Admin}, a.listUsers)
	handle(a, route{
		method: "PUT", path: "/users/{name}", id: "put-user", tag: "accounts", summary: "Make a user, or change one",
		role: load.Admin, status: http.StatusNoContent,
	}, a.putUser)
	handle(a, route{
		method: "DELETE", path: "/users/{name}", id: "delete-user", tag: "accounts", summary: "Remove a user with their sessions and tokens",
		role: load.Admin, status: http.StatusNoContent,
	}, a.deleteUser)
}

func (a *api) listTokens(ctx context.Context, _ *none) (*body[wire.TokenList], error) {
	list, err := a.Auth.Tokens(ctx, caller(ctx).User)
	return answer(wire.TokenList{Tokens: list}), err
}

// createToken gives at most the caller's own role: with a token of less, one
// cannot make a token of more.
func (a *api) createToken(ctx context.Context, in *struct{ Body wire.NewToken }) (*body[wire.CreatedToken], error) {
	id, role := caller(ctx), in.Body.Role
	if role == "" {
		role = id.Role
	}
	if !id.Role.Allows(role) {
		return nil, load.Errorf(load.Forbidden, "role %q is not allowed: %s or less is", role, id.Role)
	}
	secret, t, err := a.Auth.CreateToken(ctx, id.User, in.Body.Label, role, time.Duration(in.Body.Days)*24*time.Hour)
	return answer(wire.CreatedToken{Token: t, Secret: secret}), err
}

// IDIn is the id in a path. It is exported, since the framework does not look
// into embedded types that are not.
type IDIn struct {
	ID string `path:"id" maxLength:"100"`
}

func (a *api) deleteToken(ctx context.Context, in *IDIn) (*none, error) {
	return &none{}, a.Auth.DeleteToken(ctx, caller(ctx).User, in.ID)
}

func (a *api) listUsers(ctx context.Context, _ *none) (*body[wire.UserList], error) {
	list, err := a.Auth.Users(ctx)
	return answer(wire.UserList{Users: list}), err
}

type putUserIn struct {
	Name string `path:"name" maxLength:"100"`
	Body wire.UserBody
}

func (a *api) putUser(ctx context.Context, in *putUserIn) (*none, error) {
	if in.Name == caller(ctx).User && in.Body.Role != load.Admin {
		return nil, load.Errorf(load.Conflict, "you cannot take the role admin from yourself")
	}
	err := a.Auth.SetUser(ctx, in.Name, in.Body.Password, in.Body.Role)
	if load.ErrorCode(err) == load.NotFound {
		err = a.Auth.CreateUser(ctx, in.Name, in.Body.Password, in.Body.Role)
	}
	return &none{}, err
}

// NameIn is the name in a path; exported as IDIn is.
type NameIn struct {
	Name string `path:"name" maxLength:"200"`
}

func (a *api) deleteUser(ctx context.Context, in *NameIn) (*none, error) {
	if in.Name == caller(ctx).User {
		return nil, load.Errorf(load.Conflict, "you cannot remove yourself")
	}
	return &none{}, a.Auth.DeleteUser(ctx, in.Name)
}
