package tools_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/tools"
)

// fake is a program that says the version of k6.
func fake(t *testing.T, version string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "k6")
	text := "#!/bin/sh\necho 'k6 " + version + " (go1.26, linux/amd64)'\necho 'Extensions:'\necho '  main.New , onrush [output]'\n"
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFind(t *testing.T) {
	t.Setenv("ONRUSH_TOOLS", t.TempDir())
	t.Setenv("PATH", filepath.Dir(fake(t, "v1.0.0"))+":/bin:/usr/bin")
	got, err := tools.Find(t.Context(), "k6")
	if err != nil || got.Version != "v1.0.0" || got.Origin != tools.OnPath || !got.Has(tools.K6Output) {
		t.Errorf("got %+v, %v, want the one on PATH", got, err)
	}
	for _, version := range []string{"v1.9.0", "v1.10.0"} {
		dir := filepath.Join(tools.Dir(), "k6-"+version)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{tools.ManifestFile: `{"name":"k6","version":"` + version + `","path":"k6"}`, "k6": ""} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got, err = tools.Find(t.Context(), "k6"); err != nil || got.Version != "v1.10.0" || got.Origin != tools.Installed {
		t.Errorf("got %+v, %v, want the newest installed", got, err)
	}
	t.Setenv("ONRUSH_K6", fake(t, "v3.0.0"))
	if got, err = tools.Find(t.Context(), "k6"); err != nil || got.Version != "v3.0.0" || got.Origin != tools.Configured {
		t.Errorf("got %+v, %v, want the configured one", got, err)
	}
	t.Setenv("ONRUSH_K6", "/nowhere/k6")
	if _, err = tools.Find(t.Context(), "k6"); load.ErrorCode(err) != load.Unavailable || !strings.Contains(err.Error(), "ONRUSH_K6") {
		t.Errorf("got %v, want a fault that names ONRUSH_K6", err)
	}
}

func TestMissing(t *testing.T) {
	t.Setenv("ONRUSH_TOOLS", t.TempDir())
	t.Setenv("ONRUSH_K6", "")
	t.Setenv("PATH", t.TempDir())
	_, err := tools.Find(t.Context(), "k6")
	if !errors.Is(err, tools.ErrMissing) || !strings.Contains(err.Error(), "onrush engines install k6") {
		t.Errorf("got %v, want what to do", err)
	}
}
