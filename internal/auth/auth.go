// Package auth says who a caller is and what they may do: passwords, browser
// sessions, API tokens and roles. It may not know routes or pages; package api
// asks it and decides what each route needs. Read Service first, then
// credential.go.
package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"onrush.dev/onrush/internal/load"
)

// Store keeps users and tokens; package store has it. Secrets never reach it,
// only their hashes.
type Store interface {
	CreateUser(ctx context.Context, u load.User, passwordHash string) error
	User(ctx context.Context, name string) (load.User, string, error)
	Users(ctx context.Context) ([]load.User, error)
	SetUser(ctx context.Context, name string, role load.Role, passwordHash string) error
	DeleteUser(ctx context.Context, name string) error
	CreateToken(ctx context.Context, t load.Token, hash string) error
	Token(ctx context.Context, hash string) (load.Token, load.User, error)
	Tokens(ctx context.Context, user string, kind load.TokenKind) ([]load.Token, error)
	TouchToken(ctx context.Context, id string, at time.Time) error
	DeleteToken(ctx context.Context, id string) error
	DeleteExpiredTokens(ctx context.Context, now time.Time) error
}

// Options set up a Service.
type Options struct {
	Store Store
	Log   *slog.Logger // gets one line for each login, logout, token and refusal
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// SessionLife ends a browser's session so long after its last use; 0 means
	// a week.
	SessionLife time.Duration
}

// Service checks credentials. It is safe for concurrent use.
type Service struct {
	store    Store
	log      *slog.Logger
	now      func() time.Time
	life     time.Duration
	throttle *throttle
	hashing  chan struct{} // bounds the memory that password hashes take at once
	decoy    func() string // hash compared with when there is no such user, or no password
}

// New makes a Service.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.SessionLife == 0 {
		o.SessionLife = 7 * 24 * time.Hour
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{
		store: o.Store, log: o.Log, now: o.Now, life: o.SessionLife,
		throttle: newThrottle(), hashing: make(chan struct{}, 2),
		// Made when first needed: it costs as much as a login.
		decoy: sync.OnceValue(func() string { return hashPassword(rand.Text()) }),
	}
}

// Identity is a caller who has shown who they are.
type Identity struct {
	User string
	Role load.Role
	// Token is the public ID of the session or API token; empty for callers
	// inside the server.
	Token string
	Kind  load.TokenKind
}

// firstUser is the name of the user that a new store gets.
const firstUser = "admin"

// FirstLogin makes the user admin when the store has no users at all, or gives
// FirstUser's one its password: the chosen one, or a random one where chosen is
// empty. ok says that it did; then a random password must be shown now, since
// nobody can ever read it again.
func (s *Service) FirstLogin(ctx context.Context, chosen string) (name, password string, ok bool, err error) {
	if password = chosen; chosen == "" {
		password = readable(rand.Text())
	}
	if err := checkPassword(password); err != nil {
		return "", "", false, err
	}
	made, err := s.makeFirst(ctx, password)
	if err != nil {
		return "", "", false, err
	}
	if made {
		return firstUser, password, true, nil
	}
	users, err := s.store.Users(ctx)
	if err != nil {
		return "", "", false, fmt.Errorf("first login: %w", err)
	}
	if len(users) != 1 || users[0].Name != firstUser {
		return "", "", false, nil
	}
	if _, hash, err := s.store.User(ctx, firstUser); err != nil || hash != "" {
		return "", "", false, err
	}
	if err := s.SetUser(ctx, firstUser, password, users[0].Role); err != nil {
		return "", "", false, err
	}
	return firstUser, password, true, nil
}

// FirstUser makes the user admin when the store has no users at all, without a
// password: nobody can log in until a FirstLogin gives it one. It is for a
// process that shows no password and needs somebody to act for, and spares it
// the work of a hash.
func (s *Service) FirstUser(ctx context.Context) error {
	_, err := s.makeFirst(ctx, "")
	return err
}

// makeFirst makes the first user where there is none.
func (s *Service) makeFirst(ctx context.Context, password string) (made bool, err error) {
	users, err := s.store.Users(ctx)
	if err != nil {
		return false, fmt.Errorf("first login: %w", err)
	}
	if len(users) > 0 {
		return false, nil
	}
	hash := ""
	if password != "" {
		hash = hashPassword(password)
	}
	u := load.User{Name: firstUser, Role: load.Admin, Created: s.now().UTC()}
	err = s.store.CreateUser(ctx, u, hash)
	if load.ErrorCode(err) == load.Conflict { // another server was faster
		return false, nil
	}
	if err != nil {
		return false, err
	}
	s.log.InfoContext(ctx, "first user created", "user", firstUser, "password", hash != "")
	return true, nil
}

// readable groups a random text for typing: 20 letters and digits, 100 bits.
func readable(s string) string {
	s = strings.ToLower(s[:20])
	return s[:5] + "-" + s[5:10] + "-" + s[10:15] + "-" + s[15:]
}

// CreateUser adds a user.
func (s *Service) CreateUser(ctx context.Context, name, password string, role load.Role) error {
	if err := checkUser(name, role); err != nil {
		return err
	}
	if err := checkPassword(password); err != nil {
		return err
	}
	u := load.User{Name: name, Role: role, Created: s.now().UTC()}
	if err := s.store.CreateUser(ctx, u, hashPassword(password)); err != nil {
		return err
	}
	s.log.InfoContext(ctx, "user created", "user", name, "role", role)
	return nil
}

// SetUser changes a user's role, and the password unless it is empty. A new
// password ends the user's sessions.
func (s *Service) SetUser(ctx context.Context, name, password string, role load.Role) error {
	if err := checkUser(name, role); err != nil {
		return err
	}
	hash := ""
	if password != "" {
		if err := checkPassword(password); err != nil {
			return err
		}
		hash = hashPassword(password)
	}
	if err := s.store.SetUser(ctx, name, role, hash); err != nil {
		return err
	}
	s.log.InfoContext(ctx, "user changed", "user", name, "role", role, "password", hash != "")
	if hash == "" {
		return nil
	}
	return s.endSessions(ctx, name)
}

func (s *Service) endSessions(ctx context.Context, user string) error {
	sessions, err := s.store.Tokens(ctx, user, load.SessionToken)
	if err != nil {
		return err
	}
	for _, t := range sessions {
		if err := s.store.DeleteToken(ctx, t.ID); err != nil && load.ErrorCode(err) != load.NotFound {
			return err
		}
	}
	return nil
}

func checkUser(name string, role load.Role) error {
	if !role.Allows(load.Viewer) {
		return load.Errorf(load.Invalid, "role %q is not allowed: viewer, operator and admin are", role)
	}
	if len(name) == 0 || len(name) > 100 || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return load.Errorf(load.Invalid, "user name %q is not allowed: 1 to 100 characters without spaces are", name)
	}
	return nil
}

// newSecret makes a random secret of 256 bits with a prefix that scanners for
// leaked secrets can find, and its hash for the store. The secret has enough
// chance in it that a fast hash is safe.
func newSecret(prefix string) (secret, hash string) {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails, by its contract
	secret = prefix + hex.EncodeToString(raw)
	return secret, hashSecret(secret)
}

func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// Users lists all users.
func (s *Service) Users(ctx context.Context) ([]load.User, error) { return s.store.Users(ctx) }

// DeleteUser removes a user with all sessions and tokens.
func (s *Service) DeleteUser(ctx context.Context, name string) error {
	if err := s.store.DeleteUser(ctx, name); err != nil {
		return err
	}
	s.log.InfoContext(ctx, "user deleted", "user", name)
	return nil
}
