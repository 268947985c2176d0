// Package pgtest gives tests a real Postgres: the one that
// ONRUSH_TEST_POSTGRES names, or one that it starts itself from the
// distribution's binaries in a temporary folder, reached through a socket file
// and gone when the tests end. It is for tests only. Read Start first.
package pgtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the "pgx" driver
)

// Variable names the environment variable with the DSN of a server to use. Its
// user must be allowed to create databases.
const Variable = "ONRUSH_TEST_POSTGRES"

// Install is the line that installs what Start needs.
const Install = "apt-get install -y postgresql"

// Server is a Postgres for tests.
type Server struct {
	dsn  string
	stop func() error
}

// Start finds or starts a server.
func Start() (*Server, error) {
	if dsn := os.Getenv(Variable); dsn != "" {
		return &Server{dsn: dsn, stop: func() error { return nil }}, nil
	}
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	// The path holds the socket, whose whole name may have 107 characters.
	dir, err := os.MkdirTemp("", "onrush-pg-")
	if err != nil {
		return nil, err
	}
	stop, err := launch(bin, dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	s := &Server{
		dsn:  "postgres://postgres@/postgres?" + url.Values{"host": {dir}}.Encode(),
		stop: func() error { return errors.Join(stop(), os.RemoveAll(dir)) },
	}
	if err := s.wait(); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log")) // without it err must do
		return nil, errors.Join(fmt.Errorf("start Postgres: %w\n%s", err, log), s.Stop())
	}
	return s, nil
}

// Stop ends a server that Start started.
func (s *Server) Stop() error { return s.stop() }

// binaries finds the newest installed Postgres.
func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", fmt.Errorf("these tests need Postgres, and there is none: %s", Install)
}

// wait returns when the server takes connections.
func (s *Server) wait() error {
	db, err := sql.Open("pgx", s.dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		if err = db.PingContext(ctx); err == nil || ctx.Err() != nil {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// NewDatabase makes an empty database, dropped when the test ends, and returns
// its DSN.
func (s *Server) NewDatabase(t testing.TB) string {
	t.Helper()
	name := "onrush_test_" + strings.ToLower(rand.Text()[:12])
	s.exec(t, `CREATE DATABASE `+name)
	t.Cleanup(func() { s.exec(t, `DROP DATABASE `+name+` WITH (FORCE)`) })
	dsn, err := url.Parse(s.dsn)
	if err != nil {
		t.Fatal(err)
	}
	dsn.Path = "/" + name
	return dsn.String()
}

func (s *Server) exec(t testing.TB, statement string) {
	t.Helper()
	db, err := sql.Open("pgx", s.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
