package httpload

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/quic-go/quic-go/http3"
)

// wire is a server of HTTP/1.1 that keeps each request as it came, byte for byte.
// It is also every kind of proxy to itself: what goes through a tunnel, it serves.
type wire struct {
	addr    string
	pair    tls.Certificate
	in, out atomic.Int64 // bytes over its sockets
	conns   atomic.Int64

	mu   sync.Mutex
	came []arrival
}

// arrival is a request as it came.
type arrival struct {
	path string
	raw  string // its head, and its body or what that is known by; "": not HTTP/1.1
	what string // what it means, whatever the protocol
}

func newWire(t *testing.T, pair tls.Certificate) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &wire{addr: l.Addr().String(), pair: pair}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.conns.Add(1)
			all.Go(func() {
				defer c.Close()
				s.serve(&counted{c, s})
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); all.Wait() })
	return s
}

// counted counts the bytes of a connection.
type counted struct {
	net.Conn
	s *wire
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.s.in.Add(int64(n))
	return n, err
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.s.out.Add(int64(n))
	return n, err
}

// sniffed is a connection of which the first bytes were looked at.
type sniffed struct {
	net.Conn
	in *bufio.Reader
}

func (c sniffed) Read(p []byte) (int, error) { return c.in.Read(p) }

// serve finds out what a connection speaks.
func (s *wire) serve(c net.Conn) {
	in := bufio.NewReader(c)
	first, err := in.Peek(1)
	if err != nil {
		return
	}
	switch first[0] {
	case 0x16: // TLS
		tc := tls.Server(sniffed{c, in}, &tls.Config{Certificates: []tls.Certificate{s.pair}, NextProtos: []string{"http/1.1"}})
		if tc.Handshake() == nil {
			s.serve(tc)
		}
	case 5: // SOCKS
		ask := make([]byte, 3)
		_, _ = io.ReadFull(in, ask)
		_, _ = c.Write([]byte{5, 0})
		head := make([]byte, 4)
		_, _ = io.ReadFull(in, head)
		rest := 4 + 2
		if head[3] == 3 {
			n, _ := in.ReadByte()
			rest = int(n) + 2
		}
		_, _ = io.CopyN(io.Discard, in, int64(rest))
		_, _ = c.Write([]byte{5, 0, 0, 1, 127, 0, 0, 1, 0, 1})
		s.serve(sniffed{c, in})
	default:
		s.speak(c, in)
	}
}

// speak answers requests until a connection is over.
func (s *wire) speak(c net.Conn, in *bufio.Reader) {
	for {
		head := readHead(in)
		r, err := http.ReadRequest(bufio.NewReader(io.MultiReader(strings.NewReader(head), in)))
		if err != nil {
			return
		}
		if r.Method == http.MethodConnect {
			_, _ = io.WriteString(c, "HTTP/1.1 200 Go on\r\n\r\n")
			s.serve(sniffed{c, in})
			return
		}
		body, _ := io.ReadAll(r.Body)
		s.note(r, body, head+digest(body))
		if _, err := c.Write(answerOf(r).wire(r)); err != nil || r.Close {
			return
		}
	}
}

// readHead reads up to the empty line: nobody sends more than one request ahead of
// its answer, so what is behind it is this one's body.
func readHead(in *bufio.Reader) string {
	var head strings.Builder
	for {
		line, err := in.ReadString('\n')
		head.WriteString(line)
		if err != nil || strings.Trim(line, "\r\n") == "" {
			return head.String()
		}
	}
}

func digest(body []byte) string { return fmt.Sprintf("%d bytes %x", len(body), sha256.Sum256(body)) }

