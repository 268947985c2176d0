package auth_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"onrush.dev/onrush/internal/auth"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/store"
)

const (
	right = "correct horse"
	wrong = "incorrect horse"
	home  = "192.0.2.1"
)

// bench is a service on a real store, with a clock that the test moves.
type bench struct {
	*auth.Service
	store *store.Store
	now   time.Time
	log   *bytes.Buffer
	dir   string
}

func setup(t *testing.T) *bench {
	t.Helper()
	b := &bench{now: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), log: &bytes.Buffer{}, dir: t.TempDir()}
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(b.dir, "db"))
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	b.store = s
	b.Service = auth.New(auth.Options{
		Store: s, Now: func() time.Time { return b.now },
		Log: slog.New(slog.NewTextHandler(b.log, nil)), SessionLife: time.Hour,
	})
	must(t, b.CreateUser(t.Context(), "ann", right, load.Operator))
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, err error, code load.Code) {
	t.Helper()
	if err == nil || load.ErrorCode(err) != code {
		t.Fatalf("error is %v (%s), want code %s", err, load.ErrorCode(err), code)
	}
}

func (b *bench) login(t *testing.T) string {
	t.Helper()
	secret, u, err := b.Login(t.Context(), "ann", right, home)
	must(t, err)
	if u.Name != "ann" || u.Role != load.Operator {
		t.Errorf("logged in as %+v", u)
	}
	return secret
}

// whose says who a secret lets in, as user/role, or the code of the refusal.
func (b *bench) whose(t *testing.T, secret string) string {
	t.Helper()
	id, err := b.IdentifySecret(t.Context(), secret)
	if err != nil {
		return string(load.ErrorCode(err))
	}
	return id.User + "/" + string(id.Role)
}

func TestFirstLogin(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if _, _, ok, err := b.FirstLogin(t.Context(), ""); ok || err != nil {
		t.Fatalf("a store with users got a first login: %v, %v", ok, err)
	}
	must(t, b.DeleteUser(t.Context(), "ann"))
	var mu sync.Mutex
	var wg sync.WaitGroup
	var passwords []string
	for range 4 { // servers that start at once make one login
		wg.Go(func() {
			_, password, ok, err := b.FirstLogin(t.Context(), "")
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			} else if ok {
				passwords = append(passwords, password)
			}
		})
	}
	wg.Wait()
	if len(passwords) != 1 {
		t.Fatalf("%d first logins", len(passwords))
	}
	secret, _, err := b.Login(t.Context(), "admin", passwords[0], home)
	must(t, err)
	if got := b.whose(t, secret); got != "admin/admin" {
		t.Errorf("the first login is %s", got)
	}
}

// TestFirstUserGetsItsPasswordLater: a process that shows no login leaves it to
// the next one, and nobody gets in before.
func TestFirstUserGetsItsPasswordLater(t *testing.T) {
	t.Parallel()
	b := setup(t)
	must(t, b.FirstUser(t.Context()))
	if users, err := b.Users(t.Context()); err != nil || len(users) != 1 || users[0].Name != "ann" {
		t.Fatalf("a store with users got another: %v, %v", users, err)
	}
	must(t, b.DeleteUser(t.Context(), "ann"))
	must(t, b.FirstUser(t.Context()))
	must(t, b.FirstUser(t.Context()))
	for _, password := range []string{"", "any password"} {
		if _, _, err := b.Login(t.Context(), "admin", password, home); load.ErrorCode(err) != load.Unauthorized {
			t.Errorf("login with %q before there is a password: %v", password, err)
		}
	}
	name, password, ok, err := b.FirstLogin(t.Context(), "")
	must(t, err)
	if name != "admin" || !ok {
		t.Fatalf("no first login after a first user: %q, %v", name, ok)
	}
	secret, _, err := b.Login(t.Context(), name, password, home)
	must(t, err)
	if got := b.whose(t, secret); got != "admin/admin" {
		t.Errorf("the first login is %s", got)
	}
	if _, _, ok, err := b.FirstLogin(t.Context(), ""); ok || err != nil {
		t.Errorf("a second first login: %v, %v", ok, err)
	}
}

