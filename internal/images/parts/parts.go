// Package parts makes the folders that images are put together from: base, libc,
// java, k6, jmeter, python, locust, agent, server. A part is a tree as it will
// stand in the image, kept by what it was made of, so that making it again costs
// nothing. It knows nothing of images: package pack does. Read Builder first.
package parts

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"onrush.dev/onrush/internal/images/debian"
	"onrush.dev/onrush/internal/images/sbom"
)

// layout changes when the way in which parts are made does.
const layout = "2"

// Where things lie in an image.
const (
	toolsFolder = "opt/onrush/tools"
	javaFolder  = "opt/onrush/java"
	sbomFolder  = "usr/share/onrush/sbom"
)

// Part is a finished tree.
type Part struct {
	Name, Arch string
	Dir        string
	Key        string // what it was made of, as a hash
}

// SBOM is the file that lists what the part holds.
func (p Part) SBOM() string {
	return filepath.Join(p.Dir, filepath.FromSlash(sbomFolder), p.Name+".cdx.json")
}

// Builder makes parts.
type Builder struct {
	Repo    string // this repository's folder, for the two programs
	Cache   string
	Version string // of the programs
	Debian  *debian.Resolver
	Epoch   time.Time // the time of all files
	Say     func(format string, args ...any)
}

// recipe is how one part is made.
type recipe struct {
	inputs []string // all that it depends on
	fill   func(dir string) ([]sbom.Component, error)
}

// Names lists all parts.
func Names() []string {
	return []string{"base", "libc", "java", "jmeter", "k6", "python", "locust", "agent", "server", "data"}
}

func (b *Builder) recipe(ctx context.Context, name, arch string) (recipe, error) {
	switch name {
	case "base":
		return b.base(ctx, arch)
	case "libc":
		return b.packages(ctx, arch, libcPackages(), nil)
	case "java":
		return b.java(ctx, arch)
	case "python":
		return b.python(ctx, arch)
	case "k6", "jmeter":
		return b.tool(ctx, name, arch)
	case "locust":
		return b.locust(ctx, arch)
	case "agent":
		return b.program(ctx, "onrush-agent", arch)
	case "server":
		return b.program(ctx, "onrush", arch)
	case "data":
		return recipe{fill: func(dir string) ([]sbom.Component, error) {
			return nil, os.Mkdir(filepath.Join(dir, "data"), 0o755)
		}}, nil
	}
	return recipe{}, fmt.Errorf("there is no part %q, only %s", name, strings.Join(Names(), ", "))
}

// Make returns a part, from the cache when it was made of the same before.
func (b *Builder) Make(ctx context.Context, name, arch string) (Part, error) {
	r, err := b.recipe(ctx, name, arch)
	if err != nil {
		return Part{}, fmt.Errorf("part %s for %s: %w", name, arch, err)
	}
	sum := sha256.Sum256([]byte(strings.Join(append(r.inputs, layout, name, arch, b.Epoch.String()), "\n")))
	key := hex.EncodeToString(sum[:8])
	part := Part{name, arch, filepath.Join(b.Cache, "parts", name+"-"+arch+"-"+key), key}
	if _, err := os.Stat(part.Dir); err == nil {
		return part, nil
	}
	b.Say("making the part %s for %s", name, arch)
	if err := b.fill(part, r); err != nil {
		return Part{}, fmt.Errorf("part %s for %s: %w", name, arch, err)
	}
	return part, nil
}

// fill makes a part aside and moves it to its place.
func (b *Builder) fill(part Part, r recipe) error {
	if err := os.MkdirAll(filepath.Dir(part.Dir), 0o755); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(filepath.Dir(part.Dir), ".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	components, err := r.fill(temp)
	if err != nil {
		return err
	}
	if len(components) > 0 {
		bill := Part{Name: part.Name, Dir: temp}.SBOM()
		if err := os.MkdirAll(filepath.Dir(bill), 0o755); err != nil {
			return err
		}
		f, err := os.Create(bill)
		if err != nil {
			return err
		}
		if err := errors.Join(sbom.Write(f, part.Name, part.Key, b.Epoch, components), f.Close()); err != nil {
			return err
		}
	}
	if err := normalize(temp, b.Epoch); err != nil {
		return err
	}
	if err := os.Rename(temp, part.Dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	// The folder itself, which no image holds, says when it was made.
	if err := os.Chtimes(part.Dir, time.Time{}, time.Now()); err != nil {
		return err
	}
	return b.prune(part)
}

// kept is how many of a part, each made of something else, stay in the cache: the
// two programs change with every line of code.
const kept = 4

// prune drops what is left of a part's older makes, and their layers.
func (b *Builder) prune(part Part) error {
	dirs, err := filepath.Glob(filepath.Join(b.Cache, "parts", part.Name+"-"+part.Arch+"-*"))
	if err != nil || len(dirs) <= kept {
		return err
	}
	made := func(dir string) int64 {
		info, err := os.Stat(dir)
		if err != nil {
			return 0
		}
		return info.ModTime().UnixNano()
	}
	slices.SortFunc(dirs, func(x, y string) int { return cmp.Compare(made(y), made(x)) })
	for _, dir := range dirs[kept:] {
		layers, err := filepath.Glob(filepath.Join(b.Cache, "layers", filepath.Base(dir)+"-*"))
		if err != nil {
			return err
		}
		for _, old := range append(layers, dir) {
			if err := os.RemoveAll(old); err != nil {
				return err
			}
		}
	}
	return nil
}

// normalize gives all files the same time and one of two modes. A folder that
// everybody may write to keeps that.
func normalize(dir string, when time.Time) error {
	return filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink != 0 {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if info.Mode()&0o100 != 0 {
			mode = 0o755
		}
		if info.Mode()&fs.ModeSticky != 0 {
			mode = 0o777 | fs.ModeSticky
		}
		return errors.Join(os.Chmod(p, mode), os.Chtimes(p, when, when))
	})
}
