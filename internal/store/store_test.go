package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"onrush.dev/onrush/internal/store/pgtest"
	"onrush.dev/onrush/internal/store/storetest"
)

// postgres starts at the first test that needs it.
var postgres = sync.OnceValues(pgtest.Start)

func TestMain(m *testing.M) {
	code := m.Run()
	if server, err := postgres(); err == nil {
		if err := server.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stop Postgres:", err)
			code = 1
		}
	}
	os.Exit(code)
}

func sqliteDSN(t testing.TB) string {
	return "sqlite:" + filepath.Join(t.TempDir(), "a dir?#%.db") // names that a URL would misread
}

func postgresDSN(t testing.TB) string {
	server, err := postgres()
	if err != nil {
		t.Fatal(err)
	}
	return server.NewDatabase(t)
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, sqliteDSN)
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	storetest.Run(t, postgresDSN)
}
