package client

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"onrush.dev/onrush/internal/load"
)

// UploadFile makes the server keep a file's content, from the beginning of
// file. What it has already is not sent again.
func (c *Client) UploadFile(ctx context.Context, file io.ReadSeeker) (load.StoredFile, error) {
	var stored load.StoredFile
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return stored, fmt.Errorf("read file: %w", err)
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return stored, fmt.Errorf("read file: %w", err)
	}
	sum := hex.EncodeToString(hash.Sum(nil))
	err := c.call(ctx, http.MethodGet, path("files", sum), nil, &stored)
	if load.ErrorCode(err) != load.NotFound {
		return stored, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return stored, fmt.Errorf("read file: %w", err)
	}
	// The transport closes bodies that are files; this one stays the caller's.
	body := struct{ io.Reader }{file}
	p := query("/files", url.Values{"sha256": {sum}})
	res, err := c.send(ctx, http.MethodPost, p, "application/octet-stream", body, nil)
	if err != nil {
		return stored, err
	}
	defer drain(res)
	err = decode(res, &stored)
	return stored, err
}

// download copies a raw answer to w.
func (c *Client) download(ctx context.Context, path string, w io.Writer) error {
	res, err := c.send(ctx, http.MethodGet, path, "", nil, nil)
	if err != nil {
		return err
	}
	defer drain(res)
	if _, err := io.Copy(w, res.Body); err != nil {
		return fmt.Errorf("download %s: %w", path, err)
	}
	return nil
}
