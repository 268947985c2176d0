package server

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"onrush.dev/onrush/internal/load"
)

// dataDir is the folder that keeps a server's state, held by a lock.
type dataDir struct {
	path string
	lock *os.File
}

// openDataDir makes the folder and takes its lock, which the kernel lets go of
// however the process ends.
func openDataDir(path string) (*dataDir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	for _, dir := range []string{"", "bus", "blob", "spool", "tasks"} {
		if err := os.MkdirAll(filepath.Join(path, dir), 0o700); err != nil {
			return nil, fmt.Errorf("make data folder: %w", err)
		}
	}
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open data folder's lock: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, load.Errorf(load.Conflict, "the data folder %s is in use by another server: end that one, or name another folder", path)
	}
	return &dataDir{path: path, lock: lock}, nil
}

func (d *dataDir) join(name ...string) string {
	return filepath.Join(append([]string{d.path}, name...)...)
}

// Close lets go of the lock.
func (d *dataDir) Close() error { return d.lock.Close() }

const secretBytes = 32

// secret returns the named secret of this folder, made at first use: 32 random
// bytes as hex, readable by this user alone. A file that a loss of power left
// empty or cut short is none: links signed with an empty key, anybody could sign.
func (d *dataDir) secret(name string) (string, error) {
	path := d.join(name)
	kept, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if text := strings.TrimSpace(string(kept)); len(text) == hex.EncodedLen(secretBytes) {
		return text, nil
	}
	raw := make([]byte, secretBytes)
	_, _ = rand.Read(raw) // never fails, by its contract
	text := hex.EncodeToString(raw)
	return text, d.writeSecret(name, text)
}

// writeSecret keeps a text that only this user may read.
func (d *dataDir) writeSecret(name, text string) error {
	temp := d.join("." + name + ".new")
	if err := os.WriteFile(temp, []byte(text+"\n"), 0o600); err != nil {
		return err
	}
	return os.Rename(temp, d.join(name))
}
