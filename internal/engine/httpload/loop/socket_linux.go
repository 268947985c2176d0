package loop

import (
	"net"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// canSkip: the kernel can throw bytes of a TCP socket away (MSG_TRUNC).
const canSkip = true

func newSocket(family int) (int, error) {
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	return fd, nil
}

// bindLate leaves the choice of the port to connect, which can use one port for
// many targets.
func bindLate(fd int) {
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
}

// The calls below never wait, so the scheduler need not know of them.

func readSocket(fd int, p []byte) (int, error) {
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
		if errno == 0 {
			return int(n), nil
		}
		if errno != syscall.EINTR {
			return 0, mapErrno("read", errno)
		}
	}
}

func writeSocket(fd int, p []byte) (int, error) {
	for {
		n, _, errno := syscall.RawSyscall6(syscall.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), syscall.MSG_NOSIGNAL, 0, 0)
		if errno == 0 {
			return int(n), nil
		}
		if errno != syscall.EINTR {
			return 0, mapErrno("write", errno)
		}
	}
}

// skipSocket throws up to n bytes away that have come.
func skipSocket(fd, n int) (int, error) {
	for {
		got, _, errno := syscall.RawSyscall6(syscall.SYS_RECVFROM, uintptr(fd), 0, uintptr(n), syscall.MSG_TRUNC, 0, 0)
		if errno == 0 {
			return int(got), nil
		}
		if errno != syscall.EINTR {
			return 0, mapErrno("read", errno)
		}
	}
}

// awaitSocket sets how many bytes make the socket readable. The end of the
// connection always does.
func awaitSocket(fd, n int) {
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVLOWAT, n)
}

func mapErrno(call string, errno syscall.Errno) error {
	if errno == syscall.EAGAIN {
		return errAgain
	}
	return os.NewSyscallError(call, errno)
}

func zoneID(zone string) uint32 {
	if i, err := net.InterfaceByName(zone); err == nil {
		return uint32(i.Index)
	}
	return 0
}

// pending says whether something has come that was not read yet.
func (c *Conn) pending() bool {
	var one [1]byte
	_, _, errno := syscall.RawSyscall6(syscall.SYS_RECVFROM, uintptr(c.fd), uintptr(unsafe.Pointer(&one[0])), 1, syscall.MSG_PEEK, 0, 0)
	return errno != syscall.EAGAIN
}
