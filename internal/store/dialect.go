package store

import (
	"database/sql"
	"errors"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the "pgx" driver
	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"onrush.dev/onrush/internal/load"
)

// dialect is all in which the two databases differ.
type dialect struct {
	name   goose.Dialect
	folder string // of the migrations
	dollar bool   // parameters are $1, $2… instead of ?
	// forUpdate locks the rows of a SELECT for the transaction. SQLite needs
	// none: its write transactions exclude each other from their first moment.
	forUpdate string
	// now is the database's own clock in microseconds. Leases are judged by it,
	// so that servers need not agree on the time.
	now  string
	open func() (write, read *sql.DB, err error)
}

// Readers of SQLite do not wait for the writer, but each costs a page cache.
const sqliteReaders = 4

// Postgres connections of one server; the default limit of a Postgres is 100.
const postgresConns = 12

func parseDSN(dsn string) (dialect, error) {
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok && path != "" {
		return dialect{
			name: goose.DialectSQLite3, folder: "migrations/sqlite",
			now:  "CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
			open: func() (*sql.DB, *sql.DB, error) { return openSQLite(path) },
		}, nil
	}
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		return dialect{
			name: goose.DialectPostgres, folder: "migrations/postgres", dollar: true,
			forUpdate: " FOR UPDATE",
			now:       "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
			open:      func() (*sql.DB, *sql.DB, error) { return openPostgres(dsn) },
		}, nil
	}
	// The DSN may hold a password, so it is not quoted.
	return dialect{}, load.Errorf(load.Invalid, "the store's address is neither sqlite:PATH nor postgres://…")
}

// openSQLite opens one writing and several reading connections. WAL lets them
// work side by side. With synchronous=NORMAL a killed server loses nothing; a
// power cut may take the last moments, but never the database.
func openSQLite(path string) (write, read *sql.DB, err error) {
	// Made here, since SQLite would make it readable to all: it holds scenarios
	// with their secrets. Files that SQLite puts beside it get the same mode.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, nil, err
	}
	if err := file.Close(); err != nil {
		return nil, nil, err
	}
	// The busy timeout stands first: the switch to WAL may already have to wait.
	base := "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)" +
		"&_pragma=synchronous(NORMAL)&_pragma=foreign_keys(1)"
	// IMMEDIATE: a transaction that reads and then writes never has to give up
	// because somebody wrote in between.
	if write, err = sql.Open("sqlite", base+"&_txlock=immediate"); err != nil {
		return nil, nil, err
	}
	write.SetMaxOpenConns(1)
	if read, err = sql.Open("sqlite", base+"&_pragma=query_only(1)"); err != nil {
		_ = write.Close() // it holds nothing yet
		return nil, nil, err
	}
	read.SetMaxOpenConns(sqliteReaders)
	return write, read, nil
}

func openPostgres(dsn string) (write, read *sql.DB, err error) {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return nil, nil, err
	}
	db.SetMaxOpenConns(postgresConns)
	db.SetMaxIdleConns(postgresConns / 2)
	return db, db, nil
}

// rebind turns ? into $1, $2… where the dialect wants that. No query of this
// package holds a ? inside a literal.
func (d dialect) rebind(q string) string {
	if !d.dollar || !strings.Contains(q, "?") {
		return q
	}
	var b strings.Builder
	b.Grow(len(q) + 16)
	n := 0
	for _, r := range q {
		if r != '?' {
			b.WriteRune(r)
			continue
		}
		n++
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}

// isDuplicate says that a row with this key is there already.
func isDuplicate(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23505"
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY || lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE
	}
	return false
}

// isMissingParent says that the row refers to one that is not there.
func isMissingParent(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23503"
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code() == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
	}
	return false
}
