package loop

import (
	"io"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	ringEntries = 256 // submissions that may be gathered
	ringBuffers = 512
	// mostMembers connections may be the ring's, so that what can be answered in one
	// round, at worst, has room among the answers. The others stay with the poller.
	mostMembers = 2048
	ringAnswers = 4 * mostMembers
	// bufferStride is no power of two, so that the beginnings of all buffers do
	// not fall into the same lines of the cache.
	bufferStride = 4096 + 320
	slabSize     = 64 << 10 // of what is gathered to be sent
	// mostGathered pieces may wait for the end of the round: each of them adds to
	// the latency of the others.
	mostGathered = 128
	pieceSize    = 4 << 10 // what is larger is sent at once
)

// joinAfter is how often a connection receives before it joins the ring: for one
// that serves a single request it would not pay.
const joinAfter = 2

// Kinds of submissions, in the uppermost bits of what comes back with an answer.
const (
	kindNone = iota << 62
	kindRecv
	kindSend
	kindPoll
	kindMask = 3 << 62
)

// ring has the kernel receive into buffers of its choice for connections in
// clear text, and gathers what they send until the loop waits: one system call
// for a round instead of two for a request. All else stays with the poller, which
// the ring watches.
type ring struct {
	l    *Loop
	fd   int
	mem  []byte // both rings
	subs []byte // the submissions

	sqes           []sqe
	sqHead, sqTail *uint32
	tail, sent     uint32 // ours, and how far the kernel has it

	cqes           []cqe
	cqHead, cqTail *uint32
	head, foreseen uint32 // handled, and seen

	bufRing []byte // what the kernel may use
	bufMem  []byte
	bufs    []ringBuffer
	bufTail uint16

	slab    []byte        // what is gathered to be sent
	pending []gathered    // by the number that an answer to a send has
	polling bool          // the poller is watched
	polled  bool          // it has something
	live    bool          // enabled
	members int           // connections that are the ring's
	spec    unix.Timespec // how long to wait; here, because it must not move
}

// gathered is a submission of a connection that the kernel has not seen: its file's
// number must stay, and what it sends.
type gathered struct {
	c    *Conn
	data []byte
}

// next is a free submission.
func (r *ring) next() *sqe {
	if r.tail-r.sent == uint32(len(r.sqes)) {
		r.submit()
	}
	s := &r.sqes[r.tail&uint32(len(r.sqes)-1)]
	r.tail++
	*s = sqe{}
	return s
}

// user is what comes back with answers for the connection.
func (r *ring) user(c *Conn) uint64 {
	return kindRecv | uint64(r.l.slots[c.slot].generation&(1<<30-1))<<32 | uint64(c.slot)
}

// conn is whose an answer is; nil when it is gone.
func (r *ring) conn(user uint64) *Conn {
	s := &r.l.slots[uint32(user)]
	if s.conn == nil || uint64(s.generation&(1<<30-1)) != user>>32&(1<<30-1) {
		return nil
	}
	return s.conn
}

// join takes a connection over from the poller.
func (r *ring) join(c *Conn) {
	if r.members == mostMembers || r.l.poll.remove(c.fd) != nil {
		return
	}
	r.members++
	c.ringed = true
	r.arm(c)
}

// arm begins to receive, until the kernel says that it has ended.
func (r *ring) arm(c *Conn) {
	s := r.next()
	s.op, s.flags, s.prio, s.fd, s.user = opRecv, sqeBufferSelect, recvMultishot, int32(c.fd), r.user(c)
	c.pending = true
	r.pending = append(r.pending, gathered{c: c})
}

// part gives a connection back to the poller, once the kernel has answered.
func (r *ring) part(c *Conn) {
	if !c.parted {
		c.parted = true
		r.cancel(c)
	}
}

// cancel ends the receiving, and with it the ring's hold on the socket.
func (r *ring) cancel(c *Conn) {
	s := r.next()
	s.op, s.flags, s.fd, s.addr = opCancel, sqeSkipSuccess, -1, r.user(c)
}

