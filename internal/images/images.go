// Package images builds Onrush's container images, without a Docker and without
// root: parts (package parts) of packages (package debian), put together as the
// Dockerfiles in deploy/images say (package pack), with bills of materials (package
// sbom). It pushes nothing. Read Options, then Build.
package images

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"onrush.dev/onrush/internal/images/debian"
	"onrush.dev/onrush/internal/images/pack"
	"onrush.dev/onrush/internal/images/parts"
	"onrush.dev/onrush/internal/images/sbom"
)

// Options say what to build and where.
type Options struct {
	Repo     string // this repository's folder
	Out      string // where images go
	Cache    string // what is kept between builds
	Version  string // the images' tag, and what the programs say
	Revision string // the commit
	Prefix   string // of images' names: onrush-, or registry.example.com/onrush-
	Mirror   string // of Debian
	Arches   []string
	Names    []string // of images; none: all
	Locked   bool     // only the packages that the lock names, or fail
	Parts    bool     // also lay out the parts for `docker build`
	Epoch    time.Time
	Say      func(format string, args ...any)
}

// Built is one image that was built.
type Built struct {
	Name      string    `json:"name"` // agent-k6
	Arch      string    `json:"arch"`
	Reference string    `json:"reference"` // onrush-agent-k6:1.2.3
	File      string    `json:"file"`      // beside this one
	SBOM      string    `json:"sbom"`
	Size      pack.Size `json:"size"`
	Key       string    `json:"key"` // what it was made of, as a hash
}

// lockFile names the packages, below the repository.
const lockFile = "deploy/images/debian.lock"

// lockHead stands at its beginning.
const lockHead = "# The Debian packages in our images: arch name version source path sha256.\n# Written by `make images-lock`; do not edit.\n"

// Known lists the images that there are: one Dockerfile each.
func Known(repo string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(repo, "deploy", "images", "*.Dockerfile"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("found no Dockerfile in %s/deploy/images: run this in the repository's folder (%w)", repo, err)
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(f), ".Dockerfile"))
	}
	return names, nil
}

// builder is one call of Build.
type builder struct {
	Options
	parts parts.Builder
	made  map[string]parts.Part
}

// Build builds images.
func Build(ctx context.Context, o Options) ([]Built, error) {
	known, err := Known(o.Repo)
	if err != nil {
		return nil, err
	}
	if len(o.Names) == 0 {
		o.Names = known
	}
	for _, name := range o.Names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("there is no image %q, only %s", name, strings.Join(known, ", "))
		}
	}
	for _, arch := range o.Arches {
		if arch != "amd64" && arch != "arm64" {
			return nil, fmt.Errorf("arch: found %q, allowed are amd64 and arm64", arch)
		}
	}
	for _, dir := range []string{o.Out, filepath.Join(o.Cache, "layers")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	resolver, save, err := o.resolver()
	if err != nil {
		return nil, err
	}
	b := builder{o, parts.Builder{Repo: o.Repo, Cache: o.Cache, Version: o.Version, Debian: resolver, Epoch: o.Epoch, Say: o.Say}, map[string]parts.Part{}}
	var all []Built
	for _, arch := range o.Arches {
		for _, name := range o.Names {
			built, err := b.one(ctx, name, arch)
			if err != nil {
				return all, fmt.Errorf("image %s for %s: %w", name, arch, err)
			}
			all = append(all, built)
		}
	}
	return all, save()
}

// resolver reads the lock, as this machine last had to change it.
func (o Options) resolver() (*debian.Resolver, func() error, error) {
	text, err := os.ReadFile(filepath.Join(o.Repo, filepath.FromSlash(lockFile)))
	if err != nil {
		return nil, nil, err
	}
	lock, err := debian.ParseLock(string(text))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", lockFile, err)
	}
	archive := &debian.Archive{Mirror: o.Mirror, Cache: filepath.Join(o.Cache, "debian"), Say: o.Say}
	resolver := &debian.Resolver{Archive: archive, Lock: lock, Strict: o.Locked}
	drifted := filepath.Join(o.Cache, "debian-"+shortHash(text)+".lock")
	if !o.Locked {
		if newer, err := os.ReadFile(drifted); err == nil {
			if resolver.Lock, err = debian.ParseLock(string(newer)); err != nil {
				return nil, nil, fmt.Errorf("%s: %w", drifted, err)
			}
		}
	}
	return resolver, func() error {
		if !resolver.Drift {
			return nil
		}
		return resolver.Lock.Save(drifted, lockHead)
	}, nil
}

