package install_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/tools"
	"onrush.dev/onrush/internal/tools/install"
)

// TestLocustForATarget: what is laid out for another machine names that machine's
// Python and folders, and asks pip for its wheels alone.
func TestLocustForATarget(t *testing.T) {
	t.Parallel()
	dir, asked := t.TempDir(), filepath.Join(t.TempDir(), "asked")
	// Stands in for the target's Python: it notes what it was asked, and makes what
	// pip would leave.
	const python = `echo "$@" >>"$0"
while [ $# -gt 0 ]; do
	[ "$1" = --target ] && mkdir -p "$2/bin" && echo x >"$2/locust.py" && echo x >"$2/bin/locust"
	shift
done`
	target := install.Target{
		Arch: "arm64", Folder: "/opt/onrush/tools", PythonVersion: "3.11.2", PythonPath: "/usr/bin/python3.11", PipWheel: "/wheels/pip.whl",
		Python: func(ctx context.Context, args ...string) *exec.Cmd {
			return exec.CommandContext(ctx, "sh", append([]string{"-c", python, asked}, args...)...)
		},
	}
	locust, err := install.ByName("locust")
	if err != nil {
		t.Fatal(err)
	}
	m, err := install.Run(t.Context(), locust, dir, install.Options{Target: &target})
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(dir, "locust-"+locust.Version())
	if m.Path != "bin/python" || len(m.Extras) != 1 || m.Extras[0] != "Python 3.11.2" {
		t.Errorf("the manifest is %+v", m)
	}
	if link, err := os.Readlink(filepath.Join(home, "bin", "python")); link != "/usr/bin/python3.11" {
		t.Errorf("its Python is %q, %v", link, err)
	}
	if config, err := os.ReadFile(filepath.Join(home, "pyvenv.cfg")); !strings.Contains(string(config), "home = /usr/bin\n") {
		t.Errorf("pyvenv.cfg is %q, %v", config, err)
	}
	if _, err := os.Stat(filepath.Join(home, "lib", "python3.11", "site-packages", "bin")); !os.IsNotExist(err) {
		t.Errorf("commands that name this machine's folders stayed: %v", err)
	}
	if err := install.CheckTool(tools.Tool{Path: filepath.Join(home, "pyvenv.cfg")}); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(asked)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"--platform manylinux2014_aarch64", "--python-version 3.11", "--require-hashes", "/wheels/pip.whl", "-p /opt/onrush/tools/locust-"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("Python was not asked for %q: %s", want, text)
		}
	}
	if strings.Contains(string(text), "x86_64") {
		t.Errorf("it was asked for another machine's wheels: %s", text)
	}
}