// TestFirstLoginWithAChosenPassword: an administrator's own choice counts, is
// held to the rules of every password, and never changes a user who is there.
func TestFirstLoginWithAChosenPassword(t *testing.T) {
	t.Parallel()
	b := setup(t)
	must(t, b.DeleteUser(t.Context(), "ann"))
	for _, short := range []string{"x", "nine chars"[:9]} {
		_, _, ok, err := b.FirstLogin(t.Context(), short)
		wantCode(t, err, load.Invalid)
		if ok || strings.Contains(err.Error(), short) && len(short) > 1 {
			t.Errorf("password %q: ok %v, %v", short, ok, err)
		}
	}
	if users, err := b.Users(t.Context()); err != nil || len(users) != 0 {
		t.Fatalf("a short password made a user: %v, %v", users, err)
	}
	if _, password, ok, err := b.FirstLogin(t.Context(), right); err != nil || !ok || password != right {
		t.Fatalf("the chosen password was not taken: %v, %v", ok, err)
	}
	if _, _, ok, err := b.FirstLogin(t.Context(), "another password"); ok || err != nil {
		t.Errorf("a second first login: %v, %v", ok, err)
	}
	secret, _, err := b.Login(t.Context(), "admin", right, home)
	must(t, err)
	if got := b.whose(t, secret); got != "admin/admin" {
		t.Errorf("the first login is %s", got)
	}
	if strings.Contains(b.log.String(), right) {
		t.Error("the password stands in the log")
	}
}

func TestSession(t *testing.T) {
	t.Parallel()
	b := setup(t)
	secret := b.login(t)
	for range 3 { // use keeps it alive beyond its life
		b.now = b.now.Add(50 * time.Minute)
		if got := b.whose(t, secret); got != "ann/operator" {
			t.Fatalf("after some use: %s", got)
		}
	}
	b.now = b.now.Add(time.Hour)
	if got := b.whose(t, secret); got != "unauthorized" {
		t.Errorf("an unused session is still %s", got)
	}
	secret = b.login(t)
	id, err := b.IdentifySecret(t.Context(), secret)
	must(t, err)
	must(t, b.Logout(t.Context(), id))
	must(t, b.Logout(t.Context(), id)) // from another tab
	if got := b.whose(t, secret); got != "unauthorized" {
		t.Errorf("after logout: %s", got)
	}
	for _, bad := range []string{"", "onrs_", secret + "0", strings.ToUpper(secret)} {
		if got := b.whose(t, bad); got != "unauthorized" {
			t.Errorf("secret %q: %s", bad, got)
		}
	}
}

func TestWrongLoginsLookAlike(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var texts []string
	for _, try := range [][2]string{{"ann", wrong}, {"ann", ""}, {"nobody", right}, {"", ""}, {"ann", strings.Repeat("x", 5000)}} {
		_, _, err := b.Login(t.Context(), try[0], try[1], home)
		wantCode(t, err, load.Unauthorized)
		texts = append(texts, err.Error())
	}
	for _, text := range texts {
		if text != texts[0] {
			t.Errorf("answers differ: %q and %q", texts[0], text)
		}
	}
}

func TestGuessingIsThrottled(t *testing.T) {
	t.Parallel()
	b := setup(t)
	tries := 0
	for ; tries < 20; tries++ {
		if _, _, err := b.Login(t.Context(), "ann", wrong, home); load.ErrorCode(err) == load.Throttled {
			break
		}
	}
	if tries != 8 {
		t.Fatalf("%d wrong tries were let through", tries)
	}
	_, _, err := b.Login(t.Context(), "ann", right, home)
	var throttled *auth.ThrottledError
	if !errors.As(err, &throttled) || throttled.Wait <= 0 || throttled.Wait > 15*time.Second {
		t.Fatalf("the right password during the wait: %v", err)
	}
	b.now = b.now.Add(throttled.Wait)
	b.login(t)
	for range 7 { // the right password cleared the slate
		_, _, err := b.Login(t.Context(), "ann", wrong, home)
		wantCode(t, err, load.Unauthorized)
	}
	if !strings.Contains(b.log.String(), "login throttled") || !strings.Contains(b.log.String(), home) {
		t.Errorf("the log does not tell of it:\n%s", b.log)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	b := setup(t)
	secret, tok, err := b.CreateToken(t.Context(), "ann", "ci", load.Viewer, 24*time.Hour)
	must(t, err)
	if got := b.whose(t, secret); got != "ann/viewer" {
		t.Errorf("the token is %s", got)
	}
	_, _, err = b.CreateToken(t.Context(), "ann", "", load.Admin, 0)
	wantCode(t, err, load.Forbidden)
	_, _, err = b.CreateToken(t.Context(), "nobody", "", load.Viewer, 0)
	wantCode(t, err, load.NotFound)

	own, _, err := b.CreateToken(t.Context(), "ann", "lasting", "", 0)
	must(t, err)
	must(t, b.SetUser(t.Context(), "ann", "", load.Viewer))
	if got := b.whose(t, own); got != "ann/viewer" {
		t.Errorf("a token kept a role that its user lost: %s", got)
	}
	b.now = b.now.Add(25 * time.Hour)
	if got := b.whose(t, secret); got != "unauthorized" {
		t.Errorf("an expired token is %s", got)
	}
	b.now = b.now.Add(10000 * time.Hour)
	if got := b.whose(t, own); got != "ann/viewer" {
		t.Errorf("a lasting token is %s", got)
	}
	must(t, b.CreateUser(t.Context(), "bob", right, load.Admin))
	wantCode(t, b.DeleteToken(t.Context(), "bob", tok.ID), load.NotFound) // not bob's
	list, err := b.Tokens(t.Context(), "ann")
	must(t, err)
	for _, one := range list {
		must(t, b.DeleteToken(t.Context(), "ann", one.ID))
	}
	if got := b.whose(t, own); len(list) != 2 || got != "unauthorized" {
		t.Errorf("after deleting %d tokens: %s", len(list), got)
	}
}

func TestPasswordChange(t *testing.T) {
	t.Parallel()
	b := setup(t)
	session := b.login(t)
	token, _, err := b.CreateToken(t.Context(), "ann", "", "", 0)
	must(t, err)
	const fresh = "a fresh password"
	wantCode(t, b.ChangePassword(t.Context(), "ann", wrong, fresh, home), load.Forbidden)
	wantCode(t, b.ChangePassword(t.Context(), "ann", right, "short", home), load.Invalid)
	must(t, b.ChangePassword(t.Context(), "ann", right, fresh, home))
	if got := b.whose(t, session); got != "unauthorized" {
		t.Errorf("an old session is %s", got)
	}
	if got := b.whose(t, token); got != "ann/operator" {
		t.Errorf("an API token is %s", got)
	}
	_, _, err = b.Login(t.Context(), "ann", right, home)
	wantCode(t, err, load.Unauthorized)
	if _, _, err = b.Login(t.Context(), "ann", fresh, home); err != nil {
		t.Error(err)
	}
}

func TestUsersAreChecked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, u := range [][3]string{
		{"", right, "viewer"},
		{"a b", right, "viewer"},
		{"bob", "short", "viewer"},
		{"bob", strings.Repeat("x", 1001), "viewer"},
		{"bob", right, "root"},
		{"bob", right, ""},
	} {
		wantCode(t, b.CreateUser(t.Context(), u[0], u[1], load.Role(u[2])), load.Invalid)
	}
	wantCode(t, b.CreateUser(t.Context(), "ann", right, load.Viewer), load.Conflict)
}

