package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"onrush.dev/onrush/internal/load"
)

// CreateUser adds a user with the hash of a password. A user of this name
// there already is a Conflict.
func (s *Store) CreateUser(ctx context.Context, u load.User, passwordHash string) error {
	_, err := s.writer().ExecContext(ctx, `INSERT INTO users (name, role, password, created) VALUES (?, ?, ?, ?)`,
		u.Name, u.Role, passwordHash, micros(u.Created))
	if isDuplicate(err) {
		return load.Errorf(load.Conflict, "user %q exists already", u.Name)
	}
	if err != nil {
		return fmt.Errorf("create user: %w", err)
	}
	return nil
}

// User returns a user and the hash of the password.
func (s *Store) User(ctx context.Context, name string) (load.User, string, error) {
	var hash string
	var created int64
	u := load.User{Name: name}
	err := s.reader().QueryRowContext(ctx, `SELECT role, password, created FROM users WHERE name = ?`, name).Scan(&u.Role, &hash, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return load.User{}, "", notFound("user", name)
	}
	if err != nil {
		return load.User{}, "", fmt.Errorf("read user: %w", err)
	}
	u.Created = fromMicros(created)
	return u, hash, nil
}

// Users lists all users by name.
func (s *Store) Users(ctx context.Context) ([]load.User, error) {
	list, err := all(ctx, s.reader(), func(rows *sql.Rows) (load.User, error) {
		var u load.User
		var created int64
		err := rows.Scan(&u.Name, &u.Role, &created)
		u.Created = fromMicros(created)
		return u, err
	}, `SELECT name, role, created FROM users ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return list, nil
}

// SetUser changes a user's role, and the password when a hash is given.
func (s *Store) SetUser(ctx context.Context, name string, role load.Role, passwordHash string) error {
	res, err := s.writer().ExecContext(ctx, `UPDATE users SET role = ?,
		password = CASE WHEN CAST(? AS TEXT) = '' THEN password ELSE ? END WHERE name = ?`,
		role, passwordHash, passwordHash, name)
	if err := oneRow(res, err, "user", name); err != nil {
		return fmt.Errorf("set user: %w", err)
	}
	return nil
}

// DeleteUser removes a user and all tokens of that user.
func (s *Store) DeleteUser(ctx context.Context, name string) error {
	res, err := s.writer().ExecContext(ctx, `DELETE FROM users WHERE name = ?`, name)
	if err := oneRow(res, err, "user", name); err != nil {
		return fmt.Errorf("delete user: %w", err)
	}
	return nil
}

// CreateToken adds a token under the hash of its secret.
func (s *Store) CreateToken(ctx context.Context, t load.Token, hash string) error {
	_, err := s.writer().ExecContext(ctx, `
		INSERT INTO tokens (hash, id, user_name, kind, label, role, created, expires, used) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		hash, t.ID, t.User, t.Kind, t.Label, t.Role, micros(t.Created), micros(t.Expires), micros(t.Used))
	if isMissingParent(err) {
		return notFound("user", t.User)
	}
	if err != nil {
		return fmt.Errorf("create token: %w", err)
	}
	return nil
}

const tokenColumns = `t.id, t.user_name, t.kind, t.label, t.role, t.created, t.expires, t.used`

func scanToken(scan func(...any) error, more ...any) (load.Token, error) {
	var t load.Token
	var created, expires, used int64
	err := scan(append([]any{&t.ID, &t.User, &t.Kind, &t.Label, &t.Role, &created, &expires, &used}, more...)...)
	t.Created, t.Expires, t.Used = fromMicros(created), fromMicros(expires), fromMicros(used)
	return t, err
}

// Token returns the token with this hash and its user. Whether it has expired
// is for the caller to judge.
func (s *Store) Token(ctx context.Context, hash string) (load.Token, load.User, error) {
	var u load.User
	var created int64
	t, err := scanToken(s.reader().QueryRowContext(ctx, `SELECT `+tokenColumns+`, u.name, u.role, u.created
		FROM tokens t JOIN users u ON u.name = t.user_name WHERE t.hash = ?`, hash).Scan, &u.Name, &u.Role, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return t, u, load.Errorf(load.NotFound, "no such token")
	}
	if err != nil {
		return t, u, fmt.Errorf("read token: %w", err)
	}
	u.Created = fromMicros(created)
	return t, u, nil
}

// Tokens lists a user's tokens of one kind, newest first; an empty user lists
// everybody's.
func (s *Store) Tokens(ctx context.Context, user string, kind load.TokenKind) ([]load.Token, error) {
	list, err := all(ctx, s.reader(), func(rows *sql.Rows) (load.Token, error) { return scanToken(rows.Scan) },
		`SELECT `+tokenColumns+` FROM tokens t WHERE t.kind = ? AND (CAST(? AS TEXT) = '' OR t.user_name = ?)
		ORDER BY t.created DESC, t.id`, kind, user, user)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	return list, nil
}

// TouchToken notes that a token was used.
func (s *Store) TouchToken(ctx context.Context, id string, at time.Time) error {
	if _, err := s.writer().ExecContext(ctx, `UPDATE tokens SET used = ? WHERE id = ?`, micros(at), id); err != nil {
		return fmt.Errorf("touch token: %w", err)
	}
	return nil
}

// DeleteToken removes a token by its ID.
func (s *Store) DeleteToken(ctx context.Context, id string) error {
	res, err := s.writer().ExecContext(ctx, `DELETE FROM tokens WHERE id = ?`, id)
	if err := oneRow(res, err, "token", id); err != nil {
		return fmt.Errorf("delete token: %w", err)
	}
	return nil
}

// DeleteExpiredTokens removes the tokens that expired before now.
func (s *Store) DeleteExpiredTokens(ctx context.Context, now time.Time) error {
	_, err := s.writer().ExecContext(ctx, `DELETE FROM tokens WHERE expires > 0 AND expires < ?`, micros(now))
	if err != nil {
		return fmt.Errorf("delete expired tokens: %w", err)
	}
	return nil
}
