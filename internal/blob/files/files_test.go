package files_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/blob"
	"onrush.dev/onrush/internal/blob/blobtest"
	"onrush.dev/onrush/internal/blob/files"
	"onrush.dev/onrush/internal/load"
)

func open(t testing.TB, dir string) *files.Bucket {
	t.Helper()
	b, err := files.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func TestBucket(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, func(t testing.TB) blob.Bucket { return open(t, t.TempDir()) })
}

// TestLinksDoNotLeadOut: somebody who can write into the folder, a restored
// backup say, must not make the server read files from elsewhere.
func TestLinksDoNotLeadOut(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), t.TempDir()
	b := open(t, dir)
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"folder": outside, "file": filepath.Join(outside, "secret")} {
		if err := os.Symlink(target, filepath.Join(dir, "objects", name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"file", "folder/secret"} {
		if o, err := b.Open(t.Context(), key); err == nil {
			t.Errorf("Open(%s) read %d bytes from outside", key, o.Info().Size)
		}
		if _, err := b.Stat(t.Context(), key); err == nil {
			t.Errorf("Stat(%s) looked outside", key)
		}
	}
	for info, err := range b.List(t.Context(), "") {
		t.Errorf("List gave %s, %v", info.Key, err)
	}
}

// TestStaleWrites: what a killed server left half written goes at the next
// start, what another server is writing now does not.
func TestStaleWrites(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open(t, dir)
	old, fresh := filepath.Join(dir, "tmp", "old"), filepath.Join(dir, "tmp", "fresh")
	for _, name := range []string{old, fresh} {
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	yesterday := time.Now().Add(-25 * time.Hour)
	if err := os.Chtimes(old, yesterday, yesterday); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Errorf("the old file is still there: %v", err)
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Errorf("the fresh file is gone: %v", err)
	}
}

func TestKeyBelowAnObject(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	if _, err := b.Put(t.Context(), "a", strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Open(t.Context(), "a/b"); load.ErrorCode(err) != load.NotFound {
		t.Errorf("Open of a key below an object: %v", err)
	}
}
