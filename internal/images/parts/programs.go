package parts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"onrush.dev/onrush/internal/images/sbom"
	"onrush.dev/onrush/internal/tools"
	"onrush.dev/onrush/internal/tools/install"
)

// program builds one of our two programs.
func (b *Builder) program(ctx context.Context, name, arch string) (recipe, error) {
	built := filepath.Join(b.Cache, "programs", arch, name)
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w -X main.version="+b.Version, "-o", built, "./cmd/"+name)
	cmd.Dir = b.Repo
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	if out, err := cmd.CombinedOutput(); err != nil {
		return recipe{}, fmt.Errorf("build %s: %w\n%s", name, err, out)
	}
	sum, err := hash(built)
	if err != nil {
		return recipe{}, err
	}
	return recipe{[]string{sum}, func(dir string) ([]sbom.Component, error) {
		bin := filepath.Join(dir, "usr", "bin")
		license := filepath.Join("usr", "share", "doc", name, "copyright")
		if err := errors.Join(os.MkdirAll(bin, 0o755), os.MkdirAll(filepath.Join(dir, filepath.Dir(license)), 0o755)); err != nil {
			return nil, err
		}
		err := errors.Join(copyFile(built, filepath.Join(bin, name)), copyFile(filepath.Join(b.Repo, "LICENSE"), filepath.Join(dir, license)))
		if err != nil {
			return nil, err
		}
		return sbom.Go(built, b.Version, "Apache-2.0")
	}}, nil
}

// tool takes over k6 or JMeter as `onrush engines install` has them: from this
// machine's own folder of tools when it is the same, else made for the target.
func (b *Builder) tool(ctx context.Context, name, arch string) (recipe, error) {
	installer, err := install.ByName(name)
	if err != nil {
		return recipe{}, err
	}
	options := install.Options{Log: writer(b.Say)}
	folder := tools.Dir()
	if name == "k6" && (arch != runtime.GOARCH || runtime.GOOS != "linux") {
		options.Target = &install.Target{Arch: arch}
		folder = filepath.Join(b.Cache, "tools", arch)
	}
	m, err := install.Run(ctx, installer, folder, options)
	if err != nil {
		return recipe{}, err
	}
	from := filepath.Join(folder, name+"-"+installer.Version())
	sum, err := hash(filepath.Join(from, tools.ManifestFile))
	if err != nil {
		return recipe{}, err
	}
	return recipe{[]string{sum}, func(dir string) ([]sbom.Component, error) {
		to := filepath.Join(dir, filepath.FromSlash(toolsFolder), name+"-"+installer.Version())
		for file := range m.Files {
			if err := copyFile(filepath.Join(from, file), filepath.Join(to, file)); err != nil {
				return nil, err
			}
		}
		if err := copyFile(filepath.Join(from, tools.ManifestFile), filepath.Join(to, tools.ManifestFile)); err != nil {
			return nil, err
		}
		if name == "jmeter" {
			return sbom.Jars(install.JMeterJars()), nil
		}
		return sbom.Go(filepath.Join(from, m.Path), m.Version, "AGPL-3.0-only")
	}}, nil
}

func hash(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), err
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, info.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// writer turns lines into calls.
type writer func(format string, args ...any)

// Write implements io.Writer.
func (w writer) Write(p []byte) (int, error) {
	w("%s", strings.TrimSpace(string(p)))
	return len(p), nil
}
