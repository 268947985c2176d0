package loop

import (
	"os"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What the kernel calls things; see io_uring_enter(2) and its kin.
const (
	sysSetup, sysEnter, sysRegister = unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER

	setupCQSize, setupDisabled, setupSubmitAll = 1 << 3, 1 << 6, 1 << 7
	setupSingle, setupDefer, setupNoArray      = 1 << 12, 1 << 13, 1 << 16

	enterEvents, enterExtended = 1 << 0, 1 << 3

	registerEnable, registerBuffers = 12, 22

	opPoll, opCancel, opSend, opRecv = 6, 14, 26, 27

	sqeBufferSelect, sqeSkipSuccess = 1 << 5, 1 << 6
	recvMultishot                   = 1 << 1
	cqeBuffer, cqeMore              = 1 << 0, 1 << 1

	offSQ, offSQEs = 0, 0x10000000
)

type sqe struct {
	op, flags uint8
	prio      uint16
	fd        int32
	off       uint64
	addr      uint64
	len       uint32
	opFlags   uint32
	user      uint64
	group     uint16
	_         [22]byte
}

type cqe struct {
	user  uint64
	res   int32
	flags uint32
}

type ringBuffer struct {
	addr uint64
	len  uint32
	id   uint16
	tail uint16 // of the ring, in its first entry
}

type ringParams struct {
	sqEntries, cqEntries, flags, cpu, idle, features, wq uint32
	_                                                    [3]uint32
	sq                                                   struct {
		head, tail, mask, entries, flags, dropped, array, _ uint32
		_                                                   uint64
	}
	cq struct {
		head, tail, mask, entries, overflow, cqes, flags, _ uint32
		_                                                   uint64
	}
}

type enterArg struct {
	mask    uint64
	size    uint32
	_       uint32
	timeout uint64
}

func openRing(l *Loop) (*ring, error) {
	p := ringParams{
		flags:     setupCQSize | setupDisabled | setupSubmitAll | setupSingle | setupDefer | setupNoArray,
		cqEntries: ringAnswers,
	}
	fd, _, errno := syscall.Syscall(sysSetup, ringEntries, uintptr(unsafe.Pointer(&p)), 0)
	if errno != 0 {
		return nil, os.NewSyscallError("io_uring_setup", errno)
	}
	r := &ring{l: l, fd: int(fd), slab: make([]byte, 0, slabSize)}
	if err := r.mapAll(&p); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (r *ring) mapAll(p *ringParams) (err error) {
	const prot, flags = unix.PROT_READ | unix.PROT_WRITE, unix.MAP_SHARED | unix.MAP_POPULATE
	if r.mem, err = unix.Mmap(r.fd, offSQ, int(p.cq.cqes+p.cqEntries*uint32(unsafe.Sizeof(cqe{}))), prot, flags); err != nil {
		return os.NewSyscallError("mmap", err)
	}
	if r.subs, err = unix.Mmap(r.fd, offSQEs, int(p.sqEntries)*int(unsafe.Sizeof(sqe{})), prot, flags); err != nil {
		return os.NewSyscallError("mmap", err)
	}
	at := func(off uint32) *uint32 { return (*uint32)(unsafe.Pointer(&r.mem[off])) }
	r.sqHead, r.sqTail, r.cqHead, r.cqTail = at(p.sq.head), at(p.sq.tail), at(p.cq.head), at(p.cq.tail)
	r.sqes = unsafe.Slice((*sqe)(unsafe.Pointer(&r.subs[0])), p.sqEntries)
	r.cqes = unsafe.Slice((*cqe)(unsafe.Pointer(&r.mem[p.cq.cqes])), p.cqEntries)

	const anon = unix.MAP_PRIVATE | unix.MAP_ANON
	if r.bufRing, err = unix.Mmap(-1, 0, ringBuffers*int(unsafe.Sizeof(ringBuffer{})), prot, anon); err != nil {
		return os.NewSyscallError("mmap", err)
	}
	if r.bufMem, err = unix.Mmap(-1, 0, ringBuffers*bufferStride, prot, anon); err != nil {
		return os.NewSyscallError("mmap", err)
	}
	r.bufs = unsafe.Slice((*ringBuffer)(unsafe.Pointer(&r.bufRing[0])), ringBuffers)
	reg := struct {
		addr       uint64
		entries    uint32
		group, flg uint16
		_          [3]uint64
	}{addr: uint64(uintptr(unsafe.Pointer(&r.bufRing[0]))), entries: ringBuffers}
	if err := r.register(registerBuffers, unsafe.Pointer(&reg), 1); err != nil {
		return err
	}
	for i := range ringBuffers {
		r.give(uint16(i))
	}
	return nil
}

func (r *ring) register(op uintptr, arg unsafe.Pointer, n uintptr) error {
	if _, _, errno := syscall.Syscall6(sysRegister, uintptr(r.fd), op, uintptr(arg), n, 0, 0); errno != 0 {
		return os.NewSyscallError("io_uring_register", errno)
	}
	return nil
}

// enable makes the calling thread the one that the ring is for.
func (r *ring) enable() error {
	err := r.register(registerEnable, nil, 0)
	r.live = err == nil
	return err
}

// end closes the ring once the kernel has let go of all sockets.
func (r *ring) end() {
	if r.live {
		_ = r.enter(0, enterEvents, nil)
	}
	r.close()
}

func (r *ring) close() {
	_ = unix.Close(r.fd)
	for _, m := range [][]byte{r.mem, r.subs, r.bufRing, r.bufMem} {
		if m != nil {
			_ = unix.Munmap(m)
		}
	}
}

// give lets the kernel have a buffer.
func (r *ring) give(id uint16) {
	b := &r.bufs[r.bufTail&(ringBuffers-1)]
	b.addr = uint64(uintptr(unsafe.Pointer(&r.bufMem[int(id)*bufferStride])))
	b.len, b.id = bufferStride-320, id
	r.bufTail++
	// The tail shares a word with the number of the first entry.
	first := (*uint32)(unsafe.Pointer(&r.bufs[0].id))
	atomic.StoreUint32(first, uint32(r.bufs[0].id)|uint32(r.bufTail)<<16)
}
