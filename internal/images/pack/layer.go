package pack

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/klauspost/compress/gzip"
)

// WriteLayer writes a tree as the layer of an image: in order, everything of one
// owner and one time, so that the same tree makes the same layer.
func WriteLayer(file, dir string, c Copy, when time.Time) (err error) {
	temp := file + ".new"
	out, err := os.Create(temp)
	if err != nil {
		return err
	}
	packed := gzip.NewWriter(out)
	t := tar.NewWriter(packed)
	err = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		return add(t, dir, p, d, c, when)
	})
	if err = errors.Join(err, t.Close(), packed.Close(), out.Close()); err != nil {
		_ = os.Remove(temp)
		return fmt.Errorf("write layer %s: %w", filepath.Base(file), err)
	}
	return os.Rename(temp, file)
}

func add(t *tar.Writer, dir, p string, d fs.DirEntry, c Copy, when time.Time) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	target := ""
	if d.Type()&fs.ModeSymlink != 0 {
		if target, err = os.Readlink(p); err != nil {
			return err
		}
	}
	h, err := tar.FileInfoHeader(info, target)
	if err != nil {
		return err
	}
	name, err := filepath.Rel(dir, p)
	if err != nil {
		return err
	}
	h.Name = filepath.ToSlash(name)
	if d.IsDir() {
		h.Name += "/"
	}
	h.Uid, h.Gid, h.Uname, h.Gname = c.UID, c.GID, "", ""
	h.ModTime, h.AccessTime, h.ChangeTime = when, time.Time{}, time.Time{}
	h.Format = tar.FormatPAX
	if err := t.WriteHeader(h); err != nil {
		return fmt.Errorf("%s: %w", h.Name, err)
	}
	if h.Typeflag != tar.TypeReg {
		return nil
	}
	f, err := os.Open(p)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(t, f)
	return err
}

// LayerName names a part's layer in a cache.
func LayerName(c Copy, arch, key string) string {
	return strings.Join([]string{c.Part, arch, key, fmt.Sprint(c.UID)}, "-") + ".tar.gz"
}

// unpackedSize adds up the files of a layer.
func unpackedSize(l v1.Layer) (int64, error) {
	r, err := l.Uncompressed()
	if err != nil {
		return 0, err
	}
	defer r.Close()
	size := int64(0)
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return size, nil
		}
		if err != nil {
			return 0, err
		}
		size += h.Size
	}
}
