package parts

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"onrush.dev/onrush/internal/images/debian"
	"onrush.dev/onrush/internal/images/sbom"
)

// User is who programs run as in every image, by number, as Kubernetes wants it.
const User = "65532"

// libcPackages are what programs need that are not static.
func libcPackages() []string {
	return []string{"gcc-12-base", "libc6", "libgcc-s1", "libstdc++6", "zlib1g", "tzdata"}
}

// needless are files that no program in an image reads. Licences stay.
func needless(name string) bool {
	if strings.HasPrefix(name, "usr/share/doc/") {
		return path.Base(name) != "copyright" && strings.Count(name, "/") > 3
	}
	for _, folder := range []string{
		"usr/share/man/", "usr/share/info/", "usr/share/locale/", "usr/share/lintian/", "usr/share/bug/", "usr/share/gdb/",
		"usr/share/zoneinfo/right/", "usr/share/zoneinfo/posix/", "etc/ld.so.conf.d/", "etc/init.d/", "usr/share/binfmts/",
		"usr/share/applications/", "usr/share/pixmaps/",
	} {
		if strings.HasPrefix(name, folder) {
			return true
		}
	}
	if name == "usr/share/zoneinfo/localtime" { // leads to a file that no image has
		return true
	}
	return strings.Contains(name, "/gconv/") || strings.Contains(name, "/audit/")
}

// packages is the recipe of a part that is Debian packages and no more.
func (b *Builder) packages(ctx context.Context, arch string, names []string, drop func(string) bool) (recipe, error) {
	list, files, err := b.Debian.Files(ctx, arch, names)
	if err != nil {
		return recipe{}, err
	}
	return recipe{sums(list), func(dir string) ([]sbom.Component, error) {
		return unpack(list, files, arch, dir, drop)
	}}, nil
}

func sums(list []debian.Package) []string {
	var all []string
	for _, p := range list {
		all = append(all, p.SHA256)
	}
	return all
}

func unpack(list []debian.Package, files []string, arch, dir string, drop func(string) bool) ([]sbom.Component, error) {
	var components []sbom.Component
	for i, p := range list {
		keep := func(name string) bool { return !needless(name) && (drop == nil || !drop(name)) }
		if err := debian.Unpack(files[i], dir, keep); err != nil {
			return nil, err
		}
		components = append(components, sbom.Debian(p.Name, p.Version, p.Source, arch, debian.Release, p.SHA256))
	}
	return components, nil
}

// base is what even a static program needs: who it runs as, whom it trusts, and a
// folder that it may write to.
func (b *Builder) base(ctx context.Context, arch string) (recipe, error) {
	list, files, err := b.Debian.Files(ctx, arch, []string{"ca-certificates"})
	if err != nil {
		return recipe{}, err
	}
	return recipe{sums(list), func(dir string) ([]sbom.Component, error) {
		only := func(name string) bool {
			return !strings.HasPrefix(name, "usr/share/ca-certificates/") && !strings.HasSuffix(name, "/copyright")
		}
		components, err := unpack(list, files, arch, dir, only)
		if err != nil {
			return nil, err
		}
		if err := joinCertificates(dir); err != nil {
			return nil, err
		}
		for name, text := range map[string]string{
			"etc/passwd":        "root:x:0:0:root:/root:/sbin/nologin\nonrush:x:" + User + ":" + User + ":onrush:/tmp:/sbin/nologin\n",
			"etc/group":         "root:x:0:\nonrush:x:" + User + ":\n",
			"etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
		} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				return nil, err
			}
		}
		tmp := filepath.Join(dir, "tmp")
		return components, errors.Join(os.Mkdir(tmp, 0o777), os.Chmod(tmp, 0o777|fs.ModeSticky))
	}}, nil
}

// joinCertificates makes the one file that programs read of the package's many.
func joinCertificates(dir string) error {
	var names []string
	folder := filepath.Join(dir, "usr", "share", "ca-certificates")
	err := filepath.WalkDir(folder, func(p string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(p, ".crt") {
			names = append(names, p)
		}
		return err
	})
	if err != nil {
		return err
	}
	slices.Sort(names)
	var all []byte
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		all = append(append(all, strings.TrimSpace(string(text))...), '\n')
	}
	to := filepath.Join(dir, "etc", "ssl", "certs", "ca-certificates.crt")
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return errors.Join(os.WriteFile(to, all, 0o644), os.RemoveAll(folder))
}

// Packages lists every Debian package that some part wants.
func Packages() []string {
	all := []string{"ca-certificates", "openjdk-17-jdk-headless", "openjdk-17-jre-headless", "python3-pip-whl"}
	all = append(append(append(all, libcPackages()...), javaLibraries()...), pythonPackages()...)
	slices.Sort(all)
	return slices.Compact(all)
}
