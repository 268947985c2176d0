package debian

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Lock is a list of packages with their exact versions, by architecture and name.
type Lock map[string]map[string]Package

// ParseLock reads the lines "arch name version source path sha256" of a lock.
func ParseLock(text string) (Lock, error) {
	lock := Lock{}
	for n, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Fields(line)
		if len(f) != 6 || len(f[5]) != 64 {
			return nil, fmt.Errorf("line %d of the lock: want \"arch name version source path sha256\", found %q", n+1, line)
		}
		lock.put(f[0], Package{Name: f[1], Version: f[2], Source: f[3], Path: f[4], SHA256: f[5]})
	}
	return lock, nil
}

func (l Lock) put(arch string, p Package) {
	if l[arch] == nil {
		l[arch] = map[string]Package{}
	}
	p.Depends = ""
	l[arch][p.Name] = p
}

// String is the lock as ParseLock reads it, in order.
func (l Lock) String() string {
	var lines []string
	for arch, packages := range l {
		for _, p := range packages {
			lines = append(lines, strings.Join([]string{arch, p.Name, p.Version, p.Source, p.Path, p.SHA256}, " ")+"\n")
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// Resolver answers for packages by a lock, and by the archive's newest where the
// mirror has a locked one no longer.
type Resolver struct {
	Archive *Archive
	Lock    Lock
	Strict  bool // a locked package that is gone is an error
	Drift   bool // some package is newer than the lock says

	newest map[string]map[string]Package
}

// Files fetches packages; the answer has a file for every one, in order.
func (r *Resolver) Files(ctx context.Context, arch string, names []string) ([]Package, []string, error) {
	var packages []Package
	var files []string
	for _, name := range names {
		p, file, err := r.one(ctx, arch, name)
		if err != nil {
			return nil, nil, fmt.Errorf("package %s of %s: %w", name, arch, err)
		}
		packages, files = append(packages, p), append(files, file)
	}
	return packages, files, nil
}

func (r *Resolver) one(ctx context.Context, arch, name string) (Package, string, error) {
	locked, known := r.Lock[arch][name]
	if known {
		file, err := r.Archive.Fetch(ctx, locked)
		if err == nil || !errors.Is(err, ErrGone) || r.Strict {
			return locked, file, err
		}
	} else if r.Strict {
		return Package{}, "", errors.New("it is not in the lock")
	}
	if r.newest[arch] == nil {
		list, err := r.Archive.Newest(ctx, arch)
		if err != nil {
			return Package{}, "", err
		}
		if r.newest == nil {
			r.newest = map[string]map[string]Package{}
		}
		r.newest[arch] = list
	}
	p, found := r.newest[arch][name]
	if !found {
		return Package{}, "", fmt.Errorf("%s has no such package", Release)
	}
	r.Archive.Say("%s: the lock says %s, the mirror has %s: taking that", name, cmp.Or(locked.Version, "nothing"), p.Version)
	r.Drift = true
	r.Lock.put(arch, p)
	file, err := r.Archive.Fetch(ctx, p)
	return p, file, err
}

// Save writes the lock to a file.
func (l Lock) Save(file, head string) error {
	return os.WriteFile(file, []byte(head+l.String()), 0o644)
}
