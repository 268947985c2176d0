package loop

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"onrush.dev/onrush/internal/engine/httpload/proto"
)

func TestBytesGoBothWays(t *testing.T) {
	t.Parallel()
	for _, gather := range []bool{false, true} {
		l, s, got := runLoop(t), newSpeech(), make(chan string, 10)
		c, peer, owner := talking(t, l, s)
		do(t, l, func() {
			if gather {
				c.Gather()
			}
			s.receive = func(p []byte) error {
				got <- string(p)
				c.Write([]byte("you "))
				c.Write([]byte("too"))
				return nil
			}
		})
		mustWrite(t, peer, []byte("hello"))
		if text := take(t, got); text != "hello" {
			t.Errorf("received %q", text)
		}
		if text := mustRead(t, peer, 7); string(text) != "you too" {
			t.Errorf("the peer received %q", text)
		}
		_ = peer.Close()
		if err := take(t, s.ended); !errors.Is(err, io.EOF) {
			t.Errorf("Ended: %v, want the end of file", err)
		}
		if err := take(t, owner.lost); !errors.Is(err, io.EOF) {
			t.Errorf("Lost: %v", err)
		}
	}
}

func TestConnectFails(t *testing.T) {
	t.Parallel()
	l, n := runLoop(t), listen(t)
	gone := addrOf(n)
	_ = n.Close()
	for name, c := range map[string]struct {
		dial func(Owner) *Conn
		want error
	}{
		"Refused":      {func(o Owner) *Conn { return l.Dial(gone, noAddr, o) }, syscall.ECONNREFUSED},
		"NoLocal":      {func(o Owner) *Conn { return l.Dial(gone, netip.MustParseAddr("192.0.2.1"), o) }, syscall.EADDRNOTAVAIL},
		"NoSuchSocket": {func(o Owner) *Conn { return l.DialUnix(filepath.Join(t.TempDir(), "none"), o) }, syscall.ENOENT},
	} {
		owner := newEnd()
		var conn *Conn
		do(t, l, func() {
			conn = c.dial(owner)
			if len(owner.connected) > 0 {
				t.Errorf("%s: told within the dial", name)
			}
		})
		if err := take(t, owner.connected); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
		do(t, l, func() { conn.Close(true) }) // is closed already
	}
}

func TestWhoeverClosesIsNotTold(t *testing.T) {
	t.Parallel()
	l, n, owner := runLoop(t), listen(t), newEnd()
	do(t, l, func() { l.Dial(addrOf(n), noAddr, owner).Close(false) })
	do(t, l, func() { l.Dial(netip.MustParseAddrPort("127.0.0.1:1"), noAddr, owner).Close(false) })
	do(t, l, func() {})
	if len(owner.connected) > 0 {
		t.Error("an owner is told of a connection that it has closed")
	}
}

// TestEventsOfAConnectionThatIsGone: in one round the loop has events for two
// connections; the first one's session closes the other, and opens a new one,
// which gets its slot.
func TestEventsOfAConnectionThatIsGone(t *testing.T) {
	t.Parallel()
	l := runLoop(t)
	s1, s2 := newSpeech(), newSpeech()
	c1, peer1, _ := talking(t, l, s1)
	c2, peer2, _ := talking(t, l, s2)
	third, n := newEnd(), listen(t)
	swap := func(other *Conn) func([]byte) error {
		return func([]byte) error {
			s1.receive, s2.receive = nil, nil
			other.Close(false)
			l.Dial(addrOf(n), noAddr, third)
			return nil
		}
	}
	do(t, l, func() {
		s1.receive, s2.receive = swap(c2), swap(c1)
		mustWrite(t, peer1, []byte("x"))
		mustWrite(t, peer2, []byte("x"))
	})
	if err := take(t, third.connected); err != nil {
		t.Error(err)
	}
	do(t, l, func() {
		if a, b := c1.Open(), c2.Open(); a == b {
			t.Errorf("open are %v and %v, want one of them", a, b)
		}
	})
}

// TestOneSessionAtWorkHasTheBufferForItself while it makes the loop look at
// another connection.
func TestOneSessionAtWorkHasTheBufferForItself(t *testing.T) {
	t.Parallel()
	l, s1, s2 := runLoop(t), newSpeech(), newSpeech()
	_, peer1, _ := talking(t, l, s1)
	c2, peer2, _ := talking(t, l, s2)
	text, kept := bytes.Repeat([]byte("abc"), 1000), make(chan bool, 1)
	do(t, l, func() {
		mustWrite(t, peer2, bytes.Repeat([]byte("?"), 5000))
		waitFor(c2, unix.POLLIN)
		s1.receive = func(p []byte) error {
			before := bytes.Clone(p)
			quiet := c2.Quiet()
			kept <- quiet && bytes.Equal(p, before)
			return nil
		}
		s2.receive = func([]byte) error { return nil }
		mustWrite(t, peer1, text)
		// The other one's event is in the same round, and must not come first.
		l.handle(&event{slot: slotOf(peer1, l), generation: generationOf(peer1, l), in: true})
	})
	if !take(t, kept) {
		t.Error("what a session was reading was overwritten, or the other connection is gone")
	}
}

