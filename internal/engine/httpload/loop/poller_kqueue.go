//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package loop

import (
	"errors"
	"fmt"
	"math"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// poller is kqueue, told of changes only (EV_CLEAR), as epoll is on Linux.
type poller struct {
	queue int
	pipe  [2]int
	raw   [mostEvents]unix.Kevent_t
}

// event is what the kernel says of a connection.
type event struct {
	slot, generation uint32
	in, out, end     bool
}

const wakeSlot = math.MaxUint32

func (p *poller) open() error {
	var err error
	if p.queue, err = unix.Kqueue(); err != nil {
		return fmt.Errorf("create kqueue: %w", err)
	}
	unix.CloseOnExec(p.queue)
	if err := unix.Pipe(p.pipe[:]); err != nil {
		_ = unix.Close(p.queue)
		return fmt.Errorf("create pipe: %w", err)
	}
	for _, fd := range p.pipe {
		unix.CloseOnExec(fd)
		_ = unix.SetNonblock(fd, true)
	}
	return p.watch(p.pipe[0], wakeSlot, 0, unix.EVFILT_READ)
}

func (p *poller) add(fd int, slot, generation uint32) error {
	return errors.Join(
		p.watch(fd, slot, generation, unix.EVFILT_READ),
		p.watch(fd, slot, generation, unix.EVFILT_WRITE),
	)
}

func (p *poller) watch(fd int, slot, generation uint32, filter int) error {
	var k unix.Kevent_t
	unix.SetKevent(&k, fd, filter, unix.EV_ADD|unix.EV_CLEAR)
	tag := uint64(generation)<<32 | uint64(slot)
	*(*uint64)(unsafe.Pointer(&k.Udata)) = tag
	_, err := unix.Kevent(p.queue, []unix.Kevent_t{k}, nil, nil)
	return err
}

func (p *poller) wait(out []event, timeout time.Duration) (int, error) {
	spec := unix.NsecToTimespec(max(0, timeout.Nanoseconds()))
	n, err := unix.Kevent(p.queue, nil, p.raw[:], &spec)
	if errors.Is(err, unix.EINTR) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("wait for events: %w", err)
	}
	for i := range n {
		k := &p.raw[i]
		tag := *(*uint64)(unsafe.Pointer(&k.Udata))
		end := k.Flags&unix.EV_EOF != 0
		out[i] = event{
			slot: uint32(tag), generation: uint32(tag >> 32),
			in: int(k.Filter) == unix.EVFILT_READ || end, out: int(k.Filter) == unix.EVFILT_WRITE || end, end: end,
		}
	}
	return n, nil
}

func (p *poller) wake() { _, _ = unix.Write(p.pipe[1], []byte{1}) }

func (p *poller) woken() {
	var some [64]byte
	for {
		if n, err := unix.Read(p.pipe[0], some[:]); n < len(some) || err != nil {
			return
		}
	}
}

func (p *poller) close() {
	_ = unix.Close(p.pipe[0])
	_ = unix.Close(p.pipe[1])
	_ = unix.Close(p.queue)
}
