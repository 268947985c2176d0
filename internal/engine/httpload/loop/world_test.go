package loop

import (
	"io"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// runLoop runs a loop until the test ends.
func runLoop(t *testing.T) *Loop {
	t.Helper()
	l, err := New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- l.Run() }()
	t.Cleanup(func() {
		l.Stop()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return l
}

// do runs f on the loop and waits for it.
func do(t *testing.T, l *Loop, f func()) {
	t.Helper()
	done := make(chan struct{})
	if !l.Post(func() { defer close(done); f() }) {
		t.Fatal("the loop has ended")
	}
	take(t, done)
}

// take waits for a value.
func take[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatal("nothing came")
	}
	panic("not reached")
}

// speech is a session without a protocol: what it does is the test's.
type speech struct {
	receive  func(p []byte) error
	writable func()
	skip     int64 // bytes that may be thrown away
	skipped  int64
	ended    chan error
}

func newSpeech() *speech { return &speech{ended: make(chan error, 1)} }

func (s *speech) Receive(p []byte) error {
	if s.receive != nil {
		return s.receive(p)
	}
	return nil
}

func (s *speech) Writable() {
	if s.writable != nil {
		s.writable()
	}
}

func (s *speech) Skip(n int64) error {
	s.skip -= n
	s.skipped += n
	return nil
}

func (s *speech) Skippable() int64 { return s.skip }
func (s *speech) Ended(err error)  { s.ended <- err }
func (s *speech) Farewell()        {}

// end is an owner that passes on what it is told.
type end struct {
	connected chan error
	lost      chan error
}

func newEnd() *end { return &end{make(chan error, 1), make(chan error, 1)} }

func (e *end) Connected(err error) { e.connected <- err }
func (e *end) Lost(err error)      { e.lost <- err }

// listen accepts connections for as long as the test lasts.
func listen(t *testing.T) net.Listener {
	t.Helper()
	n, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	return n
}

// accept is the next connection that comes.
func accept(t *testing.T, n net.Listener) net.Conn {
	t.Helper()
	peer, err := n.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = peer.Close() })
	return peer
}

// talking opens a connection and gives it a session.
func talking(t *testing.T, l *Loop, s *speech) (*Conn, net.Conn, *end) {
	t.Helper()
	c, peer, owner := dialed(t, l)
	do(t, l, func() { c.Attach(wholeSession{s}, nil) })
	return c, peer, owner
}

// dialed opens a connection.
func dialed(t *testing.T, l *Loop) (*Conn, net.Conn, *end) {
	t.Helper()
	n, owner := listen(t), newEnd()
	var c *Conn
	do(t, l, func() { c = l.Dial(addrOf(n), noAddr, owner) })
	if err := take(t, owner.connected); err != nil {
		t.Fatal(err)
	}
	return c, accept(t, n), owner
}

func mustWrite(t *testing.T, to io.Writer, p []byte) {
	t.Helper()
	if _, err := to.Write(p); err != nil {
		t.Error(err)
	}
}

func mustRead(t *testing.T, from io.Reader, n int) []byte {
	t.Helper()
	p := make([]byte, n)
	if _, err := io.ReadFull(from, p); err != nil {
		t.Fatalf("read %d bytes: %v", n, err)
	}
	return p
}
