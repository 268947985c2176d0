package house

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestNeedNamesWhatIsMissing runs scripts/need on machines with all kinds of
// tools: it must name the one that is missing or too old, with a line that
// installs it.
func TestNeedNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		tools map[string]string // program to what it prints
		want  []string          // in the complaint; none: all is well
	}{
		{"all there", map[string]string{"go": "go version go1.26.0 linux/amd64", "node": "v20.19.0", "npm": "10"}, nil},
		{"newer", map[string]string{"go": "go version go1.30rc1 linux/amd64", "node": "v24.1.0", "npm": "11"}, nil},
		{"nothing", nil, []string{"Go: found none, need 1.26", "go.dev/dl/go1.26", "Node: found none, need 20.19", "nodejs.org/dist/v20"}},
		{"old Go", map[string]string{"go": "go version go1.9.7 linux/amd64", "node": "v22.0.0", "npm": "10"}, []string{"Go: found 1.9.7, need 1.26 or newer"}},
		{"old Node", map[string]string{"go": "go version go1.26.8 linux/amd64", "node": "v20.9.1", "npm": "10"}, []string{"Node: found 20.9.1, need 20.19 or newer"}},
		{"no npm", map[string]string{"go": "go version go1.26.8 linux/amd64", "node": "v20.20.2"}, []string{"npm: found none"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			out, err := need(t, tc.tools)
			if len(tc.want) == 0 {
				if err != nil || out != "" {
					t.Fatalf("got %v and %q, want silence", err, out)
				}
				return
			}
			if err == nil {
				t.Error("it is content")
			}
			for _, want := range tc.want {
				if !strings.Contains(out, want) {
					t.Errorf("it does not say %q:\n%s", want, out)
				}
			}
			if got, want := strings.Count(out, "Install it with:\n    "), strings.Count(out, "need "); got != want {
				t.Errorf("%d lines to install %d tools:\n%s", got, want, out)
			}
		})
	}
}

// need runs the script where only these tools are on PATH.
func need(t *testing.T, tools map[string]string) (string, error) {
	t.Helper()
	bin := t.TempDir()
	for _, real := range []string{"sh", "awk", "sed", "uname", "id", "dirname"} {
		path, err := exec.LookPath(real)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(bin, real)); err != nil {
			t.Fatal(err)
		}
	}
	for name, says := range tools {
		script := "#!" + filepath.Join(bin, "sh") + "\necho '" + says + "'\n"
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(filepath.Join(bin, "sh"), filepath.Join(root, "scripts", "need"), "go", "node")
	cmd.Env = []string{"PATH=" + bin}
	out, err := cmd.CombinedOutput()
	return string(out), err
}
