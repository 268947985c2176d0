package install

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/tools"
)

// Target is a Linux machine other than this one that a tool is made for: a
// container image, perhaps of another architecture.
type Target struct {
	Arch string // as Go names it: amd64, arm64
	// Folder is where the tools lie over there.
	Folder string
	// Python runs, on this machine, a Python of the target's version that has
	// pip; PythonVersion is its full version, PythonPath where the target has
	// its own, PipWheel the pip that scripts' requirements are installed with.
	Python        func(ctx context.Context, args ...string) *exec.Cmd
	PythonVersion string
	PythonPath    string
	PipWheel      string
}

// platforms are the tags of wheels that run on the target's C library, best first.
func (t *Target) platforms() []string {
	machine := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[t.Arch]
	var args []string
	for _, tag := range []string{
		"manylinux_2_36", "manylinux_2_35", "manylinux_2_34", "manylinux_2_31", "manylinux_2_28", "manylinux_2_27", "manylinux_2_26",
		"manylinux_2_24", "manylinux_2_17", "manylinux2014", "manylinux_2_12", "manylinux2010", "manylinux_2_5", "manylinux1", "linux",
	} {
		args = append(args, "--platform", tag+"_"+machine)
	}
	return args
}

// LocustRequirements lists what Locust is made of, with sums.
func LocustRequirements() string { return string(locustRequirements) }

// installFor lays out what `python -m venv` and pip would have made over there.
func (l locust) installFor(ctx context.Context, dir string, o Options) (tools.Manifest, error) {
	t, minor := o.Target, minorOf(o.Target.PythonVersion)
	packages := filepath.Join(dir, "lib", "python"+minor, "site-packages")
	for _, folder := range []string{packages, filepath.Join(dir, "bin")} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return tools.Manifest{}, err
		}
	}
	list := filepath.Join(dir, "requirements.txt")
	if err := os.WriteFile(list, locustRequirements, 0o644); err != nil {
		return tools.Manifest{}, err
	}
	config := fmt.Sprintf("home = %s\ninclude-system-site-packages = false\nversion = %s\n", filepath.Dir(t.PythonPath), t.PythonVersion)
	if err := os.WriteFile(filepath.Join(dir, "pyvenv.cfg"), []byte(config), 0o644); err != nil {
		return tools.Manifest{}, err
	}
	o.say("downloading Locust %s and what it needs, for %s", locustRelease, t.Arch)
	pip := []string{"-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-compile", "--target", packages}
	all := append(append([]string{}, pip...), "--only-binary", ":all:", "--implementation", "cp", "--python-version", minor, "--require-hashes", "-r", list)
	all = append(all, t.platforms()...)
	if o.PyPIURL != "" {
		all = append(all, "--index-url", o.PyPIURL)
	}
	for _, args := range [][]string{all, append(pip, "--no-index", "--no-deps", "--upgrade", t.PipWheel)} {
		if out, err := t.Python(ctx, args...).CombinedOutput(); err != nil {
			return tools.Manifest{}, load.Errorf(load.Unavailable, "install Locust with pip: %w:\n%s", err, tailOf(string(out), 8))
		}
	}
	// The commands name this machine's folders; nothing starts them.
	if err := os.RemoveAll(filepath.Join(packages, "bin")); err != nil {
		return tools.Manifest{}, err
	}
	// What cannot be compiled is for another Python, and is not imported.
	_ = t.Python(ctx, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash",
		"-s", dir, "-p", t.Folder+"/locust-"+locustRelease, filepath.Join(dir, "lib")).Run()
	if err := os.Symlink(t.PythonPath, filepath.Join(dir, "bin", "python")); err != nil {
		return tools.Manifest{}, err
	}
	return tools.Manifest{
		Name: "locust", Version: locustRelease, Path: "bin/python", Extras: []string{"Python " + t.PythonVersion},
		Source: "the Python Package Index, by the sums of requirements.txt, licence MIT",
	}, nil
}