// released is told before a connection's socket is closed.
func (r *ring) released(c *Conn) {
	if c.pending {
		r.submit()
	}
	c.ringed = false
	r.members--
	r.cancel(c)
}

// send gathers a piece, and says whether it has.
func (r *ring) send(c *Conn, p []byte) bool {
	if len(p) == 0 || len(p) > pieceSize {
		return false
	}
	if len(r.slab)+len(p) > cap(r.slab) {
		r.submit()
	}
	s := r.next()
	n := len(r.slab)
	r.slab = append(r.slab, p...)
	data := r.slab[n:]
	s.op, s.flags, s.fd = opSend, sqeSkipSuccess, int32(c.fd)
	s.addr, s.len = uint64(uintptr(unsafe.Pointer(&data[0]))), uint32(len(data))
	s.opFlags = unix.MSG_NOSIGNAL | unix.MSG_DONTWAIT | unix.MSG_WAITALL
	s.user = kindSend | uint64(len(r.pending))
	c.pending = true
	r.pending = append(r.pending, gathered{c: c, data: data})
	if len(r.pending) >= mostGathered {
		r.submit()
	}
	return true
}

// submit sends what is gathered. An error comes back from the next wait.
func (r *ring) submit() { _ = r.enter(0, 0, nil) }

// enter submits, and with flags waits. Sends have been tried when it returns.
func (r *ring) enter(least, flags uintptr, spec *unix.Timespec) error {
	n := r.tail - r.sent
	if n == 0 && flags == 0 {
		return nil
	}
	atomic.StoreUint32(r.sqTail, r.tail)
	var errno syscall.Errno
	for {
		if spec == nil {
			_, _, errno = syscall.RawSyscall6(sysEnter, uintptr(r.fd), uintptr(n), least, flags, 0, 0)
		} else {
			arg := enterArg{timeout: uint64(uintptr(unsafe.Pointer(spec)))}
			_, _, errno = syscall.Syscall6(sysEnter, uintptr(r.fd), uintptr(n), least, flags|enterExtended, uintptr(unsafe.Pointer(&arg)), unsafe.Sizeof(arg))
		}
		r.sent = atomic.LoadUint32(r.sqHead)
		n = r.tail - r.sent
		if n == 0 {
			break
		}
		if !passes(errno) {
			return os.NewSyscallError("io_uring_enter", errno)
		}
		spec, least = nil, 0
	}
	r.settle()
	if !passes(errno) {
		return os.NewSyscallError("io_uring_enter", errno)
	}
	return nil
}

// passes says whether it is no error, or one of the moment.
func passes(errno syscall.Errno) bool {
	switch errno {
	case 0, syscall.EINTR, syscall.EAGAIN, syscall.ETIME, syscall.EBUSY:
		return true
	}
	return false
}

// settle looks at answers as soon as they are there: at sends that were not taken
// whole (only they are answered), and at ends, which have to be known early.
func (r *ring) settle() {
	for tail := atomic.LoadUint32(r.cqTail); r.foreseen != tail; r.foreseen++ {
		a := &r.cqes[r.foreseen&uint32(len(r.cqes)-1)]
		switch a.user & kindMask {
		case kindPoll:
			r.polling, r.polled = false, true
		case kindRecv:
			if c := r.conn(a.user); c != nil {
				c.waiting++
				if a.res == 0 || (a.res < 0 && syscall.Errno(-a.res) != syscall.ENOBUFS && syscall.Errno(-a.res) != syscall.ECANCELED) {
					c.ended = true
				}
			}
		case kindSend:
			p := r.pending[a.user&^uint64(kindMask)]
			if a.res < 0 && syscall.Errno(-a.res) != syscall.EAGAIN {
				p.c.breakSoon(mapErrno("write", syscall.Errno(-a.res)))
			} else if n := max(a.res, 0); int(n) < len(p.data) {
				p.c.out = append(p.c.out, p.data[n:]...)
				r.part(p.c)
			}
		}
	}
	for i := range r.pending {
		r.pending[i].c.pending = false
		r.pending[i] = gathered{}
	}
	r.pending, r.slab = r.pending[:0], r.slab[:0]
}

