package server

import (
	"os"
	"path/filepath"
	"testing"
)

// TestSecret keeps a secret over restarts, and makes a new one of a file that a
// loss of power emptied or cut.
func TestSecret(t *testing.T) {
	t.Parallel()
	d := &dataDir{path: t.TempDir()}
	secret := func() string {
		t.Helper()
		text, err := d.secret("key")
		if err != nil || len(text) != 64 {
			t.Fatalf("secret is %q, %v", text, err)
		}
		return text
	}
	first := secret()
	if again := secret(); again != first {
		t.Error("the secret did not stay")
	}
	for _, damaged := range []string{"", "\n", first[:30]} {
		if err := os.WriteFile(filepath.Join(d.path, "key"), []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		made := secret()
		if made == first {
			t.Error("the secret came back from nowhere")
		}
		if secret() != made {
			t.Errorf("the secret made after %q did not stay", damaged)
		}
	}
	info, err := os.Stat(filepath.Join(d.path, "key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the secret's file: %v, %v; this user alone may read it", info.Mode(), err)
	}
}
