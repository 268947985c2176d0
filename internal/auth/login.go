package auth

import (
	"context"
	"fmt"
	"strings"
	"time"

	"onrush.dev/onrush/internal/load"
)

// Login checks a name and a password and opens a session. addr is the caller's
// address, for the throttle and the log. Wrong name and wrong password give
// one and the same answer after one and the same work.
func (s *Service) Login(ctx context.Context, name, password, addr string) (secret string, u load.User, err error) {
	if err := s.allowTry(ctx, name, addr); err != nil {
		return "", u, err
	}
	u, hash, err := s.store.User(ctx, name)
	if err != nil && load.ErrorCode(err) != load.NotFound {
		return "", u, fmt.Errorf("login: %w", err)
	}
	known := err == nil
	if !known || hash == "" {
		known, hash = false, s.decoy()
	}
	same, err := s.checkHash(ctx, hash, password)
	if err != nil {
		return "", u, err
	}
	if !known || !same {
		s.log.WarnContext(ctx, "login refused", "user", clip(name), "address", addr)
		return "", load.User{}, load.Errorf(load.Unauthorized, "name or password is wrong")
	}
	s.throttle.forget("name:" + name)
	secret, t, err := s.issue(ctx, load.Token{User: u.Name, Kind: load.SessionToken, Role: u.Role, Label: addr}, s.life)
	if err != nil {
		return "", u, fmt.Errorf("login: %w", err)
	}
	s.log.InfoContext(ctx, "login", "user", u.Name, "address", addr, "session", t.ID)
	if err := s.store.DeleteExpiredTokens(ctx, s.now()); err != nil {
		return "", u, fmt.Errorf("login: %w", err)
	}
	return secret, u, nil
}

// allowTry counts a try against its name and its address.
func (s *Service) allowTry(ctx context.Context, name, addr string) error {
	now := s.now()
	wait := s.throttle.take("addr:"+addr, addressBurst, addressEvery, now)
	if wait == 0 {
		wait = s.throttle.take("name:"+name, nameBurst, nameEvery, now)
	}
	if wait == 0 {
		return nil
	}
	s.log.WarnContext(ctx, "login throttled", "user", clip(name), "address", addr)
	return &ThrottledError{Wait: wait, err: load.Errorf(load.Throttled, "too many tries: wait %s", wait.Round(time.Second)+time.Second)}
}

// checkHash compares with bounded memory: only a few hashes at once.
func (s *Service) checkHash(ctx context.Context, hash, password string) (bool, error) {
	if len(password) > maxPassword {
		password = "" // never right; spares us hashing a megabyte
	}
	select {
	case s.hashing <- struct{}{}:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	defer func() { <-s.hashing }()
	return samePassword(hash, password), nil
}

// clip keeps what a stranger typed short in the log: it may be a password that
// slipped into the wrong field.
func clip(name string) string {
	r := []rune(strings.ToValidUTF8(name, "?"))
	if len(r) <= 40 {
		return string(r)
	}
	return string(r[:40]) + "…"
}

// ThrottledError says how long to wait before the next try.
type ThrottledError struct {
	Wait time.Duration
	err  *load.Error
}

// Error implements error.
func (e *ThrottledError) Error() string { return e.err.Error() }

// Unwrap gives the *load.Error with the code.
func (e *ThrottledError) Unwrap() error { return e.err }

// ChangePassword gives a user who knows the old password a new one, and ends
// all of the user's sessions.
func (s *Service) ChangePassword(ctx context.Context, name, old, fresh, addr string) error {
	if err := checkPassword(fresh); err != nil {
		return err
	}
	if err := s.allowTry(ctx, name, addr); err != nil {
		return err
	}
	u, hash, err := s.store.User(ctx, name)
	if err != nil {
		return err
	}
	same, err := s.checkHash(ctx, hash, old)
	if err != nil {
		return err
	}
	if !same {
		s.log.WarnContext(ctx, "password change refused", "user", name, "address", addr)
		return load.Errorf(load.Forbidden, "the old password is wrong")
	}
	return s.SetUser(ctx, name, fresh, u.Role)
}
