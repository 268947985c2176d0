package h3

import (
	"errors"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

// packets is a connected UDP socket as the library wants sockets to be, but for
// two things. Packets to be sent are collected while anybody else has work, and
// leave together in one system call, those of one size as one send with
// segmentation offload, whosever connections they are of: the server sees the
// same datagrams. And what comes is received in batches, with what the kernel
// has coalesced taken apart here.
type packets struct {
	*net.UDPConn
	raw  syscall.RawConn
	addr *net.UDPAddr // of the other end
	dead atomic.Bool  // a read or a write failed for good

	alone bool // one connection has the socket for itself: nothing to wait for
	in    receiver
	out   sender
	bell  chan struct{} // there is something to send
	over  chan struct{}
	once  sync.Once

	failing sync.Mutex
	err     error // what a send failed with
}

// openPackets opens the socket of a route, which belongs to the group.
func openPackets(r route, g *Group) (*packets, error) {
	c, err := dialUDP(r)
	if err != nil {
		return nil, err
	}
	p, err := newPackets(c, r.remote, g)
	if err != nil {
		_ = c.Close()
	}
	return p, err
}

func newPackets(c *net.UDPConn, remote netip.AddrPort, g *Group) (*packets, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	p := &packets{
		UDPConn: c, raw: raw, addr: net.UDPAddrFromAddrPort(remote),
		bell: make(chan struct{}, 1), over: make(chan struct{}), alone: g.perSocket == 1,
	}
	p.in.prepare(raw, g)
	p.out.v6 = remote.Addr().Is6()
	if !p.alone {
		go p.flusher()
	}
	return p, nil
}

// Close closes the socket, after what waits has been sent, and ends its
// goroutine: the word that ends a connection is the last to be sent.
func (p *packets) Close() error {
	p.once.Do(func() { close(p.over) })
	p.flush()
	return p.UDPConn.Close()
}

// WriteMsgUDP takes a packet, or several to be segmented, to be sent soon. An
// error is one of an earlier call. What is too large for the path is dropped,
// which the library's search for the path's limit expects.
func (p *packets) WriteMsgUDP(b, oob []byte, _ *net.UDPAddr) (n, oobn int, err error) {
	if p.dead.Load() {
		return 0, 0, p.failure()
	}
	if first, full := p.out.add(b, oob); full || p.alone {
		p.flush()
	} else if first {
		select {
		case p.bell <- struct{}{}:
		default:
		}
	}
	return len(b), len(oob), nil
}

// flusher sends what was collected. It gives way first, so that everybody who
// can run adds to it.
func (p *packets) flusher() {
	for {
		select {
		case <-p.bell:
			runtime.Gosched()
			p.flush()
		case <-p.over:
			return
		}
	}
}

func (p *packets) flush() {
	if err := p.out.flush(p.raw); err != nil {
		p.fail(err)
	}
}

// fail makes every further call fail, and the one that reads now.
func (p *packets) fail(err error) {
	p.failing.Lock()
	if p.err == nil {
		p.err = err
	}
	p.failing.Unlock()
	p.dead.Store(true)
	_ = p.SetReadDeadline(time.Unix(1, 0))
}

func (p *packets) failure() error {
	p.failing.Lock()
	defer p.failing.Unlock()
	return p.err
}

// ReadBatch receives packets into ms. One goroutine calls it.
func (p *packets) ReadBatch(ms []ipv4.Message, _ int) (int, error) {
	for {
		if n := p.in.hand(ms, p.addr); n > 0 {
			return n, nil
		}
		if err := p.in.receive(p.raw); err != nil {
			if sent := p.failure(); sent != nil {
				return 0, sent
			}
			var errno syscall.Errno
			if errors.As(err, &errno) {
				p.fail(errno)
				return 0, errno
			}
			return 0, err
		}
	}
}

// sockopt sets an option and lets it be where the kernel does not know it.
func sockopt(raw syscall.RawConn, level, name, value int) (ok bool) {
	_ = raw.Control(func(fd uintptr) { ok = unix.SetsockoptInt(int(fd), level, name, value) == nil })
	return ok
}
