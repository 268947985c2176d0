// Package sbom writes software bills of materials in CycloneDX, from what is
// known of the parts of an image: Debian packages, Go programs, jars, Python
// packages. It reads files and asks nobody. Read Write first.
package sbom

import (
	"bufio"
	"cmp"
	"debug/buildinfo"
	"fmt"
	"io"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
)

// Component is one thing that an image holds.
type Component = cyclonedx.Component

// Write writes the bill of a named thing: sorted, each component once, with the
// given time, so that the same parts make the same file.
func Write(w io.Writer, name, version string, when time.Time, components []Component) error {
	slices.SortFunc(components, func(a, b Component) int { return cmp.Compare(a.BOMRef, b.BOMRef) })
	components = slices.CompactFunc(slices.Clone(components), func(a, b Component) bool { return a.BOMRef == b.BOMRef })
	bom := cyclonedx.NewBOM()
	bom.Metadata = &cyclonedx.Metadata{
		Timestamp: when.UTC().Format(time.RFC3339),
		Component: &Component{Type: cyclonedx.ComponentTypeContainer, Name: name, Version: version, BOMRef: name},
	}
	bom.Components = &components
	return cyclonedx.NewBOMEncoder(w, cyclonedx.BOMFileFormatJSON).SetPretty(true).Encode(bom)
}

// Read reads the components of a bill.
func Read(file string) ([]Component, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	bom := cyclonedx.NewBOM()
	if err := cyclonedx.NewBOMDecoder(f, cyclonedx.BOMFileFormatJSON).Decode(bom); err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	if bom.Components == nil {
		return nil, nil
	}
	return *bom.Components, nil
}

func component(kind cyclonedx.ComponentType, name, version, purl, sha256, license string) Component {
	c := Component{Type: kind, Name: name, Version: version, PackageURL: purl, BOMRef: purl}
	if sha256 != "" {
		c.Hashes = &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: sha256}}
	}
	if license != "" {
		c.Licenses = &cyclonedx.Licenses{{Expression: license}}
	}
	return c
}

// Debian is a package of the distribution.
func Debian(name, version, source, arch, release, sha256 string) Component {
	purl := fmt.Sprintf("pkg:deb/debian/%s@%s?arch=%s&distro=%s", name, escape(version), arch, release)
	c := component(cyclonedx.ComponentTypeLibrary, name, version, purl, sha256, "")
	c.Properties = &[]cyclonedx.Property{{Name: "debian:source", Value: source}}
	return c
}

// Go lists a Go program and the modules that were linked into it.
func Go(program, version, license string) ([]Component, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, fmt.Errorf("read the modules of %s: %w", program, err)
	}
	name := filepath.Base(program)
	list := []Component{
		component(cyclonedx.ComponentTypeApplication, name, version, "pkg:generic/"+name+"@"+escape(version), "", license),
		module("std", strings.TrimPrefix(info.GoVersion, "go")),
	}
	for _, d := range info.Deps {
		if d.Replace != nil {
			d = d.Replace
		}
		list = append(list, module(d.Path, d.Version))
	}
	return list, nil
}

func module(path, version string) Component {
	return component(cyclonedx.ComponentTypeLibrary, path, version, "pkg:golang/"+path+"@"+escape(version), "", "")
}

// Jars lists jars by the lines "sha256  group/as/folders/artifact/version/file".
func Jars(lines string) []Component {
	var list []Component
	for line := range strings.Lines(lines) {
		sum, file, ok := strings.Cut(strings.TrimSpace(line), "  ")
		words := strings.Split(file, "/")
		if !ok || len(words) < 4 {
			continue
		}
		n := len(words)
		group, artifact, version := strings.Join(words[:n-3], "."), words[n-3], words[n-2]
		purl := fmt.Sprintf("pkg:maven/%s/%s@%s", group, artifact, escape(version))
		c := component(cyclonedx.ComponentTypeLibrary, artifact, version, purl, sum, "")
		c.Group = group
		list = append(list, c)
	}
	return list
}

// Python lists the packages of a site-packages folder.
func Python(folder string) ([]Component, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.dist-info", "METADATA"))
	if err != nil {
		return nil, err
	}
	var list []Component
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		head, err := textproto.NewReader(bufio.NewReader(f)).ReadMIMEHeader()
		f.Close()
		if head == nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
		name, version := strings.ToLower(head.Get("Name")), head.Get("Version")
		list = append(list, component(cyclonedx.ComponentTypeLibrary, name, version,
			"pkg:pypi/"+strings.ReplaceAll(name, "_", "-")+"@"+escape(version), "", head.Get("License-Expression")))
	}
	return list, nil
}

// escape is what package URLs ask for in versions.
func escape(version string) string {
	return strings.NewReplacer("+", "%2B", ":", "%3A", "~", "~").Replace(version)
}
