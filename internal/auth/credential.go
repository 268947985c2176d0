package auth

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"onrush.dev/onrush/internal/load"
)

// The prefixes of secrets.
const (
	sessionPrefix = "onrs_"
	tokenPrefix   = "onrt_"
)

// touchEvery is how often the last use of a token is written down: a login
// that works all day must not write to the store with every request.
const touchEvery = 10 * time.Minute

// Identify says who sent a request: by the Authorization header or, in a
// browser, by the session cookie. No credentials, and credentials that are
// wrong or have expired, are Unauthorized.
func (s *Service) Identify(ctx context.Context, r *http.Request) (Identity, error) {
	secret, ok := bearer(r)
	if !ok {
		c, err := r.Cookie(CookieName(r))
		if err != nil {
			return Identity{}, load.Errorf(load.Unauthorized, "log in, or send a token: Authorization: Bearer …")
		}
		secret = c.Value
	}
	return s.IdentifySecret(ctx, secret)
}

// IdentifySecret says whose session or API token a secret is.
func (s *Service) IdentifySecret(ctx context.Context, secret string) (Identity, error) {
	t, u, err := s.store.Token(ctx, hashSecret(secret))
	if load.ErrorCode(err) == load.NotFound {
		return Identity{}, load.Errorf(load.Unauthorized, "the session or token is not valid (any more): log in again")
	}
	if err != nil {
		return Identity{}, err
	}
	now := s.now()
	if s.expired(t, now) {
		return Identity{}, load.Errorf(load.Unauthorized, "the session or token has expired: log in again")
	}
	if now.Sub(t.Used) > touchEvery {
		if err := s.store.TouchToken(ctx, t.ID, now); err != nil {
			return Identity{}, err
		}
	}
	role := t.Role
	if !u.Role.Allows(role) { // the user was given a smaller role since
		role = u.Role
	}
	return Identity{User: u.Name, Role: role, Token: t.ID, Kind: t.Kind}, nil
}

func (s *Service) expired(t load.Token, now time.Time) bool {
	if !t.Expires.IsZero() && !now.Before(t.Expires) {
		return true
	}
	return t.Kind == load.SessionToken && now.Sub(t.Used) >= s.life
}

func bearer(r *http.Request) (string, bool) {
	scheme, secret, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	return strings.TrimSpace(secret), true
}

// CreateToken makes an API token for a user, with at most the user's own role.
// A ttl of 0 makes one that lasts until it is deleted. The secret is shown
// here and never again.
func (s *Service) CreateToken(ctx context.Context, user, label string, role load.Role, ttl time.Duration) (secret string, t load.Token, err error) {
	if len(label) > 200 {
		return "", t, load.Errorf(load.Invalid, "the token's label has %d bytes: at most 200 are allowed", len(label))
	}
	u, _, err := s.store.User(ctx, user)
	if err != nil {
		return "", t, err
	}
	if role == "" {
		role = u.Role
	}
	if !u.Role.Allows(role) {
		return "", t, load.Errorf(load.Forbidden, "a token of %s can have a role up to %s, not %q", user, u.Role, role)
	}
	secret, t, err = s.issue(ctx, load.Token{User: user, Kind: load.APIToken, Role: role, Label: label}, ttl)
	if err == nil {
		s.log.InfoContext(ctx, "token created", "user", user, "token", t.ID, "role", role)
	}
	return secret, t, err
}

// issue completes and stores a token. A session's hard end is far off; what
// ends it in practice is not being used.
func (s *Service) issue(ctx context.Context, t load.Token, ttl time.Duration) (string, load.Token, error) {
	prefix := tokenPrefix
	if t.Kind == load.SessionToken {
		prefix, ttl = sessionPrefix, 10*ttl
	}
	secret, hash := newSecret(prefix)
	t.ID = strings.ToLower(rand.Text()[:12])
	t.Created = s.now().UTC()
	t.Used = t.Created
	if ttl > 0 {
		t.Expires = t.Created.Add(ttl)
	}
	if err := s.store.CreateToken(ctx, t, hash); err != nil {
		return "", load.Token{}, err
	}
	return secret, t, nil
}

// Tokens lists a user's API tokens.
func (s *Service) Tokens(ctx context.Context, user string) ([]load.Token, error) {
	return s.store.Tokens(ctx, user, load.APIToken)
}

// DeleteToken ends one of a user's API tokens.
func (s *Service) DeleteToken(ctx context.Context, user, id string) error {
	list, err := s.Tokens(ctx, user)
	if err != nil {
		return err
	}
	for _, t := range list {
		if t.ID == id {
			s.log.InfoContext(ctx, "token deleted", "user", user, "token", id)
			return s.store.DeleteToken(ctx, id)
		}
	}
	return load.Errorf(load.NotFound, "token %q does not exist", id)
}

// Logout ends the session or token that the identity came with.
func (s *Service) Logout(ctx context.Context, id Identity) error {
	if id.Token == "" {
		return nil
	}
	s.log.InfoContext(ctx, "logout", "user", id.User, "session", id.Token)
	err := s.store.DeleteToken(ctx, id.Token)
	if load.ErrorCode(err) == load.NotFound {
		return nil
	}
	return err
}
