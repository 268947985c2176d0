package httpload

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// clock sleeps to some 60 µs. The runtime's own timers round up to whole
// milliseconds in a process that is otherwise idle, which would be seen as
// schedule lag; spinning would take from the requests what it gives to the
// pace. A timerfd does neither: the kernel wakes the poller when it is due.
type clock struct {
	file *os.File
	fd   int
}

func newClock() (*clock, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	return &clock{os.NewFile(uintptr(fd), "timerfd"), fd}, nil
}

// sleep waits for d, which should be short: nothing can interrupt it.
func (c *clock) sleep(d time.Duration) {
	if d <= 0 {
		return
	}
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}
	var count [8]byte
	if err := unix.TimerfdSettime(c.fd, 0, &spec, nil); err == nil {
		_, err = c.file.Read(count[:])
		if err == nil {
			return
		}
	}
	<-time.After(d)
}

func (c *clock) close() { _ = c.file.Close() }
