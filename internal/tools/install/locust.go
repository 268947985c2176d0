package install

import (
	"context"
	_ "embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/tools"
)

// locust is installed from the Python Package Index into an environment of its
// own, with the version and the sums of everything pinned.
type locust struct{}

const locustRelease = "2.47.0"

//go:embed _locust/requirements.txt
var locustRequirements []byte

func (locust) Name() string    { return "locust" }
func (locust) Version() string { return locustRelease }

// pythons are tried in this order. Locust's own bounds are 3.10 and, so far, none.
func pythons() []string {
	if named := os.Getenv("ONRUSH_PYTHON"); named != "" {
		return []string{named}
	}
	return []string{"python3", "python3.13", "python3.12", "python3.11", "python3.10", "python3.14", "python"}
}

const (
	pythonRemedy = "install Python 3.10 or later with its venv module (Debian and Ubuntu: apt-get install python3-venv), or name one in ONRUSH_PYTHON"
	pythonAsks   = "import sys, venv, ensurepip; print('%d.%d.%d' % sys.version_info[:3])"
)

// python finds a Python that can make environments; minor bounds it to "3.11".
func python(ctx context.Context, minor string) (path, version string, err error) {
	last := error(nil)
	for _, name := range pythons() {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		out, err := exec.CommandContext(ctx, path, "-c", pythonAsks).CombinedOutput()
		version := strings.TrimSpace(string(out))
		switch {
		case err != nil:
			last = fmt.Errorf("%s: %s", path, lastLine(version))
		case tools.CompareVersions(version, "3.10") < 0:
			last = fmt.Errorf("%s is Python %s", path, version)
		case minor != "" && minorOf(version) != minor:
			last = fmt.Errorf("%s is Python %s, not %s", path, version, minor)
		default:
			return path, version, nil
		}
	}
	text := "there is no Python on this machine that Locust can run on"
	if last != nil {
		text += fmt.Sprintf(" (%v)", last)
	}
	return "", "", load.Errorf(load.Unavailable, "%s: %s", text, pythonRemedy)
}

func minorOf(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// Install implements Installer.
func (l locust) Install(ctx context.Context, dir string, o Options) (tools.Manifest, error) {
	if o.Target != nil {
		return l.installFor(ctx, dir, o)
	}
	base, version, err := python(ctx, "")
	if err != nil {
		return tools.Manifest{}, err
	}
	o.say("making an environment of Python %s (%s)", version, base)
	if out, err := exec.CommandContext(ctx, base, "-m", "venv", dir).CombinedOutput(); err != nil {
		return tools.Manifest{}, load.Errorf(load.Unavailable, "make an environment with %s: %w: %s\n%s", base, err, lastLine(string(out)), pythonRemedy)
	}
	list := filepath.Join(dir, "requirements.txt")
	if err := os.WriteFile(list, locustRequirements, 0o644); err != nil {
		return tools.Manifest{}, err
	}
	o.say("downloading Locust %s and what it needs", locustRelease)
	inner := filepath.Join(dir, "bin", "python")
	args := []string{"-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-compile", "--only-binary", ":all:", "--require-hashes", "-r", list}
	if o.PyPIURL != "" {
		args = append(args, "--index-url", o.PyPIURL)
	}
	if out, err := exec.CommandContext(ctx, inner, args...).CombinedOutput(); err != nil {
		return tools.Manifest{}, load.Errorf(load.Unavailable, "install Locust with pip: %w:\n%s", err, tailOf(string(out), 8))
	}
	found := tools.Manifest{
		Name: "locust", Version: locustRelease, Path: "bin/python", Extras: []string{"Python " + version},
		Source: "the Python Package Index, by the sums of requirements.txt, licence MIT",
	}
	if minorOf(version) == "3.10" {
		found.Version = "2.46.0" // the last one for it
	}
	return found, l.tidy(ctx, dir, inner)
}

// tidy makes an environment that can be moved and compared: no commands that
// name their place, and compiled files that do not depend on when they were
// written.
func (l locust) tidy(ctx context.Context, dir, inner string) error {
	args := []string{"-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", filepath.Join(dir, "lib")}
	// What cannot be compiled is for another Python, and is not imported.
	_ = exec.CommandContext(ctx, inner, args...).Run()
	commands, err := os.ReadDir(filepath.Join(dir, "bin"))
	if err != nil {
		return err
	}
	for _, c := range commands {
		if c.Type()&fs.ModeSymlink != 0 && strings.HasPrefix(c.Name(), "python") {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, "bin", c.Name())); err != nil {
			return err
		}
	}
	return nil
}

// Settle implements Settler: an environment from a bundle gets this machine's
// Python, which must be of the same minor version.
func (l locust) Settle(ctx context.Context, dir string, m tools.Manifest) error {
	version := ""
	for _, extra := range m.Extras {
		if v, ok := strings.CutPrefix(extra, "Python "); ok {
			version = v
		}
	}
	base, _, err := python(ctx, minorOf(version))
	if err != nil {
		return fmt.Errorf("the bundle's Locust is for Python %s: %w", minorOf(version), err)
	}
	if out, err := exec.CommandContext(ctx, base, "-m", "venv", "--without-pip", dir).CombinedOutput(); err != nil {
		return load.Errorf(load.Unavailable, "make an environment with %s: %w: %s", base, err, lastLine(string(out)))
	}
	return l.tidy(ctx, dir, filepath.Join(dir, "bin", "python"))
}

func tailOf(text string, most int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}
