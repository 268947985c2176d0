package tools_test

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/tools"
)

// jmeterAt makes a folder that looks like a JMeter of a version.
func jmeterAt(t *testing.T, version string) string {
	t.Helper()
	home := t.TempDir()
	for _, dir := range []string{"bin", "lib/ext"} {
		if err := os.MkdirAll(filepath.Join(home, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"ApacheJMeter.jar", "jmeter"} {
		if err := os.WriteFile(filepath.Join(home, "bin", name), []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	jar, err := os.Create(filepath.Join(home, "lib", "ext", "ApacheJMeter_core.jar"))
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(jar)
	w, err := z.Create("META-INF/MANIFEST.MF")
	if err == nil {
		_, err = w.Write([]byte("Manifest-Version: 1.0\r\nImplementation-Version: " + version + "\r\n"))
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := jar.Close(); err != nil {
		t.Fatal(err)
	}
	return home
}

func TestFindJMeter(t *testing.T) {
	t.Setenv("ONRUSH_TOOLS", t.TempDir())
	t.Setenv("PATH", t.TempDir())
	// A link on PATH leads to the folder that its target lies in.
	home := jmeterAt(t, "5.4")
	if err := os.Symlink(filepath.Join(home, "bin", "jmeter"), filepath.Join(os.Getenv("PATH"), "jmeter")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("JMETER_HOME", "")
	t.Setenv("ONRUSH_JMETER", "")
	if got, err := tools.Find(t.Context(), "jmeter"); err != nil || got.Path != home || got.Version != "5.4" {
		t.Errorf("got %+v, %v, want the one on PATH", got, err)
	}
	home = jmeterAt(t, "5.5")
	t.Setenv("JMETER_HOME", home)
	if got, err := tools.Find(t.Context(), "jmeter"); err != nil || got.Path != home || got.Version != "5.5" {
		t.Errorf("got %+v, %v, want that of JMETER_HOME", got, err)
	}
	home = jmeterAt(t, "5.6.3")
	t.Setenv("ONRUSH_JMETER", home)
	if got, err := tools.Find(t.Context(), "jmeter"); err != nil || got.Path != home || got.Version != "5.6.3" {
		t.Errorf("got %+v, %v, want that of ONRUSH_JMETER", got, err)
	}
	t.Setenv("ONRUSH_JMETER", t.TempDir())
	if _, err := tools.Find(t.Context(), "jmeter"); err == nil || !strings.Contains(err.Error(), "ApacheJMeter_core.jar") {
		t.Errorf("got %v for an empty folder", err)
	}
}

func TestVersionsOfJava(t *testing.T) {
	for says, want := range map[string]string{
		`openjdk version "17.0.15" 2025-04-15`: "17.0.15",
		`java version "1.8.0_392"`:             "8.0_392",
		`openjdk version "21" 2023-09-19`:      "21",
		`java version "1.7.0_80"`:              "",
		`no such thing`:                        "",
	} {
		path := filepath.Join(t.TempDir(), "java")
		if err := os.WriteFile(path, []byte("#!/bin/sh\necho '"+says+"' >&2\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Setenv("ONRUSH_JAVA", path)
		got, err := tools.Find(t.Context(), "java")
		if got.Version != want && want != "" || (err == nil) != (want != "") {
			t.Errorf("%s: got %q, %v, want %q", says, got.Version, err, want)
		}
	}
}
