//go:build !linux

package loop

import (
	"errors"
	"fmt"
	"time"
)

// ring is not to be had on this system: no loop has one.
type ring struct{}

// UseRing says that there is none.
func (l *Loop) UseRing() error { return fmt.Errorf("open io_uring: %w", errors.ErrUnsupported) }

func (r *ring) enable() error                    { return nil }
func (r *ring) wait(time.Duration) (bool, error) { return false, nil }
func (r *ring) complete()                        {}
func (r *ring) end()                             {}
func (r *ring) send(*Conn, []byte) bool          { return false }
func (r *ring) submit()                          {}
func (r *ring) part(*Conn)                       {}
func (r *ring) released(*Conn)                   {}
func (r *ring) catchUp(*Conn)                    {}
func (c *Conn) join()                            {}
