package script

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// The bounds of a bundle. They are far above any that somebody means.
const (
	maxFiles    = 20_000
	maxUnpacked = 8 << 30
	maxDepth    = 40
)

// Unpack unpacks a zip into dir, which is empty, without its one root folder if
// it has one. It refuses whatever is no plain file below dir, and stops at more
// than the bounds whatever the zip says of itself. It returns the entry that the
// zip names; see Pack.
func Unpack(file, dir string) (entry string, err error) {
	z, err := zip.OpenReader(file)
	if err != nil {
		return "", load.Errorf(load.Invalid, "the zip cannot be read: %w", err)
	}
	defer z.Close()
	if len(z.File) > maxFiles {
		return "", load.Errorf(load.TooLarge, "the zip holds %d files, at most %d are allowed", len(z.File), maxFiles)
	}
	entry, _ = strings.CutPrefix(z.Comment, entryComment)
	seen := map[string]bool{}
	var wanted []*zip.File
	for _, f := range z.File {
		if junk(f.Name) || f.FileInfo().IsDir() {
			continue
		}
		if err := checkMember(f); err != nil {
			return "", err
		}
		if seen[path.Clean(f.Name)] {
			return "", load.Errorf(load.Invalid, "the zip holds %q twice", f.Name)
		}
		seen[path.Clean(f.Name)] = true
		wanted = append(wanted, f)
	}
	root := ""
	if entry == "" { // a bundle of ours says where its root is
		root = oneRoot(wanted)
	}
	left := int64(maxUnpacked)
	for _, f := range wanted {
		n, err := extract(f, filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(path.Clean(f.Name), root))), left)
		if err != nil {
			return "", err
		}
		left -= n
	}
	return entry, nil
}

// junk is what file managers put beside the files that somebody chose.
func junk(name string) bool {
	return strings.HasPrefix(name, "__MACOSX/") || path.Base(name) == ".DS_Store"
}

func checkMember(f *zip.File) error {
	name := f.Name
	clean := path.Clean(name)
	switch {
	case strings.ContainsAny(name, "\\\x00"), path.IsAbs(name), clean == "..", strings.HasPrefix(clean, "../"), len(name) > 1 && name[1] == ':':
		return load.Errorf(load.Invalid, "the zip holds %q, which would lie outside its folder: make the zip anew from within the folder", name)
	case len(name) > 1000 || strings.Count(clean, "/") > maxDepth:
		return load.Errorf(load.Invalid, "the zip holds a file whose path is too long or too deep: %.80s…", name)
	case !f.Mode().IsRegular():
		return load.Errorf(load.Invalid, "the zip holds %q, which is no plain file (%s): put the file itself in, not a link", name, f.Mode().Type())
	case f.Flags&1 != 0:
		return load.Errorf(load.Invalid, "the zip is encrypted (%q): make it without a password", name)
	}
	return nil
}

// oneRoot is the folder, with its '/', that holds everything; "" without one.
func oneRoot(members []*zip.File) string {
	root := ""
	for i, f := range members {
		first, _, inside := strings.Cut(path.Clean(f.Name), "/")
		if !inside || i > 0 && first+"/" != root {
			return ""
		}
		root = first + "/"
	}
	return root
}

// extract writes one file, at most left bytes of it.
func extract(f *zip.File, to string, left int64) (n int64, err error) {
	in, err := f.Open()
	if err != nil {
		return 0, load.Errorf(load.Invalid, "the zip's file %q cannot be read: %w", f.Name, err)
	}
	defer in.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return 0, fmt.Errorf("unpack %s: %w", f.Name, err)
	}
	mode := os.FileMode(0o600)
	if f.Mode()&0o100 != 0 {
		mode = 0o700
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return 0, load.Errorf(load.Invalid, "unpack %s: %w", f.Name, err)
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	n, err = io.Copy(out, io.LimitReader(in, left+1))
	switch {
	case n > left:
		return n, load.Errorf(load.TooLarge, "the zip unpacks to more than %d GiB (at %q)", maxUnpacked>>30, f.Name)
	case err != nil:
		return n, load.Errorf(load.Invalid, "the zip's file %q cannot be read: %w", f.Name, err)
	}
	return n, nil
}
