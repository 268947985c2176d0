package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/load"
)

// freeWrites are the writing methods that a viewer may use: they change nothing
// but the caller's own account.
func freeWrites() []string {
	return []string{
		"POST /logout", "PUT /me/password", "POST /tokens", "DELETE /tokens/{id}",
		"POST /scenarios/check", "POST /plan", // they only look
	}
}

// walk calls every route with made-up parts in its path.
func (b *bench) walk(t *testing.T, as load.Role, visit func(r route, res *http.Response, text string)) {
	t.Helper()
	for _, r := range b.api.routes {
		path := strings.NewReplacer("{", "", "}", "").Replace(r.path)
		res, text := b.send(t, row{as: as, do: r.method + " " + path, body: "{}"})
		visit(r, res, text)
	}
}

// TestEveryRouteNeedsARole: strangers get nowhere but to the public routes, and
// that list holds what it says.
func TestEveryRouteNeedsARole(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.Bus = http.NotFoundHandler() })
	if !slices.Equal(b.api.plain, plainRoutes()) {
		t.Errorf("open beside the API are %q, listed are %q", b.api.plain, plainRoutes())
	}
	var open []string
	b.walk(t, "", func(r route, res *http.Response, text string) {
		if r.public() {
			open = append(open, r.String())
			return
		}
		if res.StatusCode != http.StatusUnauthorized || !strings.Contains(text, `"code":"unauthorized"`) || res.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s without credentials gave %d %s", r, res.StatusCode, text)
		}
	})
	want := publicRoutes()
	slices.Sort(open)
	slices.Sort(want)
	if !slices.Equal(open, want) {
		t.Errorf("public are %q, listed are %q", open, want)
	}
	if n := len(b.api.routes); n < 35 {
		t.Errorf("only %d routes were walked", n)
	}
}

// TestRolesAreKept: a viewer changes nothing, an operator administers nothing.
func TestRolesAreKept(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, role := range []load.Role{load.Viewer, load.Operator} {
		b.walk(t, role, func(r route, res *http.Response, text string) {
			refused := res.StatusCode == http.StatusForbidden && strings.Contains(text, "this needs the role")
			if allowed := r.public() || role.Allows(r.role); refused == allowed {
				t.Errorf("%s as %s gave %d %s", r, role, res.StatusCode, text)
			}
			if r.path == "/logout" { // it ended the token
				secret, _, err := b.auth.CreateToken(t.Context(), string(role), "", "", 0)
				must(t, err)
				b.tokens[role] = secret
			}
		})
	}
	for _, r := range b.api.routes {
		write := r.method != http.MethodGet && !slices.Contains(freeWrites(), r.method+" "+r.path)
		if write && !r.public() && !r.role.Allows(load.Operator) {
			t.Errorf("%s writes and needs only the role %s", r, r.role)
		}
	}
}

func TestRoleIsNamedInTheDocument(t *testing.T) {
	t.Parallel()
	b := setup(t)
	paths := b.api.huma.OpenAPI().Paths
	for _, r := range b.api.routes {
		item := paths[prefix+r.path]
		if item == nil {
			t.Errorf("%s is not documented", r)
			continue
		}
		for method, op := range map[string]bool{"GET": item.Get != nil, "POST": item.Post != nil, "PUT": item.Put != nil, "DELETE": item.Delete != nil} {
			if method == r.method && !op {
				t.Errorf("%s is not documented", r)
			}
		}
	}
}
