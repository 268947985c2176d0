package install

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/tools"
)

// Bundle writes installed tools as one zip: a folder each, with its manifest.
// No names means all.
func Bundle(w io.Writer, dir string, names []string) error {
	manifests, err := filepath.Glob(filepath.Join(dir, "*", tools.ManifestFile))
	if err != nil {
		return err
	}
	z := zip.NewWriter(w)
	packed := 0
	for _, file := range manifests {
		m, err := tools.ReadManifest(file)
		if err != nil {
			return err
		}
		if len(names) > 0 && !slices.Contains(names, m.Name) {
			continue
		}
		folder := filepath.Dir(file)
		if err := Check(folder, m); err != nil {
			return err
		}
		if err := packTool(z, folder, m); err != nil {
			return fmt.Errorf("pack %s: %w", m.Name, err)
		}
		packed++
	}
	if packed == 0 {
		return load.Errorf(load.NotFound, "nothing is installed in %s to be packed: run `onrush engines install` first", dir)
	}
	return z.Close()
}

func packTool(z *zip.Writer, folder string, m tools.Manifest) error {
	names := []string{tools.ManifestFile}
	for name := range m.Files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := packOne(z, filepath.Join(folder, filepath.FromSlash(name)), path.Join(filepath.Base(folder), name)); err != nil {
			return err
		}
	}
	return nil
}

func packOne(z *zip.Writer, file, name string) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	header := &zip.FileHeader{Name: name, Method: zip.Deflate}
	header.SetMode(info.Mode().Perm())
	out, err := z.CreateHeader(header)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return err
}

// Unbundle installs tools from a file that Bundle wrote, and checks every file's
// sum. No names means all.
func Unbundle(file, dir string, names []string) ([]tools.Manifest, error) {
	z, err := zip.OpenReader(file)
	if err != nil {
		return nil, load.Errorf(load.Invalid, "%s is no bundle of tools: %w", file, err)
	}
	defer z.Close()
	folders := map[string][]*zip.File{}
	for _, f := range z.File {
		folder, rest, ok := strings.Cut(f.Name, "/")
		if !ok || !filepath.IsLocal(rest) || !filepath.IsLocal(folder) || !f.Mode().IsRegular() {
			return nil, load.Errorf(load.Invalid, "%s holds %q, which no bundle of tools does", file, f.Name)
		}
		folders[folder] = append(folders[folder], f)
	}
	var done []tools.Manifest
	for folder, members := range folders {
		name, _, _ := strings.Cut(folder, "-")
		if len(names) > 0 && !slices.Contains(names, name) {
			continue
		}
		m, err := place(dir, filepath.Join(dir, folder), func(temp string) (tools.Manifest, error) {
			return unpackTool(temp, folder, members)
		})
		if err != nil {
			return done, err
		}
		done = append(done, m)
	}
	if len(done) == 0 {
		return nil, load.Errorf(load.NotFound, "%s holds none of the tools asked for", file)
	}
	return done, nil
}

func unpackTool(temp, folder string, members []*zip.File) (tools.Manifest, error) {
	for _, f := range members {
		if err := unpackOne(f, filepath.Join(temp, filepath.FromSlash(strings.TrimPrefix(f.Name, folder+"/")))); err != nil {
			return tools.Manifest{}, fmt.Errorf("unpack %s: %w", f.Name, err)
		}
	}
	m, err := tools.ReadManifest(filepath.Join(temp, tools.ManifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return m, load.Errorf(load.Invalid, "the bundle has no manifest in %s", folder)
	}
	if err == nil {
		err = Check(temp, m)
	}
	if i, known := ByName(m.Name); err == nil && known == nil {
		if s, ok := i.(Settler); ok {
			err = s.Settle(context.Background(), temp, m)
		}
	}
	return m, err
}

func unpackOne(f *zip.File, to string) error {
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, f.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(out, io.LimitReader(in, mostDownload))
	return errors.Join(err, out.Close())
}

// CheckTool compares an installed tool with its manifest.
func CheckTool(t tools.Tool) error {
	for dir := filepath.Dir(t.Path); dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if m, err := tools.ReadManifest(filepath.Join(dir, tools.ManifestFile)); err == nil {
			return Check(dir, m)
		}
	}
	return load.Errorf(load.NotFound, "%s has no manifest", t.Path)
}
