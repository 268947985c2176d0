package loop

import (
	"io"
	"testing"
	"time"
)

// upload has a session send size bytes, asking for space as protocols do.
func upload(c *Conn, s *speech, size int) {
	left, piece := size, make([]byte, 32<<10)
	s.writable = func() {
		for left > 0 {
			n := min(c.Space(), len(piece), left)
			if n <= 0 {
				return
			}
			c.Write(piece[:n])
			left -= n
		}
	}
	s.writable()
}

// TestUploadGoesOnWithoutWordFromThePeer, whether the socket took all that was
// gathered or not.
func TestUploadGoesOnWithoutWordFromThePeer(t *testing.T) {
	t.Parallel()
	for _, gather := range []bool{false, true} {
		for _, slow := range []bool{false, true} {
			l, s := runLoop(t), newSpeech()
			c, peer, _ := talking(t, l, s)
			const size = 16 << 20
			do(t, l, func() {
				if gather {
					c.Gather()
				}
				upload(c, s, size)
			})
			if slow {
				time.Sleep(20 * time.Millisecond) // so that buffers fill up
			}
			_ = peer.SetReadDeadline(time.Now().Add(patience))
			if n, err := io.CopyN(io.Discard, peer, size); err != nil {
				t.Errorf("gather %v, slow %v: %d of %d bytes came: %v", gather, slow, n, size, err)
			}
		}
	}
}

// TestQueueIsBounded when the peer reads nothing.
func TestQueueIsBounded(t *testing.T) {
	t.Parallel()
	for _, gather := range []bool{false, true} {
		l, s := runLoop(t), newSpeech()
		c, _, _ := talking(t, l, s)
		do(t, l, func() {
			if gather {
				c.Gather()
			}
			upload(c, s, 1<<30)
		})
		sent := 0
		goOn := s.writable
		do(t, l, func() { s.writable = func() { sent++; goOn() } })
		for last := -1; ; time.Sleep(20 * time.Millisecond) {
			do(t, l, func() {
				if n := len(c.out) + len(c.plain); n > mostQueued+32<<10 {
					t.Errorf("%d bytes are queued", n)
				}
			})
			now := 0
			do(t, l, func() { now = sent })
			if now == last {
				break
			}
			last = now
		}
	}
}

// TestOthersHaveTheirTurn while a peer reads as fast as one connection writes.
func TestOthersHaveTheirTurn(t *testing.T) {
	t.Parallel()
	for _, gather := range []bool{false, true} {
		l, s := runLoop(t), newSpeech()
		c, peer, _ := talking(t, l, s)
		go func() { _, _ = io.Copy(io.Discard, peer) }()
		rounds := make(chan struct{})
		do(t, l, func() {
			if gather {
				c.Gather()
			}
			upload(c, s, 1<<40)
			n := 0
			var again func()
			again = func() {
				if n++; n == 50 {
					close(rounds)
					return
				}
				l.Defer(again)
			}
			l.Defer(again)
		})
		take(t, rounds)
		do(t, l, func() { c.Close(false) })
	}
}
