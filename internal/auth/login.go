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
func (a *Auth) Login(ctx context.Context, name, password, addr string) (secret string, u load.User, err error) {
	if err := a.allowTry(ctx, name, addr); err != nil {
		return "", u, err
	}
	u, hash, err := a.store.User(ctx, name)
	if err != nil && load.ErrorCode(err) != load.NotFound {
		return "", u, fmt.Errorf("login: %w", err)
	}
	known := err == nil
	if !known {
		hash = a.decoy
	}
	same, err := a.checkHash(ctx, hash, password)
	if err != nil {
		return "", u, err
	}
	if !known || !same {
		a.log.WarnContext(ctx, "login refused", "user", clip(name), "address", addr)
		return "", load.User{}, load.Errorf(load.Unauthorized, "name or password is wrong")
	}
	a.throttle.forget("name:" + name)
	secret, t, err := a.issue(ctx, load.Token{User: u.Name, Kind: load.SessionToken, Role: u.Role, Label: addr}, a.life)
	if err != nil {
		return "", u, fmt.Errorf("login: %w", err)
	}
	a.log.InfoContext(ctx, "login", "user", u.Name, "address", addr, "session", t.ID)
	if err := a.store.DeleteExpiredTokens(ctx, a.now()); err != nil {
		return "", u, fmt.Errorf("login: %w", err)
	}
	return secret, u, nil
}

// allowTry counts a try against its name and its address.
func (a *Auth) allowTry(ctx context.Context, name, addr string) error {
	now := a.now()
	wait := a.throttle.take("addr:"+addr, addressBurst, addressEvery, now)
	if wait == 0 {
		wait = a.throttle.take("name:"+name, nameBurst, nameEvery, now)
	}
	if wait == 0 {
		return nil
	}
	a.log.WarnContext(ctx, "login throttled", "user", clip(name), "address", addr)
	return &ThrottledError{Wait: wait, err: load.Errorf(load.Throttled, "too many tries: wait %s", wait.Round(time.Second)+time.Second)}
}

// checkHash compares with bounded memory: only a few hashes at once.
func (a *Auth) checkHash(ctx context.Context, hash, password string) (bool, error) {
	if len(password) > maxPassword {
		password = "" // never right; spares us hashing a megabyte
	}
	select {
	case a.hashing <- struct{}{}:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	defer func() { <-a.hashing }()
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
