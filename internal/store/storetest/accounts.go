package storetest

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/store"
)

func testSecrets(t *testing.T, newDSN func(testing.TB) string) {
	dsn := newDSN(t)
	a, b := open(t, dsn), open(t, dsn)
	key := secret(t, a, "links")
	if len(key) != 32 || !bytes.Equal(key, secret(t, b, "links")) {
		t.Errorf("servers have different secrets")
	}
	if bytes.Equal(key, secret(t, b, "other")) {
		t.Error("two secrets are one")
	}
}

func secret(t *testing.T, s *store.Store, name string) []byte {
	t.Helper()
	key, err := s.Secret(t.Context(), name)
	must(t, err)
	return key
}

func testUsers(t *testing.T, newDSN func(testing.TB) string) {
	s := open(t, newDSN(t))
	ann := load.User{Name: "ann", Role: load.Admin, Created: noon()}
	must(t, s.CreateUser(t.Context(), ann, "hash-1"))
	wantCode(t, s.CreateUser(t.Context(), ann, "hash-2"), load.Conflict)
	must(t, s.SetUser(t.Context(), "ann", load.Viewer, ""))
	ann.Role = load.Viewer
	wantUser(t, s, ann, "hash-1")
	must(t, s.SetUser(t.Context(), "ann", load.Operator, "hash-3"))
	ann.Role = load.Operator
	wantUser(t, s, ann, "hash-3")
	wantCode(t, s.SetUser(t.Context(), "bob", load.Viewer, ""), load.NotFound)
	_, _, err := s.User(t.Context(), "bob")
	wantCode(t, err, load.NotFound)
	list, err := s.Users(t.Context())
	must(t, err)
	same(t, list, []load.User{ann})
	t.Run("Tokens", func(t *testing.T) { tokens(t, s, ann) })
}

func wantUser(t *testing.T, s *store.Store, want load.User, wantHash string) {
	t.Helper()
	got, hash, err := s.User(t.Context(), want.Name)
	must(t, err)
	same(t, got, want)
	if hash != wantHash {
		t.Errorf("hash is %q, want %q", hash, wantHash)
	}
}

func tokens(t *testing.T, s *store.Store, ann load.User) {
	never := load.Token{ID: "t1", User: "ann", Kind: load.APIToken, Label: "ci", Role: load.Viewer, Created: noon(), Used: noon()}
	soon := load.Token{ID: "t2", User: "ann", Kind: load.SessionToken, Role: load.Admin, Created: noon(), Expires: noon().Add(time.Hour)}
	must(t, s.CreateToken(t.Context(), never, "h1"))
	must(t, s.CreateToken(t.Context(), soon, "h2"))
	wantCode(t, s.CreateToken(t.Context(), load.Token{ID: "t3", User: "bob"}, "h3"), load.NotFound)

	got, u, err := s.Token(t.Context(), "h1")
	must(t, err)
	same(t, got, never)
	same(t, u, ann)
	_, _, err = s.Token(t.Context(), "h")
	wantCode(t, err, load.NotFound)

	must(t, s.TouchToken(t.Context(), "t2", noon().Add(time.Minute)))
	soon.Used = noon().Add(time.Minute)
	must(t, s.DeleteExpiredTokens(t.Context(), noon().Add(time.Minute)))
	same(t, tokenList(t, s, "ann", load.SessionToken), []load.Token{soon})
	same(t, tokenList(t, s, "", load.APIToken), []load.Token{never})
	same(t, tokenList(t, s, "bob", load.APIToken), []load.Token{})

	must(t, s.DeleteExpiredTokens(t.Context(), noon().Add(2*time.Hour)))
	same(t, tokenList(t, s, "ann", load.SessionToken), []load.Token{})
	must(t, s.DeleteToken(t.Context(), "t1"))
	wantCode(t, s.DeleteToken(t.Context(), "t1"), load.NotFound)
	must(t, s.CreateToken(t.Context(), never, "h1"))
	must(t, s.DeleteUser(t.Context(), "ann"))
	wantCode(t, s.DeleteUser(t.Context(), "ann"), load.NotFound)
	_, _, err = s.Token(t.Context(), "h1")
	wantCode(t, err, load.NotFound) // tokens go with their user
}

func tokenList(t *testing.T, s *store.Store, user string, kind load.TokenKind) []load.Token {
	t.Helper()
	list, err := s.Tokens(t.Context(), user, kind)
	must(t, err)
	return list
}

func testOpening(t *testing.T, newDSN func(testing.TB) string) {
	dsn := newDSN(t)
	a := open(t, dsn)
	must(t, a.Ping(t.Context()))
	createRun(t, a, newRun("kept", noon()))
	b := open(t, dsn) // again: nothing to migrate, nothing lost
	if _, err := b.Run(t.Context(), "kept"); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Run(ended, "kept"); err == nil {
		t.Error("a query went on after its context ended")
	}
	for _, bad := range []string{"", "sqlite:", "mysql://user:hush@host/db", "postgres"} {
		_, err := store.Open(t.Context(), bad)
		wantCode(t, err, load.Invalid)
		if strings.Contains(err.Error(), "hush") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}
