package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// PutContent stores a file under the hash of its content and returns both. Of
// more than limit bytes nothing is kept (TooLarge). With want, the hash that
// the sender says, the bytes go straight into the bucket and other content is
// refused (Invalid); without it they wait in a temporary file until their hash
// is known.
func PutContent(ctx context.Context, b Bucket, r io.Reader, want string, limit int64) (load.StoredFile, error) {
	in := &meter{r: r, hash: sha256.New(), limit: limit, want: strings.ToLower(want)}
	if in.want != "" {
		if !isSHA256(in.want) {
			return load.StoredFile{}, load.Errorf(load.Invalid, "sha256 %q is not allowed: 64 hexadecimal digits are", want)
		}
		return in.into(ctx, b, in)
	}
	spool, err := os.CreateTemp("", "onrush-upload-*")
	if err != nil {
		return load.StoredFile{}, fmt.Errorf("spool upload: %w", err)
	}
	defer func() {
		_ = spool.Close() // read-only by now; nothing can be lost
		_ = os.Remove(spool.Name())
	}()
	if _, err := io.Copy(spool, in); err != nil {
		return load.StoredFile{}, fmt.Errorf("receive file: %w", err)
	}
	if _, err := spool.Seek(0, io.SeekStart); err != nil {
		return load.StoredFile{}, fmt.Errorf("spool upload: %w", err)
	}
	in.want = in.sum()
	return in.into(ctx, b, spool)
}

// into puts r under the wanted hash, unless this content is there already.
func (m *meter) into(ctx context.Context, b Bucket, r io.Reader) (load.StoredFile, error) {
	size, err := b.Put(ctx, load.FileKey(m.want), r)
	if err != nil {
		return load.StoredFile{}, fmt.Errorf("receive file: %w", err)
	}
	return load.StoredFile{SHA256: m.want, Size: size}, nil
}

// StatContent finds a stored file by the hash of its content.
func StatContent(ctx context.Context, b Bucket, sum string) (load.StoredFile, error) {
	if !isSHA256(sum) {
		return load.StoredFile{}, load.Errorf(load.Invalid, "sha256 %q is not allowed: 64 lower-case hexadecimal digits are", sum)
	}
	info, err := b.Stat(ctx, load.FileKey(sum))
	if load.ErrorCode(err) == load.NotFound {
		return load.StoredFile{}, load.Errorf(load.NotFound, "no file with sha256 %s is stored: upload it first", sum)
	}
	return load.StoredFile{SHA256: sum, Size: info.Size}, err
}

func isSHA256(s string) bool {
	raw, err := hex.DecodeString(s)
	return err == nil && len(raw) == sha256.Size && s == strings.ToLower(s)
}

// meter reads through: it counts, hashes, and turns an end that comes too late
// or with the wrong hash into an error, so that nothing wrong is ever stored.
type meter struct {
	r     io.Reader
	hash  hash.Hash
	n     int64
	limit int64
	want  string
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.n += int64(n)
	m.hash.Write(p[:n]) // never fails, by its contract
	if m.n > m.limit {
		return 0, load.Errorf(load.TooLarge, "the file is larger than the limit of %d bytes", m.limit)
	}
	if errors.Is(err, io.EOF) && m.want != "" && m.sum() != m.want {
		return 0, load.Errorf(load.Invalid, "the file's sha256 is %s, the request said %s", m.sum(), m.want)
	}
	return n, err
}

func (m *meter) sum() string { return hex.EncodeToString(m.hash.Sum(nil)) }
