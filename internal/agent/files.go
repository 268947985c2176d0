package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"onrush.dev/onrush/internal/bus"
	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/load"
)

// Bounds of fetching a file.
const (
	maxFileBytes = 8 << 30
	fetchTries   = 6
	fetchPause   = 200 * time.Millisecond // doubling
)

// newWeb makes the client for links to the server's files. It uses no proxy: they
// lead to our own server.
func newWeb(ticket bus.Ticket) (*http.Client, error) {
	trust, err := ticket.TLS()
	if err != nil {
		return nil, err
	}
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: trust, ForceAttemptHTTP2: true, IdleConnTimeout: 10 * time.Second,
		ResponseHeaderTimeout: time.Minute,
	}}, nil
}

// fetchFiles brings an order's files into dir. What is there afterwards is
// whole and has the checksum that the order names.
func fetchFiles(ctx context.Context, client *http.Client, files []load.OrderFile, dir string, log *slog.Logger) error {
	defer client.CloseIdleConnections()
	owners := map[string]load.OrderFile{} // by path
	for _, f := range files {
		path := engine.FilePath(dir, f.Name)
		if other, taken := owners[path]; taken && other.SHA256 != f.SHA256 {
			return load.Errorf(load.Invalid, "files %q and %q would be the same file in the task: give one another name", other.Name, f.Name)
		}
		owners[path] = f
		if err := fetchRetrying(ctx, client, f, path, log); err != nil {
			return fmt.Errorf("fetch file %q: %w", f.Name, err)
		}
	}
	return nil
}

func fetchRetrying(ctx context.Context, client *http.Client, f load.OrderFile, path string, log *slog.Logger) error {
	pause := fetchPause
	for try := 1; ; try++ {
		err := fetch(ctx, client, f, path)
		if err == nil || try == fetchTries || ctx.Err() != nil || isFinal(err) {
			return err
		}
		log.Warn("could not fetch a file, trying again", "file", f.Name, "err", err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		pause *= 2
	}
}

// isFinal says that trying again cannot help.
func isFinal(err error) bool {
	code := load.ErrorCode(err)
	return code == load.NotFound || code == load.Forbidden || code == load.TooLarge || code == load.Invalid
}

func fetch(ctx context.Context, client *http.Client, f load.OrderFile, path string) (err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.URL, nil)
	if err != nil {
		return load.Errorf(load.Invalid, "its link is no URL")
	}
	resp, err := client.Do(req)
	if err != nil {
		return withoutURL(err) // a link is a secret
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone:
		return load.Errorf(load.NotFound, "the server does not have it (status %d)", resp.StatusCode)
	case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden:
		return load.Errorf(load.Forbidden, "the server refuses its link (status %d)", resp.StatusCode)
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("the server answers with status %d", resp.StatusCode)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return load.Errorf(load.Invalid, "make its folder: %w", err)
	}
	out, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return load.Errorf(load.Invalid, "write it: %w", err)
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	return copyChecked(out, resp.Body, f)
}

// copyChecked copies no more than the file should have, and compares the sum.
func copyChecked(out io.Writer, in io.Reader, f load.OrderFile) error {
	most := int64(maxFileBytes)
	if f.Size > 0 {
		most = f.Size
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, sum), io.LimitReader(in, most+1))
	switch {
	case err != nil:
		return err
	case n > most:
		return load.Errorf(load.TooLarge, "it is larger than the %d bytes that it should have", most)
	case f.Size > 0 && n < f.Size:
		return fmt.Errorf("it ended after %d of %d bytes", n, f.Size)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != f.SHA256 {
		return fmt.Errorf("its content is not what the run was made with (SHA-256 %s, want %s)", got, f.SHA256)
	}
	return nil
}

func withoutURL(err error) error {
	type unwrapper interface{ Unwrap() error }
	if u, ok := err.(unwrapper); ok && u.Unwrap() != nil {
		return u.Unwrap()
	}
	return err
}
