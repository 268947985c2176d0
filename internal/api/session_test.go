package api

import (
	"net/http"
	"strings"
	"testing"
)

func TestLogin(t *testing.T) {
	t.Parallel()
	b := setup(t)
	must(t, b.auth.CreateUser(t.Context(), "ann", password, "operator"))
	good := `{"name":"ann","password":"` + password + `"}`
	b.run(t, []row{
		{"wrong password", "", "POST /login", `{"name":"ann","password":"x"}`, nil, 401, []string{"name or password is wrong"}, nil},
		{"unknown name", "", "POST /login", `{"name":"bob","password":"x"}`, nil, 401, []string{"name or password is wrong"}, nil},
		{"no JSON", "", "POST /login", `name=ann`, nil, 400, []string{`"code":"invalid"`}, nil},
		{"missing field", "", "POST /login", `{"name":"ann"}`, nil, 422, []string{`"code":"invalid"`, "password"}, nil},
		{"unknown field", "", "POST /login", `{"name":"ann","password":"x","admin":true}`, nil, 422, []string{`"path":"admin"`}, nil},
		{"too large", "", "POST /login", `{"name":"` + strings.Repeat("x", 70_000) + `"}`, nil, 413, []string{`"code":"too_large"`}, nil},
	})
	res, text := b.send(t, row{do: "POST /login", body: good})
	if res.StatusCode != 200 || len(res.Cookies()) != 1 || !strings.Contains(text, `"role":"operator"`) {
		t.Fatalf("login gave %d %s", res.StatusCode, text)
	}
	c := res.Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || len(c.Value) < 40 {
		t.Errorf("the cookie is %+v", c)
	}
	with := map[string]string{"Cookie": c.Name + "=" + c.Value}
	b.run(t, []row{
		{"session", "", "GET /me", "", with, 200, []string{`"name":"ann"`}, nil},
		{"logout", "", "POST /logout", "", with, 204, nil, nil},
		{"after logout", "", "GET /me", "", with, 401, nil, nil},
	})
	if log := b.log.String(); strings.Contains(log, password) || strings.Contains(log, c.Value) {
		t.Errorf("the log holds a secret:\n%s", log)
	}
}

// TestOtherSitesAreRefused: a page elsewhere that makes a browser send its
// cookie changes nothing.
func TestOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, header := range map[string]map[string]string{
		"fetch metadata": {"Sec-Fetch-Site": "cross-site"},
		"same site":      {"Sec-Fetch-Site": "same-site"},
		"origin":         {"Origin": "https://elsewhere.example"},
	} {
		res, _ := b.send(t, row{as: "admin", do: "DELETE /scenarios/x", header: header})
		if res.StatusCode != http.StatusForbidden || res.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %v", name, res.StatusCode, res.Header)
		}
	}
	b.run(t, []row{
		{"our own page", "admin", "DELETE /scenarios/x", "", map[string]string{"Sec-Fetch-Site": "same-origin"}, 404, nil, nil},
	})
}

func TestGuessingGives429(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 20 {
		res, text := b.send(t, row{do: "POST /login", body: `{"name":"ann","password":"x"}`})
		if res.StatusCode == http.StatusTooManyRequests {
			if res.Header.Get("Retry-After") == "" || !strings.Contains(text, `"code":"throttled"`) {
				t.Errorf("429 with Retry-After %q: %s", res.Header.Get("Retry-After"), text)
			}
			return
		}
	}
	t.Error("20 guesses were let through")
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const strong = "another long password"
	b.run(t, []row{
		{"new user", "admin", "PUT /users/ann", `{"role":"viewer","password":"` + password + `"}`, nil, 204, nil, nil},
		{"new user without password", "admin", "PUT /users/bob", `{"role":"viewer"}`, nil, 422, []string{"password"}, nil},
		{"bad role", "admin", "PUT /users/ann", `{"role":"root"}`, nil, 422, []string{`"path":"role"`}, nil},
		{"other role", "admin", "PUT /users/ann", `{"role":"operator"}`, nil, 204, nil, nil},
		{"list", "admin", "GET /users", "", nil, 200, []string{`"name":"ann","role":"operator"`}, []string{"argon2"}},
		{"not oneself", "admin", "PUT /users/admin", `{"role":"viewer"}`, nil, 409, nil, nil},
		{"nor away", "admin", "DELETE /users/admin", "", nil, 409, nil, nil},
		{"login", "", "POST /login", `{"name":"ann","password":"` + password + `"}`, nil, 200, []string{"operator"}, nil},
		{"away", "admin", "DELETE /users/ann", "", nil, 204, nil, nil},
		{"gone", "admin", "DELETE /users/ann", "", nil, 404, nil, nil},
		{"login of one who is gone", "", "POST /login", `{"name":"ann","password":"` + password + `"}`, nil, 401, nil, nil},

		{"token", "operator", "POST /tokens", `{"label":"ci","role":"viewer","days":1}`, nil, 201, []string{`"secret":"onrt_`, `"role":"viewer"`}, nil},
		{"token above one's role", "operator", "POST /tokens", `{"label":"ci","role":"admin"}`, nil, 403, nil, nil},
		{"list has no secrets", "operator", "GET /tokens", "", nil, 200, []string{`"label":"ci"`}, []string{"onrt_"}},
		{"not another's", "viewer", "GET /tokens", "", nil, 200, nil, []string{`"label":"ci"`}},
		{"unknown token", "operator", "DELETE /tokens/none", "", nil, 404, nil, nil},
		{"wrong old password", "viewer", "PUT /me/password", `{"old":"x","new":"` + strong + `"}`, nil, 403, nil, nil},
	})
}
