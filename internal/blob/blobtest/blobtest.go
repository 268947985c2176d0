// Package blobtest is the suite that every bucket driver must pass. It is for
// tests only. Read Run first.
package blobtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"onrush.dev/onrush/internal/blob"
	"onrush.dev/onrush/internal/load"
)

// Run proves a driver on buckets that newBucket makes: each call gives a new,
// empty one.
func Run(t *testing.T, newBucket func(testing.TB) blob.Bucket) {
	tests := map[string]func(*testing.T, blob.Bucket){
		"RoundTrip":      roundTrip,
		"ReplaceWhole":   replaceWhole,
		"FailedPut":      failedPut,
		"OpenKeepsBytes": openKeepsBytes,
		"Delete":         remove,
		"List":           list,
		"BadKeys":        badKeys,
		"RacingPuts":     racingPuts,
		"PutWhileDelete": putWhileDelete,
		"Content":        content,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newBucket(t))
		})
	}
}

func put(t testing.TB, b blob.Bucket, key, text string) {
	t.Helper()
	n, err := b.Put(t.Context(), key, strings.NewReader(text))
	if err != nil || n != int64(len(text)) {
		t.Fatalf("Put(%s) = %d, %v; want %d", key, n, err, len(text))
	}
}

func read(t testing.TB, b blob.Bucket, key string) string {
	t.Helper()
	o, err := b.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	all, err := io.ReadAll(o)
	if err != nil {
		t.Fatal(err)
	}
	if info := o.Info(); info.Size != int64(len(all)) || info.Key != key || info.Modified.IsZero() {
		t.Errorf("Info() = %+v of %d bytes", info, len(all))
	}
	return string(all)
}

func wantCode(t testing.TB, err error, code load.Code) {
	t.Helper()
	if err == nil || load.ErrorCode(err) != code {
		t.Fatalf("error is %v (%s), want code %s", err, load.ErrorCode(err), code)
	}
}

func roundTrip(t *testing.T, b blob.Bucket) {
	big := strings.Repeat("0123456789", 300_000)
	for key, text := range map[string]string{"empty": "", "a": "x", "runs/r1/logs/eu-1.log": "log", "big": big} {
		put(t, b, key, text)
		if got := read(t, b, key); got != text {
			t.Errorf("%s: read %d bytes that are not the %d written", key, len(got), len(text))
		}
		info, err := b.Stat(t.Context(), key)
		if err != nil || info.Size != int64(len(text)) || info.Key != key {
			t.Errorf("Stat(%s) = %+v, %v", key, info, err)
		}
	}
	o, err := b.Open(t.Context(), "big")
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	part := make([]byte, 5)
	if _, err := o.ReadAt(part, 1_000_003); err != nil || string(part) != "34567" {
		t.Errorf("ReadAt = %q, %v", part, err)
	}
	if _, err := o.Seek(-2, io.SeekEnd); err != nil {
		t.Fatal(err)
	}
	if tail, err := io.ReadAll(o); err != nil || string(tail) != "89" {
		t.Errorf("read %q, %v after Seek", tail, err)
	}
}

func replaceWhole(t *testing.T, b blob.Bucket) {
	put(t, b, "k", "a long first content")
	put(t, b, "k", "short")
	if got := read(t, b, "k"); got != "short" {
		t.Errorf("read %q", got)
	}
}

