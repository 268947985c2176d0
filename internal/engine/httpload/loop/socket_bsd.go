//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package loop

import (
	"errors"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// canSkip: these kernels cannot throw bytes of a TCP socket away.
const canSkip = false

func newSocket(family int) (int, error) {
	fd, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		closeSocket(fd)
		return -1, os.NewSyscallError("fcntl", err)
	}
	quietPipe(fd)
	return fd, nil
}

func bindLate(int) {}

func readSocket(fd int, p []byte) (int, error)  { return again4(unix.Read, "read", fd, p) }
func writeSocket(fd int, p []byte) (int, error) { return again4(unix.Write, "write", fd, p) }

func again4(call func(int, []byte) (int, error), name string, fd int, p []byte) (int, error) {
	for {
		n, err := call(fd, p)
		switch {
		case err == nil:
			return n, nil
		case errors.Is(err, unix.EAGAIN):
			return 0, errAgain
		case !errors.Is(err, unix.EINTR):
			return 0, os.NewSyscallError(name, err)
		}
	}
}

func skipSocket(int, int) (int, error) { return 0, errors.ErrUnsupported }

func awaitSocket(fd, n int) { _ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVLOWAT, n) }

func zoneID(zone string) uint32 {
	if i, err := net.InterfaceByName(zone); err == nil {
		return uint32(i.Index)
	}
	return 0
}

// pending says whether something has come that was not read yet.
func (c *Conn) pending() bool {
	var one [1]byte
	_, _, err := unix.Recvfrom(c.fd, one[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
	return !errors.Is(err, unix.EAGAIN)
}
