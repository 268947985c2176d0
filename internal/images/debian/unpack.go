package debian

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"pault.ag/go/debian/deb"
)

// Unpack writes a package's files below a folder, as far as keep wants them. Links
// with absolute targets become relative ones: they mean the same inside an image,
// and the files can be used outside of it as well. Owners are not kept.
func Unpack(file, into string, keep func(name string) bool) error {
	d, closeFile, err := deb.LoadFile(file)
	if err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	defer closeFile() //nolint:errcheck // it was only read
	for {
		h, err := d.Data.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", file, err)
		}
		name := strings.TrimPrefix(path.Clean("/"+h.Name), "/")
		if name == "" || h.Typeflag != tar.TypeDir && !keep(name) {
			continue
		}
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return fmt.Errorf("%s holds %q, which leads out of it", file, h.Name)
		}
		if err := write(d.Data, h, into, name); err != nil {
			return fmt.Errorf("unpack %s of %s: %w", name, filepath.Base(file), err)
		}
	}
}

func write(r io.Reader, h *tar.Header, into, name string) error {
	to := filepath.Join(into, filepath.FromSlash(name))
	if h.Typeflag == tar.TypeDir {
		return nil // made when something lies in it
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if err := os.Remove(to); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	switch h.Typeflag {
	case tar.TypeReg:
		mode := os.FileMode(0o644)
		if h.Mode&0o111 != 0 {
			mode = 0o755
		}
		f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, r)
		return errors.Join(err, f.Close())
	case tar.TypeSymlink:
		return os.Symlink(relative(name, h.Linkname), to)
	case tar.TypeLink:
		return os.Link(filepath.Join(into, filepath.FromSlash(strings.TrimPrefix(path.Clean("/"+h.Linkname), "/"))), to)
	}
	return fmt.Errorf("it is of a kind (%q) that no image needs", h.Typeflag)
}

// relative turns an absolute target of the link at name into a relative one.
func relative(name, target string) string {
	if !path.IsAbs(target) {
		return target
	}
	up := strings.Repeat("../", strings.Count(name, "/"))
	return up + strings.TrimPrefix(path.Clean(target), "/")
}