// note keeps a request.
func (s *wire) note(r *http.Request, body []byte, raw string) {
	var fields []string
	for name, values := range r.Header {
		switch name {
		case "Proxy-Authorization", "Connection", "Content-Length":
			continue
		}
		for _, v := range values {
			fields = append(fields, name+": "+v)
		}
	}
	slices.Sort(fields)
	length := r.ContentLength
	if length < 0 && len(body) == 0 {
		length = 0 // how HTTP/3's server says it
	}
	what := fmt.Sprintf("%s %s host %s length %d\n%s\n%s", r.Method, r.URL.RequestURI(), r.Host, length, strings.Join(fields, "\n"), digest(body))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.came = append(s.came, arrival{r.URL.Path, raw, what})
}

// ServeHTTP has libraries speak the other protocols.
func (s *wire) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.note(r, body, "")
	a := answerOf(r)
	for name, value := range a.fields {
		w.Header().Set(name, value)
	}
	if !a.chunked && a.status != http.StatusNoContent {
		w.Header().Set("Content-Length", fmt.Sprint(len(a.body)))
	}
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(a.body)
	}
}

// by3 serves HTTP/3 as the same server.
func (s *wire) by3(t *testing.T) string {
	t.Helper()
	udp, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	h := &http3.Server{Handler: s, TLSConfig: http3.ConfigureTLSConfig(&tls.Config{Certificates: []tls.Certificate{s.pair}})}
	served := make(chan struct{})
	go func() { defer close(served); _ = h.Serve(udp) }()
	t.Cleanup(func() { _ = h.Close(); _ = udp.Close(); <-served })
	return udp.LocalAddr().String()
}

// reply is what the server says, by the last part of the path.
type reply struct {
	status  int
	fields  map[string]string
	body    []byte
	chunked bool
}

func answerOf(r *http.Request) reply {
	a := reply{status: 200, fields: map[string]string{"X-Token": "tok-17", "Date": "Thu, 26 Nov 2026 12:00:00 GMT"}}
	switch path.Base(r.URL.Path) {
	case "large":
		a.body = bytes.Repeat([]byte("0123456789abcdef"), 20_000)
	case "chunked":
		a.body, a.chunked = bytes.Repeat([]byte("chunk "), 3000), true
	case "none":
		a.status = http.StatusNoContent
	case "missing":
		a.status, a.body = http.StatusNotFound, []byte("no")
	case "moved":
		a.status, a.fields["Location"], a.body = http.StatusFound, "end?x=1", []byte("there")
	case "kept":
		a.status, a.fields["Location"] = http.StatusTemporaryRedirect, "end"
	case "lost":
		a.status = http.StatusMovedPermanently
	case "round":
		a.status, a.fields["Location"] = http.StatusFound, "round"
	case "json":
		a.body = []byte(`{"token": "tok-17", "items": [1, 2, 3]}`)
	default:
		a.body = []byte("yes")
	}
	return a
}

// wire is the answer as HTTP/1.1 says it.
func (a reply) wire(r *http.Request) []byte {
	b := new(bytes.Buffer)
	fmt.Fprintf(b, "HTTP/1.1 %d Whatever\r\n", a.status)
	for _, name := range []string{"Date", "Location", "X-Token"} {
		if value, ok := a.fields[name]; ok {
			fmt.Fprintf(b, "%s: %s\r\n", name, value)
		}
	}
	switch {
	case a.status == http.StatusNoContent:
		b.WriteString("\r\n")
		return b.Bytes()
	case a.chunked:
		b.WriteString("Transfer-Encoding: chunked\r\n\r\n")
	default:
		fmt.Fprintf(b, "Content-Length: %d\r\n\r\n", len(a.body))
	}
	if r.Method == http.MethodHead {
		return b.Bytes()
	}
	if !a.chunked {
		b.Write(a.body)
		return b.Bytes()
	}
	for piece := range slices.Chunk(a.body, 1000) {
		fmt.Fprintf(b, "%x\r\n%s\r\n", len(piece), piece)
	}
	b.WriteString("0\r\nX-Trailer: 1\r\n\r\n")
	return b.Bytes()
}
