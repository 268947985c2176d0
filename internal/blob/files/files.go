// Package files keeps a bucket in a folder of the local file system. It is the
// default driver, for one server or several that share the folder. It may not
// reach outside its folder, whatever the keys and links in it. Read files.go
// first.
package files

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"
	"time"

	"onrush.dev/onrush/internal/blob"
	"onrush.dev/onrush/internal/load"
)

// Bucket is a folder. Objects stand below "objects" under their keys; "tmp"
// holds what is being written.
type Bucket struct{ root *os.Root }

var _ blob.Bucket = (*Bucket)(nil)

const (
	objects = "objects"
	tmp     = "tmp"
	// staleAfter is when a temporary file must belong to a writer that died.
	staleAfter = 24 * time.Hour
	// moveTries is how often a Put gives way to Deletes that remove its folder.
	moveTries = 50
)

// Open opens the bucket in dir and makes the folder when it is not there.
func Open(dir string) (*Bucket, error) {
	for _, sub := range []string{objects, tmp} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, fmt.Errorf("open bucket: %w", err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open bucket: %w", err)
	}
	b := &Bucket{root}
	b.removeStale(time.Now().Add(-staleAfter))
	return b, nil
}

// Close releases the folder. Open objects can still be read.
func (b *Bucket) Close() error { return b.root.Close() }

// removeStale clears what killed writers left. It is housekeeping: a file that
// cannot be removed now is tried again at the next start.
func (b *Bucket) removeStale(before time.Time) {
	entries, err := fs.ReadDir(b.root.FS(), tmp)
	if err != nil {
		return
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.ModTime().Before(before) {
			_ = b.root.Remove(path.Join(tmp, e.Name()))
		}
	}
}

// Put implements blob.Bucket: write aside, sync, rename, sync the folder.
func (b *Bucket) Put(ctx context.Context, key string, r io.Reader) (int64, error) {
	if err := blob.CheckKey(key); err != nil {
		return 0, err
	}
	aside := path.Join(tmp, rand.Text())
	size, err := b.writeAside(ctx, aside, r)
	if err == nil {
		err = b.moveIn(aside, path.Join(objects, key))
	}
	if err != nil {
		_ = b.root.Remove(aside) // gone already when the rename was done
		return 0, fmt.Errorf("put %s: %w", key, err)
	}
	return size, nil
}

func (b *Bucket) writeAside(ctx context.Context, name string, r io.Reader) (size int64, err error) {
	f, err := b.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if size, err = io.Copy(f, untilDone{ctx, r}); err != nil {
		return size, err
	}
	return size, f.Sync()
}

// moveIn renames the finished file to its place. A Delete beside it may remove
// the folder between the two steps, so they are tried again.
func (b *Bucket) moveIn(from, to string) error {
	folder := path.Dir(to)
	for try := 0; ; try++ {
		err := b.root.MkdirAll(folder, 0o700)
		if err == nil {
			err = b.root.Rename(from, to)
		}
		if err == nil {
			break
		}
		// MkdirAll says that a folder exists when it goes while it looks.
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) || try == moveTries {
			return err
		}
	}
	d, err := b.root.Open(folder)
	if errors.Is(err, fs.ErrNotExist) { // deleted again already
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) { // some file systems cannot; the file itself is synced
		err = nil
	}
	return err
}

// untilDone stops reading when ctx ends.
type untilDone struct {
	ctx context.Context
	r   io.Reader
}

func (u untilDone) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}

// Open implements blob.Bucket.
func (b *Bucket) Open(ctx context.Context, key string) (blob.Object, error) {
	if err := check(ctx, key); err != nil {
		return nil, err
	}
	f, err := b.root.Open(path.Join(objects, key))
	if err != nil {
		return nil, notFound(key, err)
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = fs.ErrNotExist // a folder of keys, or a stranger's device
	}
	if err != nil {
		_ = f.Close() // opened for reading
		return nil, notFound(key, err)
	}
	return &object{f, blob.Info{Key: key, Size: st.Size(), Modified: st.ModTime()}}, nil
}

type object struct {
	*os.File
	info blob.Info
}

// Info implements blob.Object.
func (o *object) Info() blob.Info { return o.info }

// Stat implements blob.Bucket.
func (b *Bucket) Stat(ctx context.Context, key string) (blob.Info, error) {
	if err := check(ctx, key); err != nil {
		return blob.Info{}, err
	}
	st, err := b.root.Lstat(path.Join(objects, key))
	if err == nil && !st.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		return blob.Info{}, notFound(key, err)
	}
	return blob.Info{Key: key, Size: st.Size(), Modified: st.ModTime()}, nil
}

// Delete implements blob.Bucket. It also removes the folders that it leaves
// empty.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	if err := check(ctx, key); err != nil {
		return err
	}
	_, err := b.Stat(ctx, key) // the start of a key is a folder, which Remove would take if empty
	if err == nil {
		err = b.root.Remove(path.Join(objects, key))
	}
	if load.ErrorCode(err) == load.NotFound || isAbsent(err) {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("delete %s: %w", key, err)
	}
	b.removeEmpty(path.Dir(key))
	return nil
}

// removeEmpty removes a folder of keys and those above it, as long as nothing
// is in them: the file system refuses to remove the others.
func (b *Bucket) removeEmpty(folder string) {
	for folder != "." && b.root.Remove(path.Join(objects, folder)) == nil {
		folder = path.Dir(folder)
	}
}
