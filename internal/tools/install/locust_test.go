package install

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/tools"
)

// TestLocustIsPinned: everything that Locust needs has one version and sums.
func TestLocustIsPinned(t *testing.T) {
	t.Parallel()
	text := strings.ReplaceAll(string(locustRequirements), "\\\n", " ")
	pinned := regexp.MustCompile(`^[a-z0-9-]+==[0-9][^ ]*( ;[^\\]*?)?( +--hash=sha256:[0-9a-f]{64})+ *$`)
	found := 0
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		found++
		if !pinned.MatchString(line) {
			t.Errorf("not pinned: %.80q", line)
		}
	}
	if found < 30 || !strings.Contains(text, "locust=="+locustRelease) {
		t.Errorf("%d packages, want Locust %s and its own", found, locustRelease)
	}
}

// TestAnEnvironmentFromABundle: it gets this machine's Python, and what is in it
// is left as it is.
func TestAnEnvironmentFromABundle(t *testing.T) {
	t.Parallel()
	_, version, err := python(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	module := filepath.Join(dir, "lib", "python"+minorOf(version), "site-packages", "onrush_fixture.py")
	if err := os.MkdirAll(filepath.Dir(module), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(module, []byte("print('here')\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (locust{}).Settle(t.Context(), dir, tools.Manifest{Extras: []string{"Python " + version}}); err != nil {
		t.Fatal(err)
	}
	out := tryPython(t.Context(), filepath.Join(dir, "bin", "python"), "-m", "onrush_fixture")
	if out != "here" {
		t.Errorf("its Python says %q", out)
	}
	if left, _ := os.ReadDir(filepath.Join(dir, "bin")); len(left) == 0 {
		t.Error("there is no Python")
	}
	if err := (locust{}).Settle(t.Context(), t.TempDir(), tools.Manifest{Extras: []string{"Python 3.1.4"}}); err == nil || !strings.Contains(err.Error(), "3.1") {
		t.Errorf("got %v for another Python", err)
	}
}

func tryPython(ctx context.Context, program string, args ...string) string {
	out, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(out))
}
