package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"onrush.dev/onrush/internal/store"
)

// TestSQLiteIsPrivate looks at who may read the database: scenarios hold
// passwords and tokens of targets.
func TestSQLiteIsPrivate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(dir, "db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	found, err := filepath.Glob(filepath.Join(dir, "db*"))
	if err != nil || len(found) == 0 {
		t.Fatal(found, err)
	}
	for _, path := range found {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %o, want 600", filepath.Base(path), mode)
		}
	}
}
