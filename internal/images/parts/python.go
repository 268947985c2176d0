package parts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"onrush.dev/onrush/internal/images/debian"
	"onrush.dev/onrush/internal/images/sbom"
	"onrush.dev/onrush/internal/tools/install"
)

// pythonMinor is the release's Python, and pythonProgram where it lies.
const (
	pythonMinor   = "3.11"
	pythonProgram = "/usr/bin/python" + pythonMinor
)

func pythonPackages() []string {
	return []string{
		"libbz2-1.0", "libcrypt1", "libexpat1", "libffi8", "liblzma5", "libncursesw6", "libpython3.11-minimal", "libpython3.11-stdlib",
		"libreadline8", "libsqlite3-0", "libssl3", "libtinfo6", "libuuid1", "media-types", "python3.11", "python3.11-minimal",
	}
}

// pythonDrop leaves out what would need more libraries and is of no use here, and
// the mark that forbids pip in the system's folders: scripts' requirements go
// into folders of their own.
func pythonDrop(name string) bool {
	for _, part := range []string{
		"/lib-dynload/nis.", "/lib-dynload/_dbm.", "/lib-dynload/_gdbm.", "/pydoc_data/", "/lib2to3/", "EXTERNALLY-MANAGED",
		"/engines-3/", "/ossl-modules/legacy", "usr/bin/pydoc", "usr/bin/pygettext", "usr/bin/2to3",
	} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

func (b *Builder) python(ctx context.Context, arch string) (recipe, error) {
	r, err := b.packages(ctx, arch, pythonPackages(), pythonDrop)
	if err != nil {
		return recipe{}, err
	}
	unpacked := r.fill
	r.fill = func(dir string) ([]sbom.Component, error) {
		components, err := unpacked(dir)
		if err != nil {
			return nil, err
		}
		if err := os.Symlink("python"+pythonMinor, filepath.Join(dir, "usr", "bin", "python3")); err != nil {
			return nil, err
		}
		host := dir
		if arch != runtime.GOARCH {
			part, err := b.Make(ctx, "python", runtime.GOARCH)
			if err != nil {
				return nil, err
			}
			host = part.Dir
		}
		run, err := b.runPython(ctx, host, "")
		if err != nil {
			return nil, err
		}
		// Compiled now, since nobody can write there later. What cannot be
		// compiled is a sample of bad code.
		_ = run(ctx, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-s", dir, "-p", "/",
			filepath.Join(dir, "usr", "lib", "python"+pythonMinor)).Run()
		return components, nil
	}
	return r, nil
}

// runPython makes commands of the release's own Python, out of its folder, by its
// own loader: this machine needs none.
func (b *Builder) runPython(ctx context.Context, dir, wheel string) (func(context.Context, ...string) *exec.Cmd, error) {
	libc, err := b.Make(ctx, "libc", runtime.GOARCH)
	if err != nil {
		return nil, err
	}
	triple, loader := "x86_64-linux-gnu", "ld-linux-x86-64.so.2"
	if runtime.GOARCH == "arm64" {
		triple, loader = "aarch64-linux-gnu", "ld-linux-aarch64.so.1"
	}
	var paths []string
	for _, root := range []string{libc.Dir, dir} {
		paths = append(paths, filepath.Join(root, "lib", triple), filepath.Join(root, "usr", "lib", triple))
	}
	return func(ctx context.Context, args ...string) *exec.Cmd {
		args = append([]string{"--library-path", strings.Join(paths, ":"), filepath.Join(dir, filepath.FromSlash(pythonProgram)), "-B"}, args...)
		cmd := exec.CommandContext(ctx, filepath.Join(libc.Dir, "lib", triple, loader), args...)
		cmd.Env = slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "PYTHON") })
		cmd.Env = append(cmd.Env, "PYTHONHOME="+filepath.Join(dir, "usr"), "PYTHONPATH="+wheel, "PYTHONHASHSEED=0", "PYTHONNOUSERSITE=1")
		return cmd
	}, nil
}

// locust is Locust and all that it needs, for the part python.
func (b *Builder) locust(ctx context.Context, arch string) (recipe, error) {
	python, err := b.Make(ctx, "python", runtime.GOARCH)
	if err != nil {
		return recipe{}, err
	}
	pip, pipFiles, err := b.Debian.Files(ctx, arch, []string{"python3-pip-whl"})
	if err != nil {
		return recipe{}, err
	}
	installer, err := install.ByName("locust")
	if err != nil {
		return recipe{}, err
	}
	inputs := append(sums(pip), python.Key, installer.Version(), install.LocustRequirements())
	return recipe{inputs, func(dir string) ([]sbom.Component, error) {
		work, err := os.MkdirTemp(b.Cache, ".pip-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(work)
		if err := unpackAll(pipFiles[0], work); err != nil {
			return nil, err
		}
		wheels, err := filepath.Glob(filepath.Join(work, "usr", "share", "python-wheels", "pip-*.whl"))
		if err != nil || len(wheels) != 1 {
			return nil, fmt.Errorf("the package python3-pip-whl holds %d wheels of pip, want one (%w)", len(wheels), err)
		}
		run, err := b.runPython(ctx, python.Dir, wheels[0])
		if err != nil {
			return nil, err
		}
		version, err := run(ctx, "-c", "import sys; print('%d.%d.%d' % sys.version_info[:3])").Output()
		if err != nil {
			return nil, fmt.Errorf("run the release's Python: %w", err)
		}
		target := install.Target{
			Arch: arch, Folder: "/" + toolsFolder, Python: run, PipWheel: wheels[0],
			PythonVersion: strings.TrimSpace(string(version)), PythonPath: pythonProgram,
		}
		folder := filepath.Join(dir, filepath.FromSlash(toolsFolder))
		if _, err := install.Run(ctx, installer, folder, install.Options{Target: &target, Log: writer(b.Say)}); err != nil {
			return nil, err
		}
		return sbom.Python(filepath.Join(folder, "locust-"+installer.Version(), "lib", "python"+pythonMinor, "site-packages"))
	}}, nil
}

func unpackAll(file, dir string) error {
	return errors.Join(os.MkdirAll(dir, 0o755), debian.Unpack(file, dir, func(name string) bool { return !needless(name) }))
}
