package house

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A reader holds about 400 lines at a time. Over that is said, over the limit
// fails.
const (
	sizeNoted = 400
	sizeLimit = 600
	testLimit = 800
)

// TestFilesStayShort holds hand-written sources to a size that can be read.
func TestFilesStayShort(t *testing.T) {
	t.Parallel()
	for _, name := range tracked(t, "*.go", "*.ts", "*.tsx") {
		content, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // deleted and not yet committed
		}
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(bytes.ToLower(content[:min(len(content), 2000)]), []byte("do not edit")) || strings.Contains(name, "/gen/") {
			continue
		}
		lines := bytes.Count(content, []byte("\n"))
		limit := sizeLimit
		if strings.HasSuffix(name, "_test.go") || strings.Contains(name, ".test.ts") {
			limit = testLimit
		}
		switch {
		case lines > limit:
			t.Errorf("%s has %d lines, the limit is %d: split it where its subjects part", name, lines, limit)
		case lines > sizeNoted:
			t.Logf("%s has %d lines; over %d is hard to read", name, lines, sizeNoted)
		}
	}
}

// tracked lists the repository's files, new ones included.
func tracked(t *testing.T, patterns ...string) []string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"}, patterns...)...)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	return strings.Split(strings.TrimRight(string(out), "\x00"), "\x00")
}

// golden compares got with a checked-in file, or writes it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("testdata/%s is not what is found now (make generate, when that is meant):\n%s", name, got)
	}
}
