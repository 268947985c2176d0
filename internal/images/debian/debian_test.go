package debian_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/images/debian"
)

// pack makes a Debian package of some files.
func pack(t *testing.T, headers ...tar.Header) string {
	t.Helper()
	archive := func(headers []tar.Header) []byte {
		var buf bytes.Buffer
		w := tar.NewWriter(&buf)
		for _, h := range headers {
			text := h.Linkname
			if h.Typeflag == tar.TypeReg {
				h.Size, h.Linkname = int64(len(text)), ""
			}
			if err := w.WriteHeader(&h); err != nil {
				t.Fatal(err)
			}
			if h.Typeflag == tar.TypeReg {
				_, _ = w.Write([]byte(text))
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return buf.Bytes()
	}
	control := "Package: small\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: small\n"
	var deb bytes.Buffer
	deb.WriteString("!<arch>\n")
	for _, m := range []struct {
		name string
		data []byte
	}{
		{"debian-binary", []byte("2.0\n")},
		{"control.tar", archive([]tar.Header{{Name: "./control", Typeflag: tar.TypeReg, Mode: 0o644, Linkname: control}})},
		{"data.tar", archive(headers)},
	} {
		fmt.Fprintf(&deb, "%-16s%-12d%-6d%-6d%-8s%-10d`\n", m.name, 0, 0, 0, "100644", len(m.data))
		deb.Write(m.data)
		if len(m.data)%2 == 1 {
			deb.WriteByte('\n')
		}
	}
	file := filepath.Join(t.TempDir(), "small.deb")
	if err := os.WriteFile(file, deb.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func everything(string) bool { return true }

func TestUnpack(t *testing.T) {
	t.Parallel()
	file := pack(t,
		tar.Header{Name: "./usr/", Typeflag: tar.TypeDir, Mode: 0o755},
		tar.Header{Name: "./usr/bin/tool", Typeflag: tar.TypeReg, Mode: 0o4755, Linkname: "#!/bin/sh\n"},
		tar.Header{Name: "./usr/share/doc/small/README", Typeflag: tar.TypeReg, Mode: 0o644, Linkname: "read"},
		tar.Header{Name: "./usr/bin/other", Typeflag: tar.TypeSymlink, Linkname: "/etc/alternatives/tool"},
		tar.Header{Name: "./usr/bin/near", Typeflag: tar.TypeSymlink, Linkname: "tool"},
		tar.Header{Name: "./usr/bin/twin", Typeflag: tar.TypeLink, Linkname: "./usr/bin/tool"},
	)
	dir := t.TempDir()
	if err := debian.Unpack(file, dir, func(name string) bool { return !strings.Contains(name, "/doc/") }); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "usr/bin/tool"))
	if err != nil || info.Mode() != 0o755 {
		t.Errorf("the program has mode %v, %v, want 0755: no rights beyond those of who runs it", info.Mode(), err)
	}
	for name, want := range map[string]string{"usr/bin/other": "../../etc/alternatives/tool", "usr/bin/near": "tool"} {
		if got, err := os.Readlink(filepath.Join(dir, name)); got != want {
			t.Errorf("%s leads to %q, %v, want %q", name, got, err, want)
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, "usr/bin/twin")); string(text) != "#!/bin/sh\n" {
		t.Errorf("the hard link holds %q, %v", text, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "usr/share")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder of nothing wanted is there (%v)", err)
	}
}

func TestUnpackStaysInside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := pack(t, tar.Header{Name: "../../outside", Typeflag: tar.TypeReg, Mode: 0o644, Linkname: "x"})
	if err := debian.Unpack(file, filepath.Join(dir, "a", "b"), everything); err != nil {
		t.Logf("refused: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "outside")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file was written outside of the folder (%v)", err)
	}
	if err := debian.Unpack(pack(t, tar.Header{Name: "./dev/null", Typeflag: tar.TypeChar}), dir, everything); err == nil {
		t.Error("a device was unpacked without a word")
	}
}

func TestLock(t *testing.T) {
	t.Parallel()
	text := "amd64 libc6 2.36 glibc debian/pool/libc6.deb " + strings.Repeat("ab", 32) + "\n" +
		"arm64 libc6 2.36 glibc debian/pool/libc6-arm.deb " + strings.Repeat("cd", 32) + "\n"
	lock, err := debian.ParseLock("# a comment\n\n" + text)
	if err != nil || lock.String() != text {
		t.Errorf("got %v, %q, want %q", err, lock.String(), text)
	}
	if _, err := debian.ParseLock("amd64 libc6 2.36\n"); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("got %v for half a line", err)
	}
}

// TestFetch: what comes is what was asked for, once.
func TestFetch(t *testing.T) {
	t.Parallel()
	const body = "a package"
	asked := 0
	mirror := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.URL.Path != "/debian/pool/a.deb" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, body)
	}))
	defer mirror.Close()
	sum := sha256.Sum256([]byte(body))
	a := debian.Archive{Mirror: mirror.URL, Cache: t.TempDir(), Say: t.Logf}
	p := debian.Package{Name: "a", Version: "1", Path: "debian/pool/a.deb", SHA256: hex.EncodeToString(sum[:])}
	for range 2 {
		if file, err := a.Fetch(t.Context(), p); err != nil {
			t.Fatal(err)
		} else if text, err := os.ReadFile(file); string(text) != body {
			t.Errorf("got %q, %v", text, err)
		}
	}
	if asked != 1 {
		t.Errorf("the mirror was asked %d times, want once", asked)
	}
	p.SHA256 = strings.Repeat("0", 64)
	if _, err := a.Fetch(t.Context(), p); err == nil || !strings.Contains(err.Error(), "SHA-256") {
		t.Errorf("got %v for other content than the lock names", err)
	}
	p.Path = "debian/pool/gone.deb"
	lock := debian.Lock{"amd64": {"a": p}}
	strict := debian.Resolver{Archive: &a, Lock: lock, Strict: true}
	if _, _, err := strict.Files(t.Context(), "amd64", []string{"a"}); !errors.Is(err, debian.ErrGone) {
		t.Errorf("got %v for a locked package that the mirror has no longer", err)
	}
	// Not strict, it asks for the signed index, which this mirror does not have.
	loose := debian.Resolver{Archive: &a, Lock: lock}
	if _, _, err := loose.Files(t.Context(), "amd64", []string{"a"}); err == nil || !strings.Contains(err.Error(), "InRelease") {
		t.Errorf("got %v, want a look at the index", err)
	}
}
