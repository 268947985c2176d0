// Package store keeps the nouns in a SQL database: scenarios, runs with their
// tasks, events, intents and reports, regions, users and tokens. There is one
// implementation for two dialects, SQLite and Postgres; the suite in storetest
// runs on both. It never holds per-second rows (those are a Parquet file in
// blob), knows nothing of what runs mean, and imports no other adapter.
//
// Read store.go (opening, transactions) first, then runs.go and leases.go.
package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"onrush.dev/onrush/internal/load"
)

// Store is an open database. It is safe for concurrent use, and several
// servers may open the same one.
type Store struct {
	write   *sql.DB // one connection in SQLite, so that writers queue here and not in the file's lock
	read    *sql.DB // equals write in Postgres
	dialect dialect
}

// Open opens the database named by dsn and brings its schema up to date:
// "sqlite:PATH" (the file is made when it is not there) or "postgres://…".
func Open(ctx context.Context, dsn string) (*Store, error) {
	d, err := parseDSN(dsn)
	if err != nil {
		return nil, err
	}
	s := &Store{dialect: d}
	if s.write, s.read, err = d.open(); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if err := s.migrate(ctx); err != nil {
		_ = s.Close() // the first error says more
		return nil, fmt.Errorf("open store: %w", err)
	}
	return s, nil
}

// Close closes the database. Queries under way fail.
func (s *Store) Close() error {
	err := s.write.Close()
	if s.read != s.write {
		err = errors.Join(err, s.read.Close())
	}
	return err
}

// Ping says whether the database answers, for health checks.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.read.PingContext(ctx); err != nil {
		return fmt.Errorf("ping store: %w", err)
	}
	return nil
}

// conn is what *sql.DB and *sql.Tx have in common.
type conn interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// tx runs f in a write transaction. f must not call the Store: in SQLite the
// only writing connection is taken.
func (s *Store) tx(ctx context.Context, f func(conn) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	if err := f(rebound{tx, s.dialect}); err != nil {
		_ = tx.Rollback() // err is what happened; a failed rollback ends with the connection
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit transaction: %w", err)
	}
	return nil
}

// reader and writer run single statements.
func (s *Store) reader() conn { return rebound{s.read, s.dialect} }
func (s *Store) writer() conn { return rebound{s.write, s.dialect} }

// rebound lets all queries be written with ? in both dialects, and all texts
// be given as they come.
type rebound struct {
	conn
	d dialect
}

func (r rebound) ExecContext(ctx context.Context, q string, args ...any) (sql.Result, error) {
	return r.conn.ExecContext(ctx, r.d.rebind(q), clean(args)...)
}

func (r rebound) QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	return r.conn.QueryContext(ctx, r.d.rebind(q), clean(args)...)
}

func (r rebound) QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row {
	return r.conn.QueryRowContext(ctx, r.d.rebind(q), clean(args)...)
}

// clean replaces what is not text in text parameters: Postgres refuses NUL and
// broken UTF-8, which a task's last words or a caller's query may well hold.
func clean(args []any) []any {
	for i, arg := range args {
		if s, ok := arg.(string); ok && (strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s)) {
			args[i] = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\uFFFD"), "\uFFFD")
		}
	}
	return args
}

// all collects the rows of a query with one scan function.
func all[T any](ctx context.Context, c conn, scan func(*sql.Rows) (T, error), q string, args ...any) ([]T, error) {
	rows, err := c.QueryContext(ctx, q, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what went wrong
	list := []T{}
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

// oneRow turns the outcome of a one-row statement into an error: NotFound when
// nothing matched.
func oneRow(res sql.Result, err error, what, name string) error {
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err != nil {
		return err
	}
	if n == 0 {
		return notFound(what, name)
	}
	return nil
}

func notFound(what, name string) error {
	return load.Errorf(load.NotFound, "%s %q does not exist", what, name)
}

// micros and fromMicros turn times into what the columns hold and back; the
// zero time is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// encode renders v for a text column. It can fail only on a value that no
// column may hold, such as NaN in a figure.
func encode(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode %T: %w", v, err)
	}
	return string(b), nil
}

func decode(s string, v any) error {
	if err := json.Unmarshal([]byte(s), v); err != nil {
		return fmt.Errorf("decode %T from the store: %w", v, err)
	}
	return nil
}