// slotOf finds the connection whose other end peer is.
func slotOf(peer net.Conn, l *Loop) uint32 {
	for i := range l.slots {
		if c := l.slots[i].conn; c != nil {
			if name, err := unix.Getsockname(c.fd); err == nil && addrText(name) == peer.RemoteAddr().String() {
				return uint32(i)
			}
		}
	}
	return wakeSlot
}

func generationOf(peer net.Conn, l *Loop) uint32 { return l.slots[slotOf(peer, l)].generation }

func addrText(name unix.Sockaddr) string {
	a, ok := name.(*unix.SockaddrInet4)
	if !ok {
		return ""
	}
	return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port)).String()
}

// waitFor holds the loop up until the kernel has something for a connection.
func waitFor(c *Conn, what int16) {
	fds := []unix.PollFd{{Fd: int32(c.fd), Events: what}}
	for fds[0].Revents == 0 {
		_, _ = unix.Poll(fds, int(patience/time.Millisecond))
	}
}

// TestResetWhileSending: the kernel tells the sending side of a reset, and then
// the receiving one of an end as if it were in good order.
func TestResetWhileSending(t *testing.T) {
	t.Parallel()
	l, s := runLoop(t), newSpeech()
	c, peer, _ := talking(t, l, s)
	do(t, l, func() {
		_ = peer.(*net.TCPConn).SetLinger(0)
		_ = peer.Close()
		waitFor(c, unix.POLLERR)
		c.Write([]byte("hello"))
		if c.Open() {
			t.Error("a broken connection is open")
		}
		select {
		case err := <-s.ended:
			t.Errorf("the session is told while it writes: %v", err)
		default:
		}
	})
	if err := take(t, s.ended); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("Ended: %v, want a reset", err)
	}
}

// TestTheAnswerBeforeTheResetCounts: what the peer has said before it went is read,
// although sending has failed meanwhile.
func TestTheAnswerBeforeTheResetCounts(t *testing.T) {
	t.Parallel()
	l, s, got := runLoop(t), newSpeech(), make(chan string, 1)
	c, peer, _ := talking(t, l, s)
	do(t, l, func() {
		s.receive = func(p []byte) error { got <- string(p); return nil }
		mustWrite(t, peer, []byte("no"))
		waitFor(c, unix.POLLIN)
		_ = peer.(*net.TCPConn).SetLinger(0)
		_ = peer.Close()
		waitFor(c, unix.POLLERR)
		c.Write([]byte("hello"))
	})
	if text := take(t, got); text != "no" {
		t.Errorf("received %q", text)
	}
	take(t, s.ended)
}

func TestLinger(t *testing.T) {
	t.Parallel()
	l, s := runLoop(t), newSpeech()
	used := func() (n int) {
		for i := range l.slots {
			if l.slots[i].conn != nil {
				n++
			}
		}
		return n
	}
	c, peer, owner := talking(t, l, s)
	do(t, l, func() {
		c.Linger(time.Hour)
		if used() != 1 || len(l.timers) != 1 {
			t.Errorf("%d connections, %d timers; want one of each", used(), len(l.timers))
		}
	})
	mustWrite(t, peer, []byte("behind the end"))
	_ = peer.Close()
	for done := false; !done; time.Sleep(time.Millisecond) {
		do(t, l, func() { done = used() == 0 && len(l.timers) == 0 })
	}
	if len(s.ended)+len(owner.lost) > 0 {
		t.Error("somebody is told of a connection that he has let go")
	}
	c, peer, _ = talking(t, l, newSpeech())
	do(t, l, func() { c.Linger(time.Millisecond) })
	if n, err := peer.Read(make([]byte, 1)); n > 0 || err == nil {
		t.Errorf("read %d, %v; want an end", n, err)
	}
}

// TestChargeIsNeverLessThanNothing and in sum what the socket carried.
func TestChargeIsNeverLessThanNothing(t *testing.T) {
	t.Parallel()
	l, s := runLoop(t), newSpeech()
	c, peer, _ := talking(t, l, s)
	const size = 8 << 20
	do(t, l, func() {
		c.Write(make([]byte, size)) // more than the socket takes
		if t1 := c.Charge(proto.Traffic{Out: 100}); t1.Out != 0 || t1.In != 0 {
			t.Errorf("an exchange of 100 bytes behind one of 8 MiB is charged %+v", t1)
		}
	})
	mustRead(t, peer, size)
	do(t, l, func() {})
	var sum int64
	for sum < size {
		do(t, l, func() {
			if len(c.out) == 0 {
				sum = c.Charge(proto.Traffic{Out: size - 100}).Out
			}
		})
		if sum != 0 && sum != size {
			t.Fatalf("all exchanges are charged %d bytes, want %d", sum, size)
		}
	}
}