// one builds one image.
func (b *builder) one(ctx context.Context, name, arch string) (Built, error) {
	text, err := os.ReadFile(filepath.Join(b.Repo, "deploy", "images", name+".Dockerfile"))
	if err != nil {
		return Built{}, err
	}
	recipe, err := pack.Parse(string(text), map[string]string{"VERSION": b.Version, "REVISION": b.Revision})
	if err != nil {
		return Built{}, fmt.Errorf("%s.Dockerfile: %w", name, err)
	}
	image := pack.Image{Reference: b.Prefix + name + ":" + b.Version, Arch: arch, Recipe: recipe, Created: b.Epoch}
	var components []sbom.Component
	for _, c := range recipe.Copies {
		part, layer, err := b.layer(ctx, c, arch)
		if err != nil {
			return Built{}, err
		}
		image.Layers = append(image.Layers, layer)
		if _, err := os.Stat(part.SBOM()); err == nil {
			more, err := sbom.Read(part.SBOM())
			if err != nil {
				return Built{}, err
			}
			components = append(components, more...)
		}
	}
	made, err := json.Marshal(image) // its layers' names say what they were made of
	if err != nil {
		return Built{}, err
	}
	return b.write(name, image, components, shortHash(made))
}

// write writes an image with its bill, unless they are there already.
func (b *builder) write(name string, image pack.Image, components []sbom.Component, key string) (Built, error) {
	base := name + "-" + image.Arch
	built := Built{Name: name, Arch: image.Arch, Reference: image.Reference, File: base + ".tar", SBOM: base + ".cdx.json", Key: key}
	record := filepath.Join(b.Out, base+".json")
	if old, err := ReadBuilt(record); err == nil && old.Key == key {
		if _, err := os.Stat(filepath.Join(b.Out, old.File)); err == nil {
			return old, nil
		}
	}
	err := image.Write(filepath.Join(b.Out, built.File))
	if err != nil {
		return Built{}, err
	}
	if built.Size, err = image.Measure(); err != nil {
		return Built{}, err
	}
	f, err := os.Create(filepath.Join(b.Out, built.SBOM))
	if err != nil {
		return Built{}, err
	}
	if err := errors.Join(sbom.Write(f, b.Prefix+name, b.Version, b.Epoch, components), f.Close()); err != nil {
		return Built{}, err
	}
	data, err := json.MarshalIndent(built, "", "  ")
	if err != nil {
		return Built{}, err
	}
	return built, os.WriteFile(record, append(data, '\n'), 0o644)
}

// ReadBuilt reads what Build wrote of an image, as agent-k6-amd64.json.
func ReadBuilt(file string) (Built, error) {
	var built Built
	data, err := os.ReadFile(file)
	if err != nil {
		return built, err
	}
	return built, json.Unmarshal(data, &built)
}

// layer makes a part and packs it, both only if that was not done before.
func (b *builder) layer(ctx context.Context, c pack.Copy, arch string) (parts.Part, string, error) {
	part, known := b.made[c.Part+" "+arch]
	if !known {
		var err error
		if part, err = b.parts.Make(ctx, c.Part, arch); err != nil {
			return part, "", err
		}
		b.made[c.Part+" "+arch] = part
		if b.Parts {
			if err := layOut(part, filepath.Join(b.Out, "parts", arch)); err != nil {
				return part, "", err
			}
		}
	}
	file := filepath.Join(b.Cache, "layers", pack.LayerName(c, arch, part.Key))
	if _, err := os.Stat(file); err == nil {
		return part, file, nil
	}
	return part, file, pack.WriteLayer(file, part.Dir, c, b.Epoch)
}
