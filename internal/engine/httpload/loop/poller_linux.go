package loop

import (
	"errors"
	"fmt"
	"math"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// poller is epoll, edge-triggered: a connection is made known once and needs no
// further call in its life.
type poller struct {
	epoll  int
	notify int // an eventfd
	raw    [mostEvents]unix.EpollEvent
	coarse bool // the kernel has no epoll_pwait2
}

// event is what the kernel says of a connection.
type event struct {
	slot, generation uint32
	in, out, end     bool // end: the peer has ended its direction, or it broke
}

// wakeSlot stands for the eventfd.
const wakeSlot = math.MaxUint32

func (p *poller) open() error {
	var err error
	if p.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return fmt.Errorf("create epoll: %w", err)
	}
	if p.notify, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		_ = unix.Close(p.epoll)
		return fmt.Errorf("create eventfd: %w", err)
	}
	e := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET}
	e.Fd = -1 // wakeSlot
	if err := unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, p.notify, &e); err != nil {
		p.close()
		return fmt.Errorf("watch eventfd: %w", err)
	}
	return nil
}

func (p *poller) add(fd int, slot, generation uint32) error {
	e := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET}
	e.Fd, e.Pad = int32(slot), int32(generation)
	return unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, fd, &e)
}

// wait returns how many events it wrote into out.
func (p *poller) wait(out []event, timeout time.Duration) (int, error) {
	n, errno := p.call(timeout)
	if errno != 0 && errno != syscall.EINTR {
		return 0, fmt.Errorf("wait for events: %w", errno)
	}
	if errno != 0 {
		n = 0
	}
	for i := range n {
		e := &p.raw[i]
		out[i] = event{
			slot: uint32(e.Fd), generation: uint32(e.Pad),
			in:  e.Events&(unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0,
			out: e.Events&(unix.EPOLLOUT|unix.EPOLLHUP|unix.EPOLLERR) != 0,
			end: e.Events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0,
		}
	}
	return n, nil
}

// call waits with a resolution of nanoseconds: the runtime's own timers, and
// epoll_wait, round up to whole milliseconds, which would be schedule lag.
func (p *poller) call(timeout time.Duration) (int, syscall.Errno) {
	if timeout <= 0 {
		n, _, errno := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.epoll),
			uintptr(unsafe.Pointer(&p.raw[0])), mostEvents, 0, 0, 0)
		return int(n), errno
	}
	spec := unix.NsecToTimespec(timeout.Nanoseconds())
	if !p.coarse {
		n, _, errno := syscall.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(p.epoll),
			uintptr(unsafe.Pointer(&p.raw[0])), mostEvents, uintptr(unsafe.Pointer(&spec)), 0, 0)
		if errno == 0 || errno == syscall.EINTR {
			return int(n), errno
		}
		p.coarse = true // an older kernel, or one whose filter does not know the call
	}
	fds := []unix.PollFd{{Fd: int32(p.epoll), Events: unix.POLLIN}}
	if _, err := unix.Ppoll(fds, &spec, nil); err != nil {
		var errno syscall.Errno
		if errors.As(err, &errno) && errno != syscall.EINTR {
			return 0, errno
		}
	}
	return p.call(0)
}

func (p *poller) wake() {
	one := [8]byte{1}
	_, _ = unix.Write(p.notify, one[:]) // full: it is awake anyway
}

func (p *poller) woken() {
	var count [8]byte
	_, _ = unix.Read(p.notify, count[:])
}

func (p *poller) close() {
	_ = unix.Close(p.notify)
	_ = unix.Close(p.epoll)
}
