package api

import (
	"context"
	"net"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/auth"
	"onrush.dev/onrush/internal/load"
)

func (a *api) registerSession() {
	handle(a, route{
		method: "POST", path: "/login", id: "log-in", tag: "session", summary: "Open a session",
		description: "Sets the session cookie. Programs send an API token instead: Authorization: Bearer.",
	}, a.login)
	handle(a, route{
		method: "POST", path: "/logout", id: "log-out", tag: "session", summary: "End the session or token that the request carries",
		role: load.Viewer, status: http.StatusNoContent,
	}, a.logout)
	handle(a, route{method: "GET", path: "/me", id: "get-me", tag: "session", summary: "Say who the caller is", role: load.Viewer}, a.me)
	handle(a, route{
		method: "PUT", path: "/me/password", id: "change-password", tag: "session", summary: "Change one's own password; ends all sessions",
		role: load.Viewer, status: http.StatusNoContent,
	}, a.changePassword)
}

// request lets a handler see the HTTP request behind its input.
type request struct{ http *http.Request }

// Resolve implements huma.Resolver.
func (r *request) Resolve(ctx huma.Context) []error {
	r.http, _ = humago.Unwrap(ctx)
	return nil
}

var _ huma.Resolver = (*request)(nil)

// address is the caller's network address without port.
func (r *request) address() string {
	host, _, err := net.SplitHostPort(r.http.RemoteAddr)
	if err != nil {
		return r.http.RemoteAddr
	}
	return host
}

func (r *request) cookie(secret string, a *auth.Service) http.Cookie {
	return *auth.Cookie(auth.CookieName(r.http), secret, auth.Secure(r.http), a.SessionLife())
}

type loginIn struct {
	request
	Body wire.Login
}

type sessionOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      wire.Me
}

func (a *api) login(ctx context.Context, in *loginIn) (*sessionOut, error) {
	secret, u, err := a.Auth.Login(ctx, in.Body.Name, in.Body.Password, in.address())
	if err != nil {
		return nil, err
	}
	return &sessionOut{in.cookie(secret, a.Auth), wire.Me{Name: u.Name, Role: u.Role}}, nil
}

type logoutOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (a *api) logout(ctx context.Context, in *struct{ request }) (*logoutOut, error) {
	if err := a.Auth.Logout(ctx, caller(ctx)); err != nil {
		return nil, err
	}
	return &logoutOut{in.cookie("", a.Auth)}, nil
}

func (a *api) me(ctx context.Context, _ *none) (*body[wire.Me], error) {
	id := caller(ctx)
	return answer(wire.Me{Name: id.User, Role: id.Role}), nil
}

type passwordIn struct {
	request
	Body wire.PasswordChange
}

// changePassword asks for the old password again: a session left open must not
// be enough to lock its owner out.
func (a *api) changePassword(ctx context.Context, in *passwordIn) (*none, error) {
	return &none{}, a.Auth.ChangePassword(ctx, caller(ctx).User, in.Body.Old, in.Body.New, in.address())
}