// wait submits all, waits, and says whether the poller has something.
func (r *ring) wait(timeout time.Duration) (bool, error) {
	if !r.polling {
		r.polling = true
		s := r.next()
		s.op, s.fd, s.opFlags, s.user = opPoll, int32(r.l.poll.epoll), unix.POLLIN, kindPoll
	}
	var err error
	if timeout <= 0 || r.head != atomic.LoadUint32(r.cqTail) {
		err = r.enter(0, enterEvents, nil)
	} else {
		r.spec = unix.NsecToTimespec(timeout.Nanoseconds())
		err = r.enter(1, enterEvents, &r.spec)
	}
	polled := r.polled
	r.polled = false
	return polled, err
}

// complete handles the answers there are.
func (r *ring) complete() {
	for tail := r.foreseen; r.head != tail; {
		a := &r.cqes[r.head&uint32(len(r.cqes)-1)]
		answer := *a
		a.user = kindNone
		r.head++
		atomic.StoreUint32(r.cqHead, r.head)
		if answer.user&kindMask == kindRecv {
			r.received(&answer)
			r.l.timers.fire(r.l)
			r.l.flush()
		}
	}
}

// catchUp handles answers for a connection ahead of others'.
func (r *ring) catchUp(c *Conn) {
	for i := r.head; c.waiting > 0 && i != r.foreseen; i++ {
		a := &r.cqes[i&uint32(len(r.cqes)-1)]
		if a.user&kindMask == kindRecv && r.conn(a.user) == c {
			answer := *a
			a.user = kindNone
			r.received(&answer)
		}
	}
}

// received handles an answer: what came, or why nothing comes any more.
func (r *ring) received(a *cqe) {
	c := r.conn(a.user)
	if c != nil {
		c.waiting--
		c.written = 0
		r.l.Now()
		if err := r.deliver(c, a); err != nil {
			c.fail(err)
		}
	}
	if a.flags&cqeBuffer != 0 {
		r.give(uint16(a.flags >> 16))
	}
	if c == nil || a.flags&cqeMore != 0 || c.state == closed || !c.ringed {
		return
	}
	if !c.parted {
		r.arm(c)
		return
	}
	r.members--
	c.ringed, c.drained = false, false
	if err := r.l.poll.add(c.fd, c.slot, r.l.slots[c.slot].generation); err != nil {
		c.fail(err)
	}
}

// deliver hands what came to the session.
func (r *ring) deliver(c *Conn, a *cqe) error {
	if a.res <= 0 {
		errno := syscall.Errno(-a.res)
		switch {
		case errno == syscall.ENOBUFS || errno == syscall.ECANCELED:
			return nil
		case c.state == lingering:
			c.Close(false)
			return nil
		case errno == 0:
			return io.EOF
		}
		return mapErrno("read", errno)
	}
	if c.state != open {
		return nil
	}
	id := int(a.flags >> 16)
	if err := c.session.Receive(r.bufMem[id*bufferStride:][:a.res]); err != nil || c.state != open {
		return err
	}
	if c.session.Skippable() >= skipFrom {
		r.part(c)
	}
	return nil
}

// UseRing has the loop use io_uring beside its poller. It is called before the
// first Dial; after an error the loop does without.
func (l *Loop) UseRing() error {
	r, err := openRing(l)
	if err != nil {
		return err
	}
	l.ring = r
	return nil
}

// join has the ring take the connection over, once it has proved to live.
func (c *Conn) join() {
	if c.l.ring == nil || c.ringed || c.parted || c.tls != nil || !c.stream {
		return
	}
	if c.heard++; c.heard < joinAfter || !c.Open() || len(c.out) > 0 || c.queued || c.session.Skippable() >= skipFrom {
		c.heard = min(c.heard, joinAfter)
		return
	}
	c.l.ring.join(c)
}
