package loop

import (
	"io"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// again is the error of a call that would have to wait. TLS takes an error that
// calls itself temporary as one that passes, and may be called again.
type again struct{}

func (again) Error() string   { return "would block" }
func (again) Timeout() bool   { return true }
func (again) Temporary() bool { return true }

var (
	errAgain error = again{}
	errEnd         = io.EOF
)

// dialTCP begins a connection without waiting for it.
func dialTCP(to netip.AddrPort, local netip.Addr) (int, error) {
	family := unix.AF_INET6
	addr := to.Addr().Unmap()
	if addr.Is4() {
		family = unix.AF_INET
	}
	fd, err := newSocket(family)
	if err != nil {
		return -1, err
	}
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if local.IsValid() {
		bindLate(fd)
		if err := unix.Bind(fd, sockaddr(netip.AddrPortFrom(local, 0))); err != nil {
			closeSocket(fd)
			return -1, os.NewSyscallError("bind", err)
		}
	}
	return connect(fd, sockaddr(netip.AddrPortFrom(addr, to.Port())))
}

func dialUnix(path string) (int, error) {
	fd, err := newSocket(unix.AF_UNIX)
	if err != nil {
		return -1, err
	}
	return connect(fd, &unix.SockaddrUnix{Name: path})
}

func connect(fd int, to unix.Sockaddr) (int, error) {
	for {
		err := unix.Connect(fd, to)
		switch err { //nolint:errorlint // errno as the kernel gave it
		case nil, unix.EINPROGRESS, unix.EALREADY, unix.EISCONN:
			return fd, nil
		case unix.EINTR:
			continue
		}
		closeSocket(fd)
		return -1, os.NewSyscallError("connect", err)
	}
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	s := &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
	if zone := a.Addr().Zone(); zone != "" {
		s.ZoneId = zoneID(zone)
	}
	return s
}

// socketError is what became of a connection that was being opened.
func socketError(fd int) error {
	n, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil {
		return os.NewSyscallError("getsockopt", err)
	}
	if n != 0 {
		return os.NewSyscallError("connect", unix.Errno(n))
	}
	return nil
}

func closeSocket(fd int) { _ = unix.Close(fd) }
