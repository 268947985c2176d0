package install_test

import (
	"archive/zip"
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/tools"
	"onrush.dev/onrush/internal/tools/install"
)

// small installs one file; times counts how often.
type small struct{ times *int }

func (small) Name() string    { return "small" }
func (small) Version() string { return "v1" }

func (s small) Install(_ context.Context, dir string, _ install.Options) (tools.Manifest, error) {
	*s.times++
	err := os.WriteFile(filepath.Join(dir, "small"), []byte("#!/bin/sh\n"), 0o700)
	return tools.Manifest{Name: "small", Version: "v1", Path: "small", Source: "here"}, err
}

func TestInstallIsWholeOrMendedAnew(t *testing.T) {
	t.Parallel()
	dir, times := t.TempDir(), 0
	for range 2 {
		if _, err := install.Run(t.Context(), small{&times}, dir, install.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	if times != 1 {
		t.Errorf("installed %d times, want once", times)
	}
	file := filepath.Join(dir, "small-v1", "small")
	if err := os.WriteFile(file, []byte("changed"), 0o700); err != nil {
		t.Fatal(err)
	}
	tool := tools.Tool{Name: "small", Path: file}
	if err := install.CheckTool(tool); err == nil || !strings.Contains(err.Error(), "not as it was installed") {
		t.Errorf("got %v for a changed file", err)
	}
	if _, err := install.Run(t.Context(), small{&times}, dir, install.Options{}); err != nil || times != 2 {
		t.Errorf("installed %d times, %v; want it mended", times, err)
	}
	if err := install.CheckTool(tool); err != nil {
		t.Error(err)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".new-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestBundle(t *testing.T) {
	t.Parallel()
	dir, other, times := t.TempDir(), t.TempDir(), 0
	if _, err := install.Run(t.Context(), small{&times}, dir, install.Options{}); err != nil {
		t.Fatal(err)
	}
	var bundle bytes.Buffer
	if err := install.Bundle(&bundle, dir, nil); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "tools.zip")
	if err := os.WriteFile(file, bundle.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := install.Unbundle(file, other, nil)
	if err != nil || len(got) != 1 || got[0].Name != "small" {
		t.Fatalf("got %v, %v", got, err)
	}
	path := filepath.Join(other, "small-v1", "small")
	if info, err := os.Stat(path); err != nil || info.Mode()&0o100 == 0 {
		t.Errorf("the program cannot be run: %v, %v", info, err)
	}
	if err := install.CheckTool(tools.Tool{Path: path}); err != nil {
		t.Error(err)
	}
	if _, err := install.Unbundle(file, other, []string{"other"}); err == nil {
		t.Error("a tool that is not in the bundle was found")
	}
	if err := install.Bundle(&bundle, t.TempDir(), nil); err == nil {
		t.Error("nothing was bundled without a fault")
	}
}

// TestBundleIsChecked: a bundle that somebody changed installs nothing.
func TestBundleIsChecked(t *testing.T) {
	t.Parallel()
	for name, members := range map[string]map[string]string{
		"changed":      {"x-v1/onrush-tool.json": `{"name":"x","version":"v1","path":"x","files":{"x":"00"}}`, "x-v1/x": "hello"},
		"no manifest":  {"x-v1/x": "hello"},
		"climbing out": {"x-v1/../../x": "hello"},
	} {
		file, dir := filepath.Join(t.TempDir(), "b.zip"), t.TempDir()
		var buf bytes.Buffer
		z := zip.NewWriter(&buf)
		for member, text := range members {
			w, err := z.Create(member)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = w.Write([]byte(text))
		}
		_ = z.Close()
		if err := os.WriteFile(file, buf.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := install.Unbundle(file, dir, nil); err == nil {
			t.Errorf("%s: got %v", name, got)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("%s: left %v", name, left)
		}
	}
}
