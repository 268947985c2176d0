// Package blob says what a bucket is: where files of any size are kept under a
// key, such as a scenario's scripts and data, a run's series and its tasks'
// logs. Drivers are folders below it, proved by package blobtest; this package
// may not name one. Read Bucket first.
package blob

import (
	"context"
	"io"
	"iter"
	"strings"
	"time"

	"onrush.dev/onrush/internal/load"
)

// Bucket keeps objects under keys that pass CheckKey. All methods are safe for
// concurrent use, by several servers too.
type Bucket interface {
	// Put stores all that r gives and returns how much that was. The object
	// appears whole or not at all: readers see the old content until the new
	// one is on disk, and an error of r or the end of ctx leaves things as
	// they were.
	Put(ctx context.Context, key string, r io.Reader) (int64, error)

	// Open opens an object for reading, NotFound when there is none. The
	// content stays the one of the moment of opening, even when the key is
	// put or deleted meanwhile.
	Open(ctx context.Context, key string) (Object, error)

	// Stat describes an object, NotFound when there is none.
	Stat(ctx context.Context, key string) (Info, error)

	// Delete removes an object. One that is not there is no error.
	Delete(ctx context.Context, key string) error

	// List gives all objects whose key begins with prefix, sorted by key. It
	// ends with the first error. Objects put or deleted meanwhile may or may
	// not be in it.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]
}

// Object is an open object. ReadAt is safe for concurrent use, Read and Seek
// are not.
type Object interface {
	io.ReadSeekCloser
	io.ReaderAt
	Info() Info
}

// Info describes an object.
type Info struct {
	Key      string
	Size     int64
	Modified time.Time
}

// The bounds of a key. They hold on every file system and in S3.
const (
	maxKey     = 700
	maxSegment = 200
)

// CheckKey says what is wrong with a key: it is segments of letters, digits
// and "-_.()@+" joined by single slashes, no segment begins with a dot. So no
// key can name anything outside the bucket, on any driver.
func CheckKey(key string) error {
	if key == "" || len(key) > maxKey {
		return load.Errorf(load.Invalid, "blob key has %d characters, 1 to %d are allowed", len(key), maxKey)
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "" || segment[0] == '.' || len(segment) > maxSegment || strings.ContainsFunc(segment, badInKey) {
			return load.Errorf(load.Invalid, "blob key %q is not allowed: each part needs 1 to %d letters, digits or -_.()@+ and may not begin with a dot", key, maxSegment)
		}
	}
	return nil
}

func badInKey(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	}
	return !strings.ContainsRune("-_.()@+", r)
}
