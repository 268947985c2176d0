package server

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"onrush.dev/onrush/internal/auth"
	"onrush.dev/onrush/internal/load"
)

// tokenFile holds an admin's API token in the data folder, readable by the
// server's user alone: whoever can read that folder owns the server anyway, and
// commands on this machine need no login.
const tokenFile = "cli-token"

// openLogin makes the first user where there is none, and the token for
// commands on this machine.
func (s *Server) openLogin(ctx context.Context) error {
	s.auth = auth.New(auth.Options{Store: s.store, Log: s.config.Log})
	if err := s.firstLogin(ctx); err != nil {
		return err
	}
	kept, err := os.ReadFile(s.data.join(tokenFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s.token = strings.TrimSpace(string(kept))
	if s.token != "" {
		if _, err := s.auth.IdentifySecret(ctx, s.token); err == nil {
			return nil
		}
	}
	return s.newToken(ctx)
}

// firstLogin makes the first user, with a password where somebody will see it.
func (s *Server) firstLogin(ctx context.Context) error {
	if s.config.NoLogin {
		return s.auth.FirstUser(ctx)
	}
	name, password, ok, err := s.auth.FirstLogin(ctx, s.config.AdminPassword)
	if ok && s.config.AdminPassword == "" {
		s.first = login{name, password}
	}
	if err != nil && s.config.AdminPassword != "" && load.ErrorCode(err) == load.Invalid {
		return load.Errorf(load.Invalid, "the first login's password (ONRUSH_ADMIN_PASSWORD): %w", err)
	}
	return err
}

// newToken makes the token for commands on this machine, in the name of the
// first admin.
func (s *Server) newToken(ctx context.Context) error {
	users, err := s.store.Users(ctx)
	if err != nil {
		return err
	}
	for _, user := range users {
		if !user.Role.Allows(load.Admin) {
			continue
		}
		secret, _, err := s.auth.CreateToken(ctx, user.Name, "commands on the server's machine", load.Admin, 0)
		if err != nil {
			return err
		}
		s.token = secret
		return s.data.writeSecret(tokenFile, secret)
	}
	return load.Errorf(load.Conflict, "there is no admin among the users")
}
