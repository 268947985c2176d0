package parts_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"onrush.dev/onrush/internal/images/debian"
	"onrush.dev/onrush/internal/images/parts"
)

// TestPackagesAreLocked: whatever a part wants stands in the lock, for both
// architectures, and nothing else does.
func TestPackagesAreLocked(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../deploy/images/debian.lock")
	if err != nil {
		t.Fatal(err)
	}
	lock, err := debian.ParseLock(string(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, arch := range []string{"amd64", "arm64"} {
		var locked []string
		for name := range lock[arch] {
			locked = append(locked, name)
		}
		slices.Sort(locked)
		if want := parts.Packages(); !slices.Equal(locked, want) {
			t.Errorf("for %s the lock has %v, parts want %v: run make images-lock", arch, locked, want)
		}
	}
}

// TestMake: a part is made once, of files of one time and plain modes; old makes go.
func TestMake(t *testing.T) {
	t.Parallel()
	when := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	b := parts.Builder{Cache: t.TempDir(), Epoch: when, Say: t.Logf}
	first, err := b.Make(t.Context(), "data", "amd64")
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(first.Dir, "data"))
	if err != nil || info.Mode() != 0o755|fs.ModeDir || !info.ModTime().Equal(when) {
		t.Errorf("the folder is %v of %v, %v", info.Mode(), info.ModTime(), err)
	}
	again, err := b.Make(t.Context(), "data", "amd64")
	if err != nil || again != first {
		t.Errorf("made again it is %+v, %v, want %+v", again, err, first)
	}
	for hour := range 6 { // each is another one
		b.Epoch = when.Add(time.Duration(hour+1) * time.Hour)
		if _, err := b.Make(t.Context(), "data", "amd64"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(first.Dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the oldest of seven makes stayed (%v)", err)
	}
	if _, err := b.Make(t.Context(), "nothing", "amd64"); err == nil {
		t.Error("a part that is not there was made")
	}
}
