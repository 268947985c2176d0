package loop

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

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

// TestSlowEndOfALargeBody comes byte by byte.
func TestSlowEndOfALargeBody(t *testing.T) {
	t.Parallel()
	l, s := runLoop(t), newSpeech()
	_, peer, _ := talking(t, l, s)
	const size, slow = 3 << 20, 20
	do(t, l, func() {
		s.skip = size
		s.receive = func(p []byte) error { s.skip -= int64(len(p)); return nil } // the end is not worth it
	})
	mustWrite(t, peer, make([]byte, size-slow))
	for range slow {
		time.Sleep(time.Millisecond)
		mustWrite(t, peer, []byte("x"))
	}
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		var left int64
		do(t, l, func() { left = s.skip })
		if left == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d bytes are still to come", left)
		}
	}
}

// TestEndWithinALargeBody is noticed although a heap has not come together.
func TestEndWithinALargeBody(t *testing.T) {
	t.Parallel()
	l, s := runLoop(t), newSpeech()
	c, peer, _ := talking(t, l, s)
	do(t, l, func() { s.skip = 1 << 30 })
	mustWrite(t, peer, make([]byte, 100_000))
	for lowat := int32(0); lowat == 0; time.Sleep(time.Millisecond) {
		do(t, l, func() { lowat = c.lowat })
	}
	mustWrite(t, peer, []byte("a little more"))
	_ = peer.Close()
	take(t, s.ended)
	do(t, l, func() {
		if s.skipped != 100_013 {
			t.Errorf("%d bytes were skipped", s.skipped)
		}
	})
}

// TestGreedyConnectionsTakeTurns: one that always has more to read does not keep
// the loop from others.
func TestGreedyConnectionsTakeTurns(t *testing.T) {
	t.Parallel()
	l, s := runLoop(t), newSpeech()
	_, peer, _ := talking(t, l, s)
	stop := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for p := make([]byte, 1<<20); ; {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := peer.Write(p); err != nil {
				return
			}
		}
	}()
	for range 20 {
		do(t, l, func() {})
	}
	close(stop)
	take(t, ended)
}
