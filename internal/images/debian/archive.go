// Package debian fetches packages of one Debian release and unpacks them into a
// folder, on any machine and without root: no apt, no dpkg, no chroot. It runs no
// script of a package. What is fetched is known by its SHA-256: from a lock file,
// else from an index that Debian signed. Read Archive first.
package debian

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ulikunitz/xz"
	"pault.ag/go/debian/control"
	"pault.ag/go/debian/version"
)

// Release is the release that images are made of, by its code name.
const Release = "bookworm"

// Mirror is where packages come from unless another mirror is named.
const Mirror = "http://deb.debian.org"

// keyring holds the keys that sign the release and its security updates.
//
//go:embed keys.asc
var keyring []byte

// Archive is a mirror with a folder of what was fetched before.
type Archive struct {
	Mirror string // http://deb.debian.org: below it lie debian and debian-security
	Cache  string
	Say    func(format string, args ...any) // progress
}

// suite is one of the release's indexes.
type suite struct{ folder, name string }

func suites() []suite {
	return []suite{{"debian", Release}, {"debian", Release + "-updates"}, {"debian-security", Release + "-security"}}
}

// Package is one package of one architecture.
type Package struct {
	Name, Version string
	Source        string // the source package it was built from
	Path          string // below the mirror
	SHA256        string
	Depends       string // as the index writes it, with Pre-Depends
}

// Newest reads the release's signed indexes: for every name the newest package.
func (a *Archive) Newest(ctx context.Context, arch string) (map[string]Package, error) {
	newest := map[string]Package{}
	for _, s := range suites() {
		a.Say("reading the index of %s for %s", s.name, arch)
		list, err := a.index(ctx, s, arch)
		if err != nil {
			return nil, fmt.Errorf("read the index of %s: %w", s.name, err)
		}
		for _, p := range list {
			old, known := newest[p.Name]
			if !known {
				newest[p.Name] = p
				continue
			}
			was, err1 := version.Parse(old.Version)
			is, err2 := version.Parse(p.Version)
			if err := errors.Join(err1, err2); err != nil {
				return nil, err
			}
			if version.Compare(is, was) > 0 {
				newest[p.Name] = p
			}
		}
	}
	return newest, nil
}

// index reads the packages of a suite, after the signature of its release file.
func (a *Archive) index(ctx context.Context, s suite, arch string) ([]Package, error) {
	keys, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(keyring))
	if err != nil {
		return nil, fmt.Errorf("read the built-in keys: %w", err)
	}
	base := s.folder + "/dists/" + s.name
	signed, err := a.get(ctx, base+"/InRelease")
	if err != nil {
		return nil, err
	}
	reader, err := control.NewParagraphReader(bytes.NewReader(signed), &keys)
	if err != nil {
		return nil, fmt.Errorf("check the signature of %s: %w", base, err)
	}
	release, err := reader.Next()
	if err != nil {
		return nil, err
	}
	name := "main/binary-" + arch + "/Packages.xz"
	sum := ""
	for line := range strings.Lines(release.Values["SHA256"]) {
		if f := strings.Fields(line); len(f) == 3 && f[2] == name {
			sum = f[0]
		}
	}
	packed, err := a.get(ctx, base+"/"+name)
	if err != nil {
		return nil, err
	}
	if got := sha256.Sum256(packed); hex.EncodeToString(got[:]) != sum {
		return nil, fmt.Errorf("%s/%s is not what the signed release names (try again: the mirror may be changing)", base, name)
	}
	unpacked, err := xz.NewReader(bufio.NewReader(bytes.NewReader(packed)))
	if err != nil {
		return nil, err
	}
	return parseIndex(unpacked, s.folder)
}

func parseIndex(r io.Reader, folder string) ([]Package, error) {
	reader, err := control.NewParagraphReader(r, nil)
	if err != nil {
		return nil, err
	}
	var list []Package
	for {
		p, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		v := p.Values
		source, _, _ := strings.Cut(v["Source"], " ")
		if source == "" {
			source = v["Package"]
		}
		depends := strings.Trim(v["Pre-Depends"]+", "+v["Depends"], ", ")
		list = append(list, Package{v["Package"], v["Version"], source, folder + "/" + v["Filename"], v["SHA256"], depends})
	}
}

// ErrGone is in the chain when the mirror has a file no longer.
var ErrGone = errors.New("the mirror does not have it")

func (a *Archive) get(ctx context.Context, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	url := strings.TrimRight(a.Mirror, "/") + "/" + path
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
		return io.ReadAll(resp.Body)
	case http.StatusNotFound, http.StatusGone, http.StatusForbidden:
		return nil, fmt.Errorf("%s: status %d: %w", url, resp.StatusCode, ErrGone)
	}
	return nil, fmt.Errorf("%s: status %d", url, resp.StatusCode)
}

// Fetch returns a package's file, from the cache when it is there.
func (a *Archive) Fetch(ctx context.Context, p Package) (string, error) {
	file := filepath.Join(a.Cache, p.SHA256+".deb")
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	a.Say("fetching %s %s", p.Name, p.Version)
	data, err := a.get(ctx, p.Path)
	if err != nil && !errors.Is(err, ErrGone) && ctx.Err() == nil {
		data, err = a.get(ctx, p.Path) // one connection of many may break
	}
	if err != nil {
		return "", err
	}
	if got := sha256.Sum256(data); hex.EncodeToString(got[:]) != p.SHA256 {
		return "", fmt.Errorf("%s %s has the SHA-256 %x, want %s", p.Name, p.Version, got, p.SHA256)
	}
	if err := os.MkdirAll(a.Cache, 0o755); err != nil {
		return "", err
	}
	temp := file + ".new"
	if err := os.WriteFile(temp, data, 0o644); err != nil {
		return "", err
	}
	return file, os.Rename(temp, file)
}
