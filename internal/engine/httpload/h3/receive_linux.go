package h3

import (
	"encoding/binary"
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

const (
	receiveBatch = 8        // most       // datagrams, or runs of them, in one call
	controlSize  = 64       // for the type of service and the size of a segment
	maxDatagram  = 64 << 10 // with what the kernel coalesced
)

// mmsghdr is what recvmmsg and sendmmsg take.
type mmsghdr struct {
	hdr unix.Msghdr
	len uint32
	_   [4]byte
}

// receiver receives in batches. Its buffers are lent by the group as long as
// there is something in them, so an idle socket has none.
type receiver struct {
	group   *Group
	batch   int // datagrams, or runs of them, in one call
	headers [receiveBatch]mmsghdr
	vectors [receiveBatch]unix.Iovec
	chunks  [receiveBatch]*chunk
	control [receiveBatch][controlSize]byte

	have, next int // messages received, and the one that is handed out now
	at         int // where in it
	count      int // what the last call returned
	errno      syscall.Errno
	call       func(fd uintptr) bool
}

func (r *receiver) prepare(raw syscall.RawConn, g *Group) {
	r.group, r.batch = g, receiveBatch
	if g.perSocket == 1 {
		r.batch = 2 // what comes for one connection comes coalesced
	}
	sockopt(raw, unix.SOL_UDP, unix.UDP_GRO, 1)
	r.call = func(fd uintptr) bool {
		r.lend(true)
		errno := syscall.EINTR
		var n uintptr
		for errno == unix.EINTR {
			n, _, errno = syscall.RawSyscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&r.headers[0])), uintptr(r.batch), unix.MSG_DONTWAIT, 0, 0)
		}
		r.count, r.errno = int(n), errno
		if errno == unix.EAGAIN {
			r.lend(false)
			return false
		}
		return true
	}
}

// lend gives the headers buffers, or takes them back.
func (r *receiver) lend(give bool) {
	for i := range r.batch {
		if !give {
			if r.chunks[i] != nil {
				r.group.put(r.chunks[i])
				r.chunks[i] = nil
			}
			continue
		}
		if r.chunks[i] == nil {
			r.chunks[i] = r.group.chunk(true)
		}
		h := &r.headers[i].hdr
		r.vectors[i].Base = &r.chunks[i].buf[0]
		r.vectors[i].SetLen(maxDatagram)
		h.Iov = &r.vectors[i]
		h.SetIovlen(1)
		h.Control = &r.control[i][0]
		h.SetControllen(controlSize)
	}
}

// receive waits until there is something and takes it.
func (r *receiver) receive(raw syscall.RawConn) error {
	r.have, r.next, r.at = 0, 0, 0
	err := raw.Read(r.call)
	if err == nil && r.errno != 0 {
		err = r.errno
	}
	if err != nil {
		r.lend(false)
		return err
	}
	r.have = r.count
	return nil
}

// hand copies datagrams out to ms and says how many.
func (r *receiver) hand(ms []ipv4.Message, from *net.UDPAddr) int {
	n := 0
	for n < len(ms) && r.next < r.have {
		h := &r.headers[r.next]
		control := r.control[r.next][:h.hdr.Controllen]
		data := r.chunks[r.next].buf[r.at:h.len]
		if size := segmentSize(control); size > 0 && size < len(data) {
			data = data[:size]
		}
		m := &ms[n]
		m.N = copy(m.Buffers[0], data)
		m.NN = copy(m.OOB, control)
		m.Flags, m.Addr = 0, from
		n++
		if r.at += len(data); r.at >= int(h.len) {
			r.next, r.at = r.next+1, 0
		}
	}
	return n
}

// segmentSize is the size of the datagrams that were coalesced into one; 0 when
// there is but one.
func segmentSize(control []byte) int {
	for len(control) >= unix.CmsgLen(0) {
		h := (*unix.Cmsghdr)(unsafe.Pointer(&control[0]))
		n := int(h.Len)
		if n < unix.CmsgLen(0) || n > len(control) {
			return 0
		}
		if h.Level == unix.SOL_UDP && h.Type == unix.UDP_GRO && n >= unix.CmsgLen(2) {
			return int(binary.NativeEndian.Uint16(control[unix.CmsgLen(0):]))
		}
		control = control[min(len(control), unix.CmsgSpace(n-unix.CmsgLen(0))):]
	}
	return 0
}