// TestSecretsAreNotKept looks for every secret in the log and in all that the
// database wrote.
func TestSecretsAreNotKept(t *testing.T) {
	t.Parallel()
	b := setup(t)
	session := b.login(t)
	token, _, err := b.CreateToken(t.Context(), "ann", "ci", "", 0)
	must(t, err)
	_, _, err = b.Login(t.Context(), "ann", wrong, home)
	wantCode(t, err, load.Unauthorized)
	kept := b.log.String()
	names, err := filepath.Glob(filepath.Join(b.dir, "*"))
	must(t, err)
	for _, name := range names {
		raw, err := os.ReadFile(name)
		must(t, err)
		kept += string(raw)
	}
	if !strings.Contains(kept, "argon2id") || !strings.Contains(kept, "token created") {
		t.Fatal("the test looks in the wrong place")
	}
	for what, secret := range map[string]string{"password": right, "wrong password": wrong, "session": session, "token": token} {
		if strings.Contains(kept, secret) {
			t.Errorf("the %s was kept", what)
		}
	}
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	b := setup(t)
	session := b.login(t)
	token, _, err := b.CreateToken(t.Context(), "ann", "ci", load.Viewer, 0)
	must(t, err)
	for name, tt := range map[string]struct {
		header, cookie string
		want           string
	}{
		"nothing":               {"", "", "unauthorized"},
		"token":                 {"Bearer " + token, "", "ann/viewer"},
		"any case":              {"bearer " + token, "", "ann/viewer"},
		"cookie":                {"", "onrush=" + session, "ann/operator"},
		"other cookie":          {"", "session=" + session, "unauthorized"},
		"the header counts":     {"Bearer " + token, "onrush=" + session, "ann/viewer"},
		"a bad header counts":   {"Bearer x", "onrush=" + session, "unauthorized"},
		"basic is not for us":   {"Basic YW5uOng=", "", "unauthorized"},
		"TLS name on plain way": {"", "__Host-onrush=" + session, "unauthorized"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		if tt.header != "" {
			r.Header.Set("Authorization", tt.header)
		}
		if tt.cookie != "" {
			r.Header.Set("Cookie", tt.cookie)
		}
		got := "unauthorized"
		if id, err := b.Identify(t.Context(), r); err == nil {
			got = id.User + "/" + string(id.Role)
		} else if load.ErrorCode(err) != load.Unauthorized {
			t.Errorf("%s: %v", name, err)
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
	c := auth.Cookie("__Host-onrush", "x", true, time.Hour)
	if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || c.MaxAge != 3600 || c.Path != "/" || c.Domain != "" {
		t.Errorf("the cookie is %+v", c)
	}
	if c := auth.Cookie("onrush", "", false, time.Hour); c.MaxAge != -1 || c.Value != "" {
		t.Errorf("the clearing cookie is %+v", c)
	}
}
