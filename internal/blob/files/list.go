package files

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"

	"onrush.dev/onrush/internal/blob"
)

// List implements blob.Bucket.
func (b *Bucket) List(ctx context.Context, prefix string) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		// The deepest folder that all matching keys share.
		folder := path.Join(objects, prefix[:strings.LastIndexByte(prefix, '/')+1])
		if p := strings.TrimSuffix(prefix, "/"); p != "" && strings.Contains(p, "/") {
			if err := blob.CheckKey(path.Dir(p)); err != nil {
				yield(blob.Info{}, err)
				return
			}
		}
		b.walk(ctx, folder, prefix, yield)
	}
}

// walk lists one folder; it returns false when the listing is over.
func (b *Bucket) walk(ctx context.Context, folder, prefix string, yield func(blob.Info, error) bool) bool {
	entries, err := fs.ReadDir(b.root.FS(), folder)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return isAbsent(err) || yield(blob.Info{}, fmt.Errorf("list %s: %w", prefix, err)) && false
	}
	sortAsKeys(entries)
	for _, e := range entries {
		name := path.Join(folder, e.Name())
		key := strings.TrimPrefix(name, objects+"/")
		if e.IsDir() {
			if overlaps(key+"/", prefix) && !b.walk(ctx, name, prefix, yield) {
				return false
			}
			continue
		}
		if !strings.HasPrefix(key, prefix) {
			continue
		}
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue // deleted meanwhile, or not ours
		}
		if !yield(blob.Info{Key: key, Size: info.Size(), Modified: info.ModTime()}, nil) {
			return false
		}
	}
	return true
}

// overlaps says whether a folder can hold keys with the prefix.
func overlaps(folder, prefix string) bool {
	return strings.HasPrefix(folder, prefix) || strings.HasPrefix(prefix, folder)
}

// sortAsKeys sorts a folder's entries in the order of the keys they stand for:
// "a-b" comes before "a/c", since '-' comes before '/'.
func sortAsKeys(entries []fs.DirEntry) {
	key := func(e fs.DirEntry) string {
		if e.IsDir() {
			return e.Name() + "/"
		}
		return e.Name()
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(key(a), key(b)) })
}
