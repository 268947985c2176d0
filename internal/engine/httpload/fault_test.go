package httpload

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// fault is a target that misbehaves on purpose. Its behaviour is called for
// every connection and closes it by returning.
type fault struct {
	listener net.Listener
	requests atomic.Int64 // whole requests that came
	quit     chan struct{}
	conns    sync.WaitGroup
}

type behaviour func(f *fault, c net.Conn, in *bufio.Reader)

func newFault(t *testing.T, b behaviour) *fault { return newFaultTLS(t, nil, b) }

// newFaultTLS speaks TLS before it misbehaves, unless config is nil.
func newFaultTLS(t *testing.T, config *tls.Config, b behaviour) *fault {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if config != nil {
		l = tls.NewListener(l, config)
	}
	f := &fault{listener: l, quit: make(chan struct{})}
	go f.accept(b)
	t.Cleanup(func() {
		_ = l.Close()
		close(f.quit)
		f.conns.Wait()
	})
	return f
}

func (f *fault) accept(b behaviour) {
	for {
		c, err := f.listener.Accept()
		if err != nil {
			return
		}
		f.conns.Go(func() {
			defer c.Close()
			stop := make(chan struct{})
			defer close(stop)
			go func() {
				select {
				case <-f.quit:
					_ = c.Close()
				case <-stop:
				}
			}()
			b(f, c, bufio.NewReader(c))
		})
	}
}

func (f *fault) url(scheme string) string {
	return fmt.Sprintf("%s://%s/", scheme, f.listener.Addr())
}

// request reads one request, with its body.
func (f *fault) request(in *bufio.Reader) *http.Request {
	r, err := http.ReadRequest(in)
	if err != nil {
		return nil
	}
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil
	}
	f.requests.Add(1)
	return r
}

func say(c net.Conn, text string) bool {
	_, err := io.WriteString(c, text)
	return err == nil
}

// answers is a good server that takes 5 ms.
func answers(f *fault, c net.Conn, in *bufio.Reader) {
	for f.request(in) != nil {
		time.Sleep(5 * time.Millisecond)
		if !say(c, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes") {
			return
		}
	}
}

// stallsUntil is a good server from an instant on.
func stallsUntil(end time.Time) behaviour {
	return func(f *fault, c net.Conn, in *bufio.Reader) {
		for f.request(in) != nil {
			time.Sleep(time.Until(end))
			if !say(c, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes") {
				return
			}
		}
	}
}

func closesIdle(f *fault, c net.Conn, in *bufio.Reader) {
	if f.request(in) != nil {
		say(c, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes")
	}
}

func closesOnSecond(f *fault, c net.Conn, in *bufio.Reader) {
	if f.request(in) != nil && say(c, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes") {
		f.request(in)
		finish(c, in)
	}
}

func stalls(f *fault, _ net.Conn, in *bufio.Reader) {
	f.request(in)
	<-f.quit
}

func deaf(f *fault, _ net.Conn, _ *bufio.Reader) { <-f.quit }

func resets(f *fault, c net.Conn, in *bufio.Reader) {
	f.request(in)
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}

// says answers a request with a fixed text and closes.
func says(text string) behaviour {
	return func(f *fault, c net.Conn, in *bufio.Reader) {
		f.request(in)
		say(c, text)
		finish(c, in)
	}
}

// finish closes without resetting: the kernel resets when bytes are unread.
func finish(c net.Conn, in *bufio.Reader) {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
		_, _ = io.Copy(io.Discard, in)
	}
}

func closes(_ *fault, c net.Conn, in *bufio.Reader) { finish(c, in) }

// keepsSaying answers every request of a connection with a fixed text.
func keepsSaying(text string) behaviour {
	return func(f *fault, c net.Conn, in *bufio.Reader) {
		for f.request(in) != nil && say(c, text) {
		}
	}
}

// saysAndWaits answers with a fixed text and leaves the connection open.
func saysAndWaits(text string) behaviour {
	return func(f *fault, c net.Conn, in *bufio.Reader) {
		f.request(in)
		say(c, text)
		<-f.quit
	}
}

// repeats answers with a text and then with another one for ever.
func repeats(head, piece string) behaviour {
	return func(f *fault, c net.Conn, in *bufio.Reader) {
		f.request(in)
		for ok := say(c, head); ok; ok = say(c, piece) {
		}
	}
}

// saysAtOnce does not wait for a request.
func saysAtOnce(text string) behaviour {
	return func(f *fault, c net.Conn, _ *bufio.Reader) {
		say(c, text)
		<-f.quit
	}
}

// refusesBody answers as soon as it has the head and reads no more of it.
func refusesBody(f *fault, c net.Conn, in *bufio.Reader) {
	if _, err := http.ReadRequest(in); err != nil {
		return
	}
	say(c, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\n\r\nlarge")
	<-f.quit
}
