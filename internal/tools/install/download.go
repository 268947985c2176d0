package install

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"

	"onrush.dev/onrush/internal/load"
)

const mostDownload = 1 << 30

// Get fetches a URL into memory-free hands: the body is the caller's to close.
func Get(ctx context.Context, url string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, fmt.Errorf("%s answers with status %d", url, resp.StatusCode)
	}
	return resp.Body, nil
}

// Fetch writes what a URL has to a file and compares its SHA-256 with want, in
// hexadecimal. On a difference there is no file.
func Fetch(ctx context.Context, url, file, want string) (err error) {
	body, err := Get(ctx, url)
	if err != nil {
		return err
	}
	defer body.Close()
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, h), io.LimitReader(body, mostDownload))
	if err = errors.Join(err, out.Close()); err == nil {
		if got := hex.EncodeToString(h.Sum(nil)); got != want {
			err = load.Errorf(load.Invalid, "%s has the SHA-256 %s, want %s", url, got, want)
		}
	}
	if err != nil {
		_ = os.Remove(file)
	}
	return err
}

// fetchK6 takes the program out of a release's archive, by the release's own
// list of checksums.
func fetchK6(ctx context.Context, base, dir string, o Options) error {
	if runtime.GOOS != "linux" {
		return load.Errorf(load.Unavailable, "only Linux releases are unpacked here: put a k6 on PATH")
	}
	name := fmt.Sprintf("k6-%s-linux-%s.tar.gz", k6Release, runtime.GOARCH)
	list, err := Get(ctx, base+"/k6-"+k6Release+"-checksums.txt")
	if err != nil {
		return err
	}
	defer list.Close()
	want := ""
	for lines := bufio.NewScanner(list); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) == 2 && fields[1] == name {
			want = fields[0]
		}
	}
	if want == "" {
		return load.Errorf(load.Invalid, "the release's checksums do not name %s", name)
	}
	o.say("downloading %s/%s", base, name)
	archive := filepath.Join(dir, name)
	if err := Fetch(ctx, base+"/"+name, archive, want); err != nil {
		return err
	}
	defer os.Remove(archive)
	data, err := os.ReadFile(archive)
	if err != nil {
		return err
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return err
	}
	for files := tar.NewReader(unzipped); ; {
		f, err := files.Next()
		if err != nil {
			return fmt.Errorf("%s holds no k6: %w", name, err)
		}
		if path.Base(f.Name) != "k6" || f.Typeflag != tar.TypeReg {
			continue
		}
		out, err := os.OpenFile(filepath.Join(dir, "k6"), os.O_CREATE|os.O_WRONLY, 0o755)
		if err != nil {
			return err
		}
		_, err = io.Copy(out, io.LimitReader(files, mostDownload))
		return errors.Join(err, out.Close())
	}
}
