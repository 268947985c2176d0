package script

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// entryComment begins the comment of a zip that says which file is run.
const entryComment = "onrush entry: "

// Pack writes files, given relative to root with '/', as a zip. The same files
// give the same bytes, so that they are stored once. A zip with an entry keeps
// its root folder when it is unpacked.
func Pack(w io.Writer, root string, names []string, entry string) error {
	z := zip.NewWriter(w)
	if entry != "" {
		if err := z.SetComment(entryComment + entry); err != nil {
			return fmt.Errorf("pack: %w", err)
		}
	}
	names = slices.Clone(names)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if err := packFile(z, root, name); err != nil {
			return fmt.Errorf("pack %s: %w", name, err)
		}
	}
	return z.Close()
}

func packFile(z *zip.Writer, root, name string) error {
	in, err := os.Open(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	header := &zip.FileHeader{Name: name, Method: zip.Deflate}
	header.SetMode(0o600 | info.Mode()&0o100)
	out, err := z.CreateHeader(header)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return err
}

// Folder lists what of a folder belongs into its bundle: all plain files but
// hidden ones and those that tools can make again.
func Folder(dir string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil || rel == "." {
			return err
		}
		skip := strings.HasPrefix(d.Name(), ".") || d.Name() == "__pycache__"
		switch {
		case d.IsDir() && skip:
			return filepath.SkipDir
		case d.IsDir() || skip:
			return nil
		}
		info, err := os.Stat(p) // a link stands for its file
		if err != nil {
			return err
		}
		if info.Mode().IsRegular() {
			names = append(names, filepath.ToSlash(rel))
		}
		if len(names) > maxFiles {
			return load.Errorf(load.TooLarge, "the folder %s holds more than %d files", dir, maxFiles)
		}
		return nil
	})
	if len(names) == 0 && err == nil {
		err = load.Errorf(load.Invalid, "the folder %s holds no files", dir)
	}
	return names, errors.Join(err)
}
