package loop

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

// TestEndsAreKnownAtOnce: in one round there are bytes for one connection and the
// end of another one, and it does not matter which event comes first.
func TestEndsAreKnownAtOnce(t *testing.T) {
	t.Parallel()
	l, s1, s2 := runLoop(t), newSpeech(), newSpeech()
	c1, peer1, _ := talking(t, l, s1)
	c2, peer2, _ := talking(t, l, s2)
	var open []bool
	done := make(chan struct{}, 2)
	note := func(p []byte) error { open = append(open, c1.Open() || c2.Open()); done <- struct{}{}; return nil }
	do(t, l, func() {
		s1.receive, s2.receive = note, note
		for _, peer := range []net.Conn{peer1, peer2} {
			mustWrite(t, peer, []byte("bye"))
			_ = peer.Close()
		}
		waitFor(c1, unix.POLLRDHUP)
		waitFor(c2, unix.POLLRDHUP)
	})
	take(t, done)
	take(t, done)
	do(t, l, func() {
		if open[0] || open[1] {
			t.Errorf("connections that are over look open: %v", open)
		}
	})
}

// TestSmallBehindLarge: while much of a body is to come, the kernel wakes the
// loop for heaps only. The small response behind it must wake it, too, even if the
// rest of the body came at once.
func TestSmallBehindLarge(t *testing.T) {
	t.Parallel()
	l, s, got := runLoop(t), newSpeech(), make(chan string, 1)
	c, peer, _ := talking(t, l, s)
	const rest = 64 << 10
	do(t, l, func() {
		s.receive = func(p []byte) error { got <- string(p); return nil }
		s.skip = rest
		c.await(2 << 20)
		mustWrite(t, peer, make([]byte, rest))
		for n := 0; n < rest; { // hold the loop up until all of it is here
			n, _ = unix.IoctlGetInt(c.fd, unix.TIOCINQ)
		}
		c.receive(false)
		if s.skipped != rest {
			t.Errorf("%d bytes were skipped, want %d", s.skipped, rest)
		}
	})
	mustWrite(t, peer, []byte("small"))
	if text := take(t, got); text != "small" {
		t.Errorf("received %q", text)
	}
}
