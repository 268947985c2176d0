package h1

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine/httpload/proto"
)

// wire is a link on a real connection, which writes at once and then has no
// space until the session is asked for more.
type wire struct {
	c     net.Conn
	space int
}

func (w *wire) Write(p []byte) {
	w.space = max(0, w.space-len(p))
	_, _ = w.c.Write(p) // a fault shows when reading
}

func (w *wire) Space() int { return w.space }

// talk has one exchange with a server, and says what was told of it.
func talk(t *testing.T, s *Session, w *wire, m *proto.Message) *log {
	t.Helper()
	r := &log{}
	s.Start(m, r)
	for !s.out.done() && s.Busy() == 1 {
		w.space = 50_000
		s.Writable()
	}
	buf := make([]byte, 1777)
	for s.Busy() == 1 {
		n, err := w.c.Read(buf)
		if n > 0 {
			_ = s.Receive(buf[:n]) // told to the receiver, too
		}
		if err != nil {
			s.Ended(err)
		}
	}
	return r
}

// TestRealServer talks to net/http's server, over one connection as long as it
// is kept.
func TestRealServer(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/sum", func(w http.ResponseWriter, r *http.Request) {
		h := sha256.New()
		n, _ := io.Copy(h, r.Body)
		fmt.Fprintf(w, "%d %x", n, h.Sum(nil)[:4])
	})
	mux.HandleFunc("/chunks", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Set("Trailer", "Done")
		for i := range 3 {
			fmt.Fprintf(w, "piece %d ", i)
			_ = http.NewResponseController(w).Flush()
		}
		w.Header().Set("Done", "yes")
	})
	mux.HandleFunc("/none", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	addr := server.Listener.Addr().String()
	big := pattern(700_001)
	sum := sha256.Sum256(big)
	sent := fmt.Sprintf(`200 len 15 "700001 %x"`, sum[:4])
	dial := func() (*Session, *wire) {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		_ = c.SetDeadline(time.Now().Add(time.Minute)) // a session that waits for ever is to fail
		w := &wire{c: c}
		return New(w, NewShared(Options{})), w
	}
	s, w := dial()
	for _, c := range []struct {
		m    proto.Message
		want string
		room int
	}{
		{proto.Message{Method: "GET", Path: "/chunks"}, `interim 103 200 len -1 "piece 0 piece 1 piece 2 "`, 1},
		{proto.Message{Method: "HEAD", Path: "/chunks"}, "interim 103 200 len 0", 1},
		{proto.Message{Method: "GET", Path: "/none"}, "204 len 0", 1},
		{proto.Message{Method: "POST", Path: "/sum", Body: []byte("abc")}, `200 len 10 "3 ba7816bf"`, 1},
		{proto.Message{Method: "POST", Path: "/sum"}, `200 len 10 "0 e3b0c442"`, 1},
		{proto.Message{Method: "PUT", Path: "/sum", Body: big}, sent, 1},
		{proto.Message{Method: "PUT", Path: "/sum", File: &proto.File{Reader: bytes.NewReader(big), Size: int64(len(big))}}, sent, 1},
		{proto.Message{Method: "GET", Path: "/sum", Absolute: true}, `200 len 10 "0 e3b0c442"`, 1},
		{proto.Message{Method: "GET", Path: "/missing"}, `404 len 19 "404 page not found\n"`, 1},
		{proto.Message{Method: "GET", Path: "/none", Last: true}, "204 len 0", -1},
	} {
		c.m.Scheme, c.m.Authority = "http", addr
		r := talk(t, s, w, &c.m)
		if got := told(r); got != c.want || s.Room() != c.room {
			t.Errorf("%s %s: got %s, room %d, want %s and %d", c.m.Method, c.m.Path, got, s.Room(), c.want, c.room)
		}
	}
	if n, err := w.c.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("behind the last response: %d bytes, %v", n, err)
	}
}

// told are the events that do not differ from server to server.
func told(r *log) string {
	var out []string
	for _, e := range r.events {
		if e == "first" || strings.HasPrefix(e, "end ") {
			continue
		}
		if i := strings.Index(e, " len "); i >= 0 {
			if j := strings.IndexByte(e[i+5:], ' '); j >= 0 {
				e = e[:i+5+j]
			}
		}
		out = append(out, e)
	}
	return strings.Join(out, " ")
}
