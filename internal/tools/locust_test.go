package tools_test

import (
	"os"
	"path/filepath"
	"testing"

	"onrush.dev/onrush/internal/tools"
)

func TestPythonOf(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	starts := put("starts", "#!/bin/sh\nexec python3 \"$@\"\n")
	for path, want := range map[string]string{
		put("bin/locust", "#!/opt/env/bin/python3.12\nimport locust\n"): "/opt/env/bin/python3.12",
		put("bin/python3", ""):                     filepath.Join(dir, "bin/python3"),
		filepath.Dir(put("env/bin/python", "")):    filepath.Join(dir, "env/bin"), // no environment's folder
		filepath.Join(dir, "env"):                  filepath.Join(dir, "env/bin/python"),
		starts:                                     starts, // it starts a Python
		put("empty", ""):                           filepath.Join(dir, "empty"),
		filepath.Join(dir, "nowhere"):              filepath.Join(dir, "nowhere"),
		put("long", "#!/usr/bin/python3 -sE\nx\n"): "/usr/bin/python3",
	} {
		if got := tools.PythonOf(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}
