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
		for last := int64(-1); ; time.Sleep(20 * time.Millisecond) {
			var sent int64
			do(t, l, func() {
				sent = c.sent
				if n := len(c.out) + len(c.plain); n > mostQueued+32<<10 {
					t.Errorf("%d bytes are queued", n)
				}
			})
			if sent == last {
				break
			}
			last = sent
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
