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

// TestSetupTest runs scripts/setup-test where Chromium and openssl are missing:
// root's packages are installed, anybody else is told the line.
func TestSetupTest(t *testing.T) {
	t.Parallel()
	apt := func(log string) string { return "echo \"$@\" >> " + log }
	for _, tc := range []struct{ name, uid, said, called string }{
		{"as root", "0", "installing what the tests need: openssl chromium", "update -q\ninstall -y -q --no-install-recommends openssl chromium\n"},
		{"as a user", "1000", "sudo sh -c 'apt-get update -q && apt-get install -y --no-install-recommends openssl chromium'", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			log := filepath.Join(t.TempDir(), "log")
			out, err := script(t, "setup-test", map[string]string{
				"apt-get": apt(log), "id": "echo " + tc.uid, "uname": "echo Linux", "nginx": "true", "postgres": "true", "java": "true", "ip": "true",
			})
			if (err == nil) != (tc.called != "") || !strings.Contains(out, tc.said) {
				t.Errorf("got %v and %q, want %q in it", err, out, tc.said)
			}
			called, _ := os.ReadFile(log) // not there: never called
			if string(called) != tc.called {
				t.Errorf("apt-get was called with %q, want %q", called, tc.called)
			}
		})
	}
}

// need runs the script where only these tools are on PATH.
func need(t *testing.T, tools map[string]string) (string, error) {
	t.Helper()
	bodies := map[string]string{}
	for name, says := range tools {
		bodies[name] = "echo '" + says + "'"
	}
	return script(t, "need", bodies, "go", "node")
}

// script runs one of scripts/ where only these programs, given by their text,
// and a handful of real ones are on PATH.
func script(t *testing.T, name string, programs map[string]string, args ...string) (string, error) {
	t.Helper()
	bin := t.TempDir()
	for _, tool := range []string{"sh", "awk", "sed", "uname", "id", "dirname"} {
		path, err := exec.LookPath(tool)
		if err != nil {
			t.Fatal(err)
		}
		if programs[tool] == "" {
			if err := os.Symlink(path, filepath.Join(bin, tool)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for program, text := range programs {
		if err := os.WriteFile(filepath.Join(bin, program), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(filepath.Join(bin, "sh"), append([]string{filepath.Join(root, "scripts", name)}, args...)...)
	cmd.Env = []string{"PATH=" + bin}
	out, err := cmd.CombinedOutput()
	return string(out), err
}
