package server

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"onrush.dev/onrush/internal/blob"
	"onrush.dev/onrush/internal/load"
)

// secretBook keeps the values of runs' secrets from their start to their end,
// sealed with a key of the data folder. They stand in no run, no event and no
// report; an agent gets them with its order.
type secretBook struct {
	bucket blob.Bucket
	seal   cipher.AEAD
}

const mostSecrets = 1 << 20 // bytes of a run's sealed values

func newSecretBook(bucket blob.Bucket, key string) (*secretBook, error) {
	raw, err := hex.DecodeString(key)
	if err != nil {
		return nil, fmt.Errorf("read key of secrets: %w", err)
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, fmt.Errorf("read key of secrets: %w", err)
	}
	seal, err := cipher.NewGCM(block)
	return &secretBook{bucket, seal}, err
}

func secretsKey(run string) string { return load.RunKey(run, "secrets") }

// Keep seals a run's values until Forget.
func (b *secretBook) Keep(ctx context.Context, run string, values map[string]string) error {
	if len(values) == 0 {
		return nil
	}
	plain, err := json.Marshal(values)
	if err != nil {
		return err
	}
	nonce := make([]byte, b.seal.NonceSize())
	_, _ = rand.Read(nonce) // never fails, by its contract
	_, err = b.bucket.Put(ctx, secretsKey(run), bytes.NewReader(b.seal.Seal(nonce, nonce, plain, []byte(run))))
	return err
}

// Open returns a run's values; none when it has none.
func (b *secretBook) Open(ctx context.Context, run string) (map[string]string, error) {
	object, err := b.bucket.Open(ctx, secretsKey(run))
	if load.ErrorCode(err) == load.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer object.Close()
	sealed, err := io.ReadAll(io.LimitReader(object, mostSecrets))
	if err != nil {
		return nil, err
	}
	n := b.seal.NonceSize()
	if len(sealed) < n {
		return nil, fmt.Errorf("read secrets of run %s: they are cut short", run)
	}
	plain, err := b.seal.Open(nil, sealed[:n], sealed[n:], []byte(run))
	if err != nil {
		return nil, fmt.Errorf("read secrets of run %s: %w", run, err)
	}
	var values map[string]string
	return values, json.Unmarshal(plain, &values)
}

// Forget removes a run's values.
func (b *secretBook) Forget(ctx context.Context, run string) error {
	return b.bucket.Delete(ctx, secretsKey(run))
}
