package loop

import (
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"
)

// needRing makes a loop with a ring; nil where the kernel, or its filter, has none.
func needRing(t *testing.T) *Loop {
	t.Helper()
	l, err := New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := l.UseRing(); err != nil {
		t.Logf("nothing to test here: %v", err)
		l.Close()
		return nil
	}
	return start(t, l)
}

// TestAllWithRing runs all tests once more, with a ring in every loop.
func TestAllWithRing(t *testing.T) {
	t.Parallel()
	if os.Getenv(withRing) != "" || needRing(t) == nil {
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.count=1")
	cmd.Env = append(os.Environ(), withRing+"=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// pingPong opens a connection on which both sides have spoken in turns.
func pingPong(t *testing.T, l *Loop, rounds int) (*Conn, net.Conn, *speech, *end) {
	t.Helper()
	s := newSpeech()
	came := make(chan struct{}, 1)
	s.receive = func([]byte) error { came <- struct{}{}; return nil }
	c, peer, owner := talking(t, l, s)
	for range rounds {
		do(t, l, func() { c.Write([]byte("ping")) })
		if got := mustRead(t, peer, 4); string(got) != "ping" {
			t.Fatalf("the peer got %q", got)
		}
		mustWrite(t, peer, []byte("pong"))
		take(t, came)
	}
	return c, peer, s, owner
}

func ringed(t *testing.T, c *Conn) (is bool) {
	t.Helper()
	do(t, c.l, func() { is = c.ringed })
	return is
}

func TestRingTakesOverWhoLives(t *testing.T) {
	t.Parallel()
	l := needRing(t)
	if l == nil {
		return
	}
	c, peer, s, owner := pingPong(t, l, joinAfter+3)
	if !ringed(t, c) {
		t.Error("the connection is not the ring's")
	}
	_ = peer.Close()
	if err := take(t, s.ended); err != io.EOF { //nolint:errorlint // nothing may wrap it
		t.Errorf("it ended with %v", err)
	}
	take(t, owner.lost)
}

// TestRingKeepsTheOrder writes more than the peer takes, in small pieces: the
// connection has to leave the ring in the middle, and no byte may be lost, or
// overtake another.
func TestRingKeepsTheOrder(t *testing.T) {
	t.Parallel()
	l := needRing(t)
	if l == nil {
		return
	}
	c, peer, _, _ := pingPong(t, l, joinAfter+1)
	var want bytes.Buffer
	do(t, l, func() {
		for i := 0; len(c.out) < 1<<20; i++ {
			p := bytes.Repeat([]byte{byte(i)}, 1+i*37%(pieceSize+100))
			want.Write(p)
			c.Write(p)
		}
	})
	if got := mustRead(t, peer, want.Len()); !bytes.Equal(got, want.Bytes()) {
		t.Error("the peer got other bytes than were written")
	}
	do(t, l, func() {}) // the ring has let go meanwhile
	if ringed(t, c) {
		t.Error("a connection that waits for space is still the ring's")
	}
	do(t, l, func() { c.Write([]byte("more")) })
	if got := mustRead(t, peer, 4); string(got) != "more" {
		t.Errorf("the peer got %q", got)
	}
}

// TestRingGoesBackForLargeBodies: they are thrown away by the kernel.
func TestRingGoesBackForLargeBodies(t *testing.T) {
	t.Parallel()
	l := needRing(t)
	if l == nil {
		return
	}
	c, peer, s, _ := pingPong(t, l, joinAfter+1)
	const size = 8 << 20
	got, done := int64(0), make(chan struct{})
	do(t, l, func() {
		s.receive = func(p []byte) error {
			got += int64(len(p))
			s.skip = size - got
			return nil
		}
	})
	go func() {
		defer close(done)
		_, _ = peer.Write(make([]byte, size))
	}()
	take(t, done)
	for left := int64(1); left > 0; {
		do(t, l, func() { left = size - got - s.skipped })
	}
	if ringed(t, c) || s.skipped == 0 {
		t.Errorf("%d bytes were thrown away", s.skipped)
	}
}

// TestRingSeesAnEndWhileIdle: whoever takes an idle connection must not get one
// whose peer has gone.
func TestRingSeesAnEndWhileIdle(t *testing.T) {
	t.Parallel()
	l := needRing(t)
	if l == nil {
		return
	}
	c, peer, _, _ := pingPong(t, l, joinAfter+1)
	quiet := true
	do(t, l, func() {
		_ = peer.Close()
		for !c.unseen() {
		}
		quiet = c.Quiet()
	})
	if quiet {
		t.Error("a connection is quiet whose peer has closed it")
	}
}

// TestRingLetsGoOfSockets: a closed socket must not stay open for the ring's sake.
func TestRingLetsGoOfSockets(t *testing.T) {
	t.Parallel()
	l := needRing(t)
	if l == nil {
		return
	}
	for _, write := range []bool{false, true} {
		c, peer, _, _ := pingPong(t, l, joinAfter+1)
		do(t, l, func() {
			if write {
				c.Write([]byte("last"))
			}
			c.Close(false)
		})
		want := map[bool]string{true: "last"}[write]
		_ = peer.SetReadDeadline(time.Now().Add(patience))
		if got, err := io.ReadAll(peer); string(got) != want || err != nil {
			t.Errorf("the peer got %q and %v", got, err)
		}
	}
}
