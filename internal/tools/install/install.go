// Package install puts the tools of engines on this machine: pinned versions,
// with checksums, into the folder that package tools looks in. It runs in the
// big program alone, never in a task. Read Installers (the list) and Options
// first; k6.go is the example for a further tool.
package install

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/tools"
)

// Installer installs one tool at the version that it pins.
type Installer interface {
	// Name is the tool's name in package tools.
	Name() string
	// Version is the pinned one.
	Version() string
	// Install puts the tool into the empty folder dir and says what is there;
	// the manifest's Files are filled in by the caller.
	Install(ctx context.Context, dir string, o Options) (tools.Manifest, error)
}

// Settler is an installer whose tool, unpacked from a bundle, must be fitted to
// the machine.
type Settler interface {
	Settle(ctx context.Context, dir string, m tools.Manifest) error
}

// Installers lists all. A further tool adds its line here.
func Installers() []Installer { return []Installer{k6{}, jmeter{}, locust{}} }

// Options say where things come from.
type Options struct {
	// GoProxy, MavenURL and PyPIURL are mirrors of the registries; empty takes
	// what the machine is set up with, or the public one.
	GoProxy  string
	MavenURL string
	PyPIURL  string
	// K6URL is where k6's releases lie, for machines without Go.
	K6URL string
	Log   io.Writer // progress; nil discards
	// Target is another machine to make the tool for; nil: this one.
	Target *Target
}

func (o Options) say(format string, args ...any) {
	if o.Log != nil {
		fmt.Fprintf(o.Log, format+"\n", args...)
	}
}

// ByName finds an installer.
func ByName(name string) (Installer, error) {
	for _, i := range Installers() {
		if i.Name() == name {
			return i, nil
		}
	}
	return nil, load.Errorf(load.Invalid, "there is no installer for %q", name)
}

// Run installs a tool below dir, unless this version is there already. What it
// makes appears whole or not at all.
func Run(ctx context.Context, i Installer, dir string, o Options) (tools.Manifest, error) {
	final := filepath.Join(dir, i.Name()+"-"+i.Version())
	if m, err := tools.ReadManifest(filepath.Join(final, tools.ManifestFile)); err == nil {
		if err := Check(final, m); err == nil {
			o.say("%s %s is installed already", m.Name, m.Version)
			return m, nil
		}
		o.say("%s %s was changed since it was installed: installing it anew", m.Name, m.Version)
	}
	return place(dir, final, func(temp string) (tools.Manifest, error) {
		o.say("installing %s %s", i.Name(), i.Version())
		return i.Install(ctx, temp, o)
	})
}

// place lets make fill a temporary folder and moves it to its final place.
func place(dir, final string, fill func(temp string) (tools.Manifest, error)) (m tools.Manifest, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return m, fmt.Errorf("make the folder of tools: %w", err)
	}
	temp, err := os.MkdirTemp(dir, ".new-")
	if err != nil {
		return m, fmt.Errorf("make the folder of tools: %w", err)
	}
	defer os.RemoveAll(temp)
	if err := os.Chmod(temp, 0o755); err != nil {
		return m, err
	}
	if m, err = fill(temp); err != nil {
		return m, err
	}
	if m.Files, err = sums(temp); err != nil {
		return m, err
	}
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return m, err
	}
	if err := os.WriteFile(filepath.Join(temp, tools.ManifestFile), append(data, '\n'), 0o644); err != nil {
		return m, err
	}
	if err := os.RemoveAll(final); err != nil {
		return m, fmt.Errorf("replace %s: %w", final, err)
	}
	return m, os.Rename(temp, final)
}

// sums hashes all files below dir but the manifest.
func sums(dir string) (map[string]string, error) {
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || d.Name() == tools.ManifestFile {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		out[filepath.ToSlash(rel)], err = sum(p)
		return err
	})
	return out, err
}

func sum(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Check compares an installed tool's files with its manifest.
func Check(dir string, m tools.Manifest) error {
	if len(m.Files) == 0 {
		return load.Errorf(load.Invalid, "%s has no checksums", dir)
	}
	for name, want := range m.Files {
		got, err := sum(filepath.Join(dir, filepath.FromSlash(name)))
		if errors.Is(err, fs.ErrNotExist) {
			return load.Errorf(load.Invalid, "%s of %s %s is missing", name, m.Name, m.Version)
		}
		if err != nil {
			return err
		}
		if got != want {
			return load.Errorf(load.Invalid, "%s of %s %s is not as it was installed (SHA-256 %s, want %s)", name, m.Name, m.Version, got, want)
		}
	}
	return nil
}
