//go:build unix

package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"onrush.dev/onrush/internal/load"
)

// lockDir makes sure that one server alone uses the folder. The system gives
// the lock up when the process ends, however it ends.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the bus's folder: %w", err)
	}
	err = retry(func() error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) })
	if err != nil {
		return nil, errors.Join(load.Errorf(load.Conflict, "another server uses %s: %w", dir, err), f.Close())
	}
	return f, nil
}
