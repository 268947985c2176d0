//go:build unix

package httpload

import (
	"errors"
	"net"
	"syscall"
)

// What a socket holds that was not read yet.
type pendingState int

const (
	pendingNothing pendingState = iota
	pendingBytes
	pendingEnd // the peer closed, or the connection broke
)

// pending looks into the socket without waiting and without taking anything.
func pending(nc net.Conn) pendingState {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return pendingNothing
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return pendingEnd
	}
	state := pendingEnd
	err = raw.Control(func(fd uintptr) {
		var one [1]byte
		n, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch {
		case n > 0:
			state = pendingBytes
		case errors.Is(err, syscall.EAGAIN):
			state = pendingNothing
		}
	})
	if err != nil {
		return pendingEnd
	}
	return state
}