// failedPut breaks off writes in both ways; neither may leave a trace.
func failedPut(t *testing.T, b blob.Bucket) {
	put(t, b, "kept", "old")
	broken := errors.New("the sender is gone")
	half := func() io.Reader { return io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken)) }
	for _, key := range []string{"kept", "new"} {
		if _, err := b.Put(t.Context(), key, half()); !errors.Is(err, broken) {
			t.Errorf("Put gave %v, want the reader's error", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ending := io.MultiReader(strings.NewReader("half"), readerFunc(func([]byte) (int, error) { cancel(); return 0, nil }))
		if _, err := b.Put(ctx, key, ending); !errors.Is(err, context.Canceled) {
			t.Errorf("Put gave %v after its context ended", err)
		}
	}
	if got := read(t, b, "kept"); got != "old" {
		t.Errorf("a failed Put left %q", got)
	}
	if _, err := b.Stat(t.Context(), "new"); load.ErrorCode(err) != load.NotFound {
		t.Errorf("a failed Put left something: %v", err)
	}
	if got := keys(t, b, ""); got != "kept" {
		t.Errorf("the bucket holds %q", got)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func openKeepsBytes(t *testing.T, b blob.Bucket) {
	put(t, b, "k", "first")
	o, err := b.Open(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	put(t, b, "k", "second")
	if err := b.Delete(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(o); err != nil || string(got) != "first" {
		t.Errorf("an open object reads %q, %v", got, err)
	}
}

func remove(t *testing.T, b blob.Bucket) {
	put(t, b, "runs/r1/a", "x")
	put(t, b, "runs/r2/a", "y")
	for range 2 { // a second time is no error
		if err := b.Delete(t.Context(), "runs/r1/a"); err != nil {
			t.Fatal(err)
		}
	}
	_, err := b.Open(t.Context(), "runs/r1/a")
	wantCode(t, err, load.NotFound)
	_, err = b.Stat(t.Context(), "runs/r1/a")
	wantCode(t, err, load.NotFound)
	_, err = b.Open(t.Context(), "runs/r2") // the start of a key is no object
	wantCode(t, err, load.NotFound)
	if err := b.Delete(t.Context(), "runs/r2"); err != nil {
		t.Errorf("Delete of the start of a key: %v", err)
	}
	if got := keys(t, b, ""); got != "runs/r2/a" {
		t.Errorf("the bucket holds %q", got)
	}
}

func keys(t testing.TB, b blob.Bucket, prefix string) string {
	t.Helper()
	var found []string
	for info, err := range b.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, info.Key)
	}
	return strings.Join(found, " ")
}

func list(t *testing.T, b blob.Bucket) {
	if got := keys(t, b, ""); got != "" {
		t.Errorf("an empty bucket holds %q", got)
	}
	for _, key := range []string{"runs/b/x", "runs/a/x", "runs/a/logs/t", "runs/a-b/x", "runs2", "files/ff"} {
		put(t, b, key, key)
	}
	for prefix, want := range map[string]string{
		"":         "files/ff runs/a-b/x runs/a/logs/t runs/a/x runs/b/x runs2",
		"runs/a/":  "runs/a/logs/t runs/a/x",
		"runs/a":   "runs/a-b/x runs/a/logs/t runs/a/x",
		"runs/":    "runs/a-b/x runs/a/logs/t runs/a/x runs/b/x",
		"ru":       "runs/a-b/x runs/a/logs/t runs/a/x runs/b/x runs2",
		"none/":    "",
		"runs/a/x": "runs/a/x",
	} {
		if got := keys(t, b, prefix); got != want {
			t.Errorf("List(%q) = %q, want %q", prefix, got, want)
		}
	}
	for info, err := range b.List(t.Context(), "runs/") { // a reader may stop
		if err != nil || info.Size != int64(len(info.Key)) {
			t.Errorf("listed %+v, %v", info, err)
		}
		break
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range b.List(ended, "") {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("List gave %v after its context ended", err)
		}
	}
}

func badKeys(t *testing.T, b blob.Bucket) {
	for _, key := range []string{
		"", "/", "/etc/passwd", "a/", "a//b", ".", "..", "../a", "a/../../b", "a/..", "a/./b", ".hidden", "a/.b",
		"a\\b", "a b", "a\x00b", "ü", "a:b", strings.Repeat("x", 201), strings.Repeat("abc/", 200) + "x",
	} {
		_, err := b.Put(t.Context(), key, strings.NewReader("x"))
		wantCode(t, err, load.Invalid)
		_, err = b.Open(t.Context(), key)
		wantCode(t, err, load.Invalid)
		_, err = b.Stat(t.Context(), key)
		wantCode(t, err, load.Invalid)
		wantCode(t, b.Delete(t.Context(), key), load.Invalid)
	}
	for _, prefix := range []string{"../", "/", "a/../", ".."} {
		for info, err := range b.List(t.Context(), prefix) {
			if err == nil {
				t.Errorf("List(%q) gave %s", prefix, info.Key)
			}
		}
	}
	put(t, b, strings.Repeat("x", 200), "the longest segment")
}

// racingPuts writes one key from many sides: a reader sees one whole content.
func racingPuts(t *testing.T, b blob.Bucket) {
	const writers, size = 6, 100_000
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			body := bytes.Repeat([]byte{byte('a' + i)}, size)
			for range 5 {
				if _, err := b.Put(t.Context(), "k", bytes.NewReader(body)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for last := false; ; {
		o, err := b.Open(t.Context(), "k")
		if err == nil {
			all, errRead := io.ReadAll(o)
			if errRead != nil || len(all) != size || strings.Trim(string(all), string(all[0])) != "" {
				t.Fatalf("read a mixed content of %d bytes, %v", len(all), errRead)
			}
			_ = o.Close()
		} else if load.ErrorCode(err) != load.NotFound || last {
			t.Fatal(err)
		}
		if last {
			return
		}
		select {
		case <-done:
			last = true
		default:
		}
	}
}

// putWhileDelete makes and removes neighbours in one folder at once.
func putWhileDelete(t *testing.T, b blob.Bucket) {
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			key := fmt.Sprintf("runs/r1/deep/k%d", i)
			for range 40 {
				if _, err := b.Put(t.Context(), key, strings.NewReader("x")); err != nil {
					t.Error(err)
				}
				if err := b.Delete(t.Context(), key); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := keys(t, b, ""); got != "" {
		t.Errorf("the bucket holds %q", got)
	}
}

func content(t *testing.T, b blob.Bucket) {
	sum := sha256.Sum256([]byte("hello"))
	hash := hex.EncodeToString(sum[:])
	want := load.StoredFile{SHA256: hash, Size: 5}
	_, err := blob.StatContent(t.Context(), b, hash)
	wantCode(t, err, load.NotFound)
	for _, said := range []string{"", hash, strings.ToUpper(hash)} {
		got, err := blob.PutContent(t.Context(), b, strings.NewReader("hello"), said, 5)
		if err != nil || got != want {
			t.Errorf("PutContent said %q: %+v, %v", said, got, err)
		}
	}
	if got, err := blob.StatContent(t.Context(), b, hash); err != nil || got != want {
		t.Errorf("StatContent = %+v, %v", got, err)
	}
	for _, said := range []string{"", hash} {
		_, err = blob.PutContent(t.Context(), b, strings.NewReader("hello"), said, 4)
		wantCode(t, err, load.TooLarge)
	}
	other := strings.Repeat("0", 64)
	_, err = blob.PutContent(t.Context(), b, strings.NewReader("hello"), other, 100)
	wantCode(t, err, load.Invalid)
	_, err = blob.StatContent(t.Context(), b, other)
	wantCode(t, err, load.NotFound)
	for _, bad := range []string{"00", "../" + other, other + "0", strings.Repeat("g", 64)} {
		_, err = blob.PutContent(t.Context(), b, strings.NewReader("x"), bad, 100)
		wantCode(t, err, load.Invalid)
		_, err = blob.StatContent(t.Context(), b, bad)
		wantCode(t, err, load.Invalid)
	}
	if got := keys(t, b, ""); got != "files/"+hash {
		t.Errorf("the bucket holds %q", got)
	}
}
