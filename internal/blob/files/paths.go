package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"onrush.dev/onrush/internal/blob"
	"onrush.dev/onrush/internal/load"
)

func check(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return blob.CheckKey(key)
}

// notFound is the error for a key that could not be opened.
func notFound(key string, err error) error {
	if isAbsent(err) {
		return load.Errorf(load.NotFound, "object %q does not exist", key)
	}
	return fmt.Errorf("open %s: %w", key, err)
}

// isAbsent also covers a key below one that is an object: a/b when a is a file.
func isAbsent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}
