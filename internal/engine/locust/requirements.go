package locust

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"onrush.dev/onrush/internal/engine/tool"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/tools"
)

// requirementsFile is the list of Python packages that a script comes with,
// beside the entry or at the top of its bundle.
const requirementsFile = "requirements.txt"

// installWithin bounds the installation of a script's packages.
const installWithin = 10 * time.Minute

// environment returns the Python that runs a script: Locust's own, or, for a
// script with requirements, one of an environment of theirs on top of Locust's.
// Such environments are kept by what is in them; Locust's own is never changed.
func environment(ctx context.Context, locust tools.Tool, dir, entry string, say func(string)) (string, error) {
	list := ""
	for _, at := range []string{filepath.Dir(filepath.FromSlash(entry)), "."} {
		if file := filepath.Join(dir, at, requirementsFile); isFile(file) {
			list = file
			break
		}
	}
	if list == "" {
		return locust.Path, nil
	}
	wanted, fixed, err := requirements(list)
	if err != nil {
		return "", err
	}
	if wanted == "" {
		return locust.Path, nil
	}
	home := keptHome()
	if !fixed { // it names files of the bundle
		home = filepath.Join(dir, "..", ".onrush-packages")
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{locust.Path, locust.String(), strings.Join(locust.Extras, " "), wanted}, "\n")))
	final := filepath.Join(home, hex.EncodeToString(sum[:10]))
	python := filepath.Join(final, "bin", "python")
	if isFile(filepath.Join(final, doneMark)) {
		return python, nil
	}
	say("installing the script's " + requirementsFile)
	ctx, cancel := context.WithTimeout(ctx, installWithin)
	defer cancel()
	if err := makeEnvironment(ctx, locust.Path, home, final, list); err != nil {
		return "", err
	}
	return python, nil
}

// keptHome is where environments are kept: beside the tools, for all tasks of
// this machine; in an image, where nobody may write there, in the task's own
// folder for temporary files.
func keptHome() string {
	const folder = "locust-requirements"
	home := filepath.Join(tools.Dir(), folder)
	if err := os.MkdirAll(home, 0o700); err == nil {
		if try, err := os.MkdirTemp(home, ".try-"); err == nil {
			_ = os.Remove(try)
			return home
		}
	}
	return filepath.Join(os.TempDir(), "onrush-"+folder)
}

// doneMark stands in an environment that is whole.
const doneMark = "onrush-done"

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// included finds other lists that a list takes in.
var included = regexp.MustCompile(`^\s*(?:-r|-c|--requirement|--constraint)[ =]\s*(\S+)`)

// requirements is the text of a list and of those that it takes in, without
// what does not matter. fixed is false when it names files beside it.
func requirements(list string) (text string, fixed bool, err error) {
	fixed = true
	var out strings.Builder
	todo, seen := []string{list}, map[string]bool{}
	for len(todo) > 0 {
		file := todo[0]
		todo = todo[1:]
		if seen[file] {
			continue
		}
		seen[file] = true
		data, err := os.ReadFile(file)
		if err != nil {
			return "", false, load.Errorf(load.Invalid, "read the script's %s: %w", requirementsFile, err)
		}
		for line := range strings.Lines(string(data)) {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			if m := included.FindStringSubmatch(line); m != nil {
				todo = append(todo, filepath.Join(filepath.Dir(file), filepath.FromSlash(m[1])))
				continue
			}
			if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "/") || strings.HasPrefix(line, "-e") || strings.Contains(line, "file:") {
				fixed = false
			}
			out.WriteString(line + "\n")
		}
	}
	return out.String(), fixed, nil
}

// layUnder makes a Python see another environment's packages after its own.
const layUnder = `import site, sys, sysconfig
own = sysconfig.get_path("purelib")
under = [p for p in sys.argv[1].split("\n") if p]
open(own + "/onrush-under.pth", "w").write("\n".join(under) + "\n")
`

// makeEnvironment builds an environment aside and moves it to its place, so that
// tasks which begin at the same time do not meet a half of one.
func makeEnvironment(ctx context.Context, python, home, final, list string) error {
	if err := os.MkdirAll(home, 0o700); err != nil {
		return fmt.Errorf("make the environment of the script's packages: %w", err)
	}
	temp, err := os.MkdirTemp(home, ".new-")
	if err != nil {
		return fmt.Errorf("make the environment of the script's packages: %w", err)
	}
	defer os.RemoveAll(temp)
	under, err := run(ctx, filepath.Dir(list), python, "-c", "import sysconfig; print(sysconfig.get_path('purelib')); print(sysconfig.get_path('platlib'))")
	if err != nil {
		return err
	}
	inner := filepath.Join(temp, "bin", "python")
	pip := []string{"-m", "pip", "--python", inner, "install", "--disable-pip-version-check", "--no-input", "--quiet", "-r", list}
	if mirror := os.Getenv("ONRUSH_PYPI_URL"); mirror != "" {
		pip = append(pip, "--index-url", mirror)
	}
	for _, args := range [][]string{
		{python, "-m", "venv", "--without-pip", temp},
		{inner, "-c", layUnder, under},
		append([]string{python}, pip...),
	} {
		if _, err := run(ctx, filepath.Dir(list), args[0], args[1:]...); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(temp, doneMark), nil, 0o600); err != nil {
		return err
	}
	if err := os.Rename(temp, final); err != nil && !isFile(filepath.Join(final, doneMark)) {
		return fmt.Errorf("keep the environment of the script's packages: %w", err)
	}
	return nil
}

// run runs a step of an installation. What pip is set up with on this machine
// (mirrors, certificates, proxies) counts.
func run(ctx context.Context, dir, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = dir, tool.Base()
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if strings.HasPrefix(name, "PIP_") || strings.HasSuffix(strings.ToLower(name), "_proxy") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	switch {
	case ctx.Err() != nil:
		return "", load.Errorf(load.Invalid, "the packages of the script's %s were not installed within %s", requirementsFile, installWithin)
	case err != nil:
		lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
		return "", load.Errorf(load.Invalid, "the packages of the script's %s cannot be installed (%w):\n%s", requirementsFile, err, tool.Last(lines, 8))
	}
	return string(out), nil
}
