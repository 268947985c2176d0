package h3

import (
	"encoding/binary"
	"slices"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	sendBuffer  = 64 << 10 // bytes that are collected at most
	sendBatch   = 32       // messages of one call
	maxSegments = 64       // what the kernel takes apart at most
	maxSegment  = 60 << 10 // bytes of it
)

// sender collects packets and sends them together.
type sender struct {
	v6 bool

	mu     sync.Mutex // of what is collected
	queue  batch
	spare  batch
	single bool // no segmentation offload

	sending sync.Mutex // of what is sent
	headers [sendBatch]mmsghdr
	control [sendBatch][controlSize]byte
	vectors []unix.Iovec
	counts  [sendBatch]int // packets of each message
}

// batch is packets that wait.
type batch struct {
	data []byte
	list []packet
}

// packet is a datagram, or several of one size, in data.
type packet struct {
	at, size int
	segment  uint16 // of several: their size
	ecn      byte
}

// add takes a packet. It says whether it is the first, and whether it is time
// to send.
func (s *sender) add(b, oob []byte) (first, full bool) {
	p := packet{size: len(b)}
	if p.segment, p.ecn = parseControl(oob); int(p.segment) >= p.size {
		p.segment = 0 // the library says so of single ones too
	}
	s.mu.Lock()
	first = len(s.queue.list) == 0
	p.at = len(s.queue.data)
	s.queue.data = append(s.queue.data, b...)
	s.queue.list = append(s.queue.list, p)
	full = len(s.queue.data) >= sendBuffer || len(s.queue.list) >= 2*maxSegments
	s.mu.Unlock()
	return first, full
}

// parseControl reads the control messages with which the library sends.
func parseControl(oob []byte) (segment uint16, ecn byte) {
	for len(oob) >= unix.CmsgLen(0) {
		h := (*unix.Cmsghdr)(unsafe.Pointer(&oob[0]))
		n := int(h.Len)
		if n <= unix.CmsgLen(0) || n > len(oob) {
			break
		}
		value := oob[unix.CmsgLen(0):n]
		switch {
		case h.Level == unix.SOL_UDP && h.Type == unix.UDP_SEGMENT && len(value) >= 2:
			segment = binary.NativeEndian.Uint16(value)
		case h.Level == unix.IPPROTO_IP && h.Type == unix.IP_TOS:
			ecn = value[0]
		case h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_TCLASS && len(value) >= 4:
			ecn = byte(binary.NativeEndian.Uint32(value))
		}
		oob = oob[min(len(oob), unix.CmsgSpace(len(value))):]
	}
	return segment, ecn
}

// flush sends all that was collected.
func (s *sender) flush(raw syscall.RawConn) error {
	s.sending.Lock()
	defer s.sending.Unlock()
	s.mu.Lock()
	b := s.queue
	s.queue = batch{s.spare.data[:0], s.spare.list[:0]}
	s.mu.Unlock()
	defer func() { s.spare = b }()
	// Packets of one size become neighbours. Of those of one connection, which
	// are seldom here together, a few may so change their places.
	if len(b.list) > 2 {
		slices.SortStableFunc(b.list, func(x, y packet) int {
			if x.ecn != y.ecn {
				return int(x.ecn) - int(y.ecn)
			}
			return y.length() - x.length()
		})
	}
	for list := b.list; len(list) > 0; {
		if s.single {
			list = apart(list)
		}
		messages, packets := s.prepare(b.data, list)
		sent, err := s.send(raw, messages)
		if err != nil {
			return err
		}
		if sent < messages {
			packets = 0
			for _, n := range s.counts[:sent] {
				packets += n
			}
		}
		list = list[packets:]
	}
	return nil
}

