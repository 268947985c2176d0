//go:build darwin || freebsd || netbsd || dragonfly

package loop

import "golang.org/x/sys/unix"

// quietPipe: writing to a peer that is gone is an error and no signal.
func quietPipe(fd int) { _ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_NOSIGPIPE, 1) }