// apart makes a packet of every datagram.
func apart(list []packet) []packet {
	var out []packet
	for i, p := range list {
		if p.segment == 0 {
			if out != nil {
				out = append(out, p)
			}
			continue
		}
		if out == nil {
			out = append(out, list[:i]...)
		}
		for left := p.size; left > 0; left -= int(p.segment) {
			out = append(out, packet{at: p.at + p.size - left, size: min(left, int(p.segment)), ecn: p.ecn})
		}
	}
	if out == nil {
		return list
	}
	return out
}

// length is the size of the packet's datagrams.
func (p *packet) length() int {
	if p.segment > 0 {
		return int(p.segment)
	}
	return p.size
}

// prepare makes messages of the first packets and says how many of both.
func (s *sender) prepare(data []byte, list []packet) (messages, taken int) {
	s.vectors = slices.Grow(s.vectors[:0], len(list)) // pointers into it stay good
	for messages < sendBatch && taken < len(list) {
		first := list[taken]
		segment, from, bytes := first.length(), len(s.vectors), 0
		n := 0
		for n < maxSegments && taken+n < len(list) {
			p := list[taken+n]
			if n > 0 && (s.single || first.segment > 0 || p.segment > 0 || p.ecn != first.ecn || bytes+p.size > maxSegment) {
				break
			}
			v := unix.Iovec{Base: &data[p.at]}
			v.SetLen(p.size)
			s.vectors = append(s.vectors, v)
			bytes += p.size
			n++
			if p.size < segment { // only the last may be shorter
				break
			}
		}
		h := &s.headers[messages].hdr
		*h = unix.Msghdr{Iov: &s.vectors[from], Control: &s.control[messages][0]}
		h.SetIovlen(n)
		h.SetControllen(s.controls(messages, first, segment < bytes, segment))
		s.counts[messages] = n
		taken += n
		messages++
	}
	return messages, taken
}

// controls writes a message's control messages and returns their size.
func (s *sender) controls(i int, p packet, several bool, segment int) int {
	b := s.control[i][:0]
	if p.ecn != 0 {
		if s.v6 {
			b = appendControl(b, unix.IPPROTO_IPV6, unix.IPV6_TCLASS, uint32(p.ecn), 4)
		} else {
			b = appendControl(b, unix.IPPROTO_IP, unix.IP_TOS, uint32(p.ecn), 4)
		}
	}
	if several {
		b = appendControl(b, unix.SOL_UDP, unix.UDP_SEGMENT, uint32(segment), 2)
	}
	return len(b)
}

func appendControl(b []byte, level, kind int32, value uint32, size int) []byte {
	n := len(b)
	b = b[:n+unix.CmsgSpace(size)]
	clear(b[n:])
	h := (*unix.Cmsghdr)(unsafe.Pointer(&b[n]))
	h.Level, h.Type = level, kind
	h.SetLen(unix.CmsgLen(size))
	if size == 2 {
		binary.NativeEndian.PutUint16(b[n+unix.CmsgLen(0):], uint16(value))
	} else {
		binary.NativeEndian.PutUint32(b[n+unix.CmsgLen(0):], value)
	}
	return b
}

// send hands messages to the kernel and says how many it took. One that is too
// large for the path counts as sent.
func (s *sender) send(raw syscall.RawConn, n int) (sent int, err error) {
	var errno syscall.Errno
	err = raw.Write(func(fd uintptr) bool {
		for range 3 { // interrupted, or not permitted, which is seen on new sockets, once
			var r uintptr
			r, _, errno = syscall.RawSyscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&s.headers[0])), uintptr(n), unix.MSG_DONTWAIT, 0, 0)
			sent = int(r)
			if errno != unix.EINTR && errno != unix.EPERM {
				break
			}
		}
		return errno != unix.EAGAIN
	})
	switch {
	case err != nil || errno == 0:
		return sent, err
	case errno == unix.EMSGSIZE, errno == unix.ENOBUFS, errno == unix.EPERM, errno == unix.EINTR:
		return 1, nil
	case errno == unix.EIO && !s.single: // the device cannot do it
		s.single = true
		return 0, nil
	}
	return 0, errno
}
